"""The command line, ``segcore.__main__``: what it writes, says and returns.

The model is made here, without training: the probability of a pixel is the mean of the
channels of its left neighbour. That is easy to work out by hand, and not symmetric, so that
averaging with the mirrored picture shows.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from PIL import Image

from segcore.__main__ import main
from segcore.inference import predictor, zoo

ROOT = Path(__file__).resolve().parents[1]
SIDE = 48
COMMANDS = {
    "segment": ("PATH", "--model", "--out", "--format", "--threshold", "--tta", "--device"),
    "evaluate": ("--model", "--data", "--split", "--tta", "--json", "--write-card"),
    "train": ("--recipe", "--data", "--run", "--resume", "--init", "--epochs"),
    "export": ("RUN", "--name", "--side", "--keep-aspect"),
    "data": ("download",),
    "data download": ("name", "--to"),
}


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A zoo with one model, "left"."""
    folder = tmp_path / "zoo" / "left"
    folder.mkdir(parents=True)
    shape = ["n", "h", "w"]
    numbers = {
        "channels": [3], "pads": [0, 0, 1, 0, 0, 0, 0, 0], "start": [0], "end": [-1], "width": [2],
    }  # fmt: skip
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["x", "channels"], ["mean"], keepdims=1),
            helper.make_node("Pad", ["mean", "pads"], ["moved"]),
            helper.make_node("Slice", ["moved", "start", "end", "width"], ["y"]),
        ],
        "left",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [*shape, 3])],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [*shape, 1])],
        [numpy_helper.from_array(np.array(v, np.int64), k) for k, v in numbers.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    content = model.SerializeToString()
    (folder / "model.onnx").write_bytes(content)
    card = {
        "name": "left",
        "title": "Left neighbour",
        "summary": "Bright – to the right of it.",
        "architecture": "none",
        "parameters": 0,
        "side": SIDE,
        "keep_aspect": False,
        "normalisation": {"mean": 0.0, "std": 255.0},
        "classes": ["pet"],
        "training": dict.fromkeys(zoo.TRAINING_KEYS, "drawn by hand"),
        "metrics": {},
        "files": {
            "model.onnx": {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        },
    }
    (folder / "card.json").write_text(json.dumps(card))
    monkeypatch.setattr(zoo, "WEIGHTS", folder.parent)
    return folder.parent


def draw(path: Path, size: tuple[int, int], seed: int) -> np.ndarray:
    """Write a picture of grey blocks, all values even; return it as (height, width, 3)."""
    values = np.random.default_rng(seed).integers(0, 128, (size[0] // 8, size[1] // 8)) * 2
    grey = values.repeat(8, 0).repeat(8, 1).astype(np.uint8)
    picture = np.repeat(grey[..., None], 3, 2)
    Image.fromarray(picture).save(path)
    return picture


def by_hand(picture: np.ndarray, level: int = 128, tta: bool = False) -> np.ndarray:
    """Work out the mask of a picture, with Pillow and NumPy alone."""
    bilinear = Image.Resampling.BILINEAR
    height, width = picture.shape[:2]
    small = np.asarray(Image.fromarray(picture).resize((SIDE, SIDE), bilinear)).mean(2)

    def left(values: np.ndarray) -> np.ndarray:
        return np.pad(values, ((0, 0), (1, 0)))[:, :-1]

    values = (left(small) + left(small[:, ::-1])[:, ::-1]) / 2 if tta else left(small)
    coarse = Image.fromarray(np.rint(values).astype(np.uint8))
    return np.asarray(coarse.resize((width, height), bilinear)) >= level


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the lines on standard error, the progress bar's left out."""
    lines = capsys.readouterr().err.splitlines()
    return [line for line in lines if line.strip() and not re.search(r"\d+/\d+", line)]


# === Help ===


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    assert left.value.code == 0
    printed = capsys.readouterr().out
    assert printed.startswith("usage: python -m segcore")
    for command in COMMANDS:
        assert re.search(rf"^ +{command.split()[0]} +\w", printed, re.M), command


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([*command.split(), "--help"])
    assert left.value.code == 0
    printed = capsys.readouterr().out
    assert f"usage: python -m segcore {command}" in printed
    for word in COMMANDS[command]:
        assert word in printed


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ([], "COMMAND"),
        (["fly"], "fly"),
        (["segment"], "PATH"),
        (["segment", "a.png"], "--out"),
        (["segment", "a.png", "--out", "o", "--threshold", "half"], "half"),
        (["segment", "a.png", "--out", "o", "--device", "tpu"], "tpu"),
        (["evaluate"], "--data"),
        (["evaluate", "--data", "d", "--split", "all"], "all"),
        (["train", "--data", "d"], "--run"),
        (["train", "--run", "r", "--epochs", "many"], "many"),
        (["export", "r"], "--name"),
        (["data"], "download"),
        (["data", "download", "pets"], "--to"),
    ],
    ids=" ".join,
)
def test_misuse_ends_with_a_hint(
    arguments: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    assert hint in capsys.readouterr().err.splitlines()[-1]


# === segment ===


@pytest.mark.parametrize(
    ("size", "options", "level", "tta"),
    [
        ((48, 48), [], 128, False),
        ((40, 88), [], 128, False),
        ((104, 64), ["--threshold", "0.25"], 64, False),
        ((48, 48), ["--threshold", "0"], 1, False),
        ((48, 48), ["--threshold", "1"], 255, False),
        ((48, 48), ["--tta"], 128, True),
        ((48, 48), ["--device", "cpu"], 128, False),
    ],
    ids=str,
)
def test_the_mask_is_the_one_worked_out_by_hand(
    weights: Path, tmp_path: Path, size: tuple[int, int], options: list, level: int, tta: bool
) -> None:
    picture = draw(tmp_path / "a.png", size, seed=1)
    out = tmp_path / "deep" / "out"
    command = ["segment", str(tmp_path / "a.png"), "--model", "left", "--out", str(out), *options]
    assert main(command) == 0
    assert [path.name for path in out.iterdir()] == ["a_mask.png"], "a mask is the default"
    with Image.open(out / "a_mask.png") as mask:
        assert (mask.format, mask.mode) == ("PNG", "L")
        assert np.array_equal(np.asarray(mask), by_hand(picture, level, tta) * np.uint8(255))
    if tta:
        assert not np.array_equal(by_hand(picture, level), by_hand(picture, level, tta))


def test_each_format(weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture, out = draw(tmp_path / "my cat.v2.png", (56, 72), seed=2), tmp_path / "out"
    command = ["segment", str(tmp_path / "my cat.v2.png"), "--model", "left", "--out", str(out)]
    assert main([*command, "--format", "mask,overlay,cutout"]) == 0
    names = {"my cat.v2_mask.png", "my cat.v2_overlay.png", "my cat.v2_cutout.png"}
    assert {path.name for path in out.iterdir()} == names
    mask = by_hand(picture)
    assert 0 < mask.mean() < 1
    overlay = np.asarray(Image.open(out / "my cat.v2_overlay.png"))
    assert overlay.shape == picture.shape
    assert np.array_equal(overlay[~mask], picture[~mask])
    blend = picture[mask] * 0.5 + np.array([0, 158, 115]) * 0.5
    assert np.abs(overlay[mask] - blend).max() <= 0.5
    cutout = np.asarray(Image.open(out / "my cat.v2_cutout.png"))
    assert np.array_equal(cutout[..., 3], mask * np.uint8(255))
    assert np.array_equal(cutout[mask][:, :3], picture[mask])
    printed = capsys.readouterr()
    assert printed.out == f"1 pictures segmented, 0 refused; see {out}\n"
    assert printed.err == "", "no bar for one picture"


def test_folders_and_equal_names(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three pictures called "a" give three files, in the order they were named."""
    folder, out = tmp_path / "folder", tmp_path / "out"
    folder.mkdir()
    sources = [folder / "a.bmp", folder / "a.png", folder / "b.png", tmp_path / "a.png"]
    pictures = [draw(path, (48, 48), seed) for seed, path in enumerate(sources)]
    command = ["segment", str(folder), str(tmp_path / "a.png"), "--model", "left"]
    assert main([*command, "--out", str(out)]) == 0
    names = ["a_mask.png", "a (2)_mask.png", "b_mask.png", "a (3)_mask.png"]
    assert {path.name for path in out.iterdir()} == set(names)
    for name, picture in zip(names, pictures, strict=True):
        mask = np.asarray(Image.open(out / name))
        assert np.array_equal(mask, by_hand(picture) * np.uint8(255)), name
    printed = capsys.readouterr()
    assert printed.out == f"4 pictures segmented, 0 refused; see {out}\n"
    assert "4/4" in printed.err, "a bar for many"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("text.png", b"not a picture"),
        ("empty.jpg", b""),
        ("cut.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
        ("absent.png", None),
    ],
)
def test_a_broken_file_among_good_ones(
    weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: bytes | None,
) -> None:
    for good in ("a.png", "z.png"):
        draw(tmp_path / good, (48, 48), seed=3)
    if content is not None:
        (tmp_path / name).write_bytes(content)
    paths = [str(tmp_path / file) for file in ("a.png", name, "z.png")]
    out = tmp_path / "out"
    assert main(["segment", *paths, "--model", "left", "--out", str(out)]) == 1
    assert {path.name for path in out.iterdir()} == {"a_mask.png", "z_mask.png"}
    captured = capsys.readouterr()
    assert captured.out == f"2 pictures segmented, 1 refused; see {out}\n"
    lines = [line for line in captured.err.splitlines() if name in line]
    assert len(lines) == 1 and lines[0].startswith(name) and lines[0].endswith(".")
    assert "Traceback" not in captured.err


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--model", "cats"], "There is no model 'cats'; there are left."),
        (["--format", "gif"], "--format has gif; accepted are mask, overlay, cutout."),
        (["--format", "mask,"], "accepted are mask, overlay, cutout."),
        (["--threshold", "1.5"], "The threshold is 1.5; accepted are values from 0 to 1."),
        (["--threshold", "-0.1"], "The threshold is -0.1"),
        (["--threshold", "nan"], "The threshold is nan"),
    ],
    ids=" ".join,
)
def test_wrong_options_are_told_in_a_sentence(
    weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    sentence: str,
) -> None:
    draw(tmp_path / "a.png", (48, 48), seed=4)
    out = tmp_path / "out"
    command = ["segment", str(tmp_path / "a.png"), "--model", "left", "--out", str(out)]
    assert main([*command, *options]) == 2
    (line,) = said(capsys)
    assert line.startswith("segcore: ") and sentence in line
    assert not list(out.glob("*")), "nothing is written"


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda folder: (folder / "model.onnx").unlink(), "model.onnx is missing"),
        (lambda folder: (folder / "model.onnx").write_bytes(b"x"), "SHA-256 differs"),
        (lambda folder: (folder / "card.json").write_text("{"), "card.json cannot be read"),
    ],
    ids=["missing", "changed", "card"],
)
def test_a_damaged_model_is_told_in_a_sentence(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], damage, sentence: str
) -> None:
    draw(tmp_path / "a.png", (48, 48), seed=5)
    damage(weights / "left")
    command = ["segment", str(tmp_path / "a.png"), "--model", "left"]
    assert main([*command, "--out", str(tmp_path / "out")]) == 2
    (line,) = said(capsys)
    assert line.startswith("segcore: left is unavailable") and sentence in line


def test_a_file_in_the_way_of_the_folder(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw(tmp_path / "a.png", (48, 48), seed=5)
    (tmp_path / "out").write_text("a file")
    command = ["segment", str(tmp_path / "a.png"), "--model", "left"]
    assert main([*command, "--out", str(tmp_path / "out")]) == 2
    (line,) = said(capsys)
    assert line.startswith("segcore: ") and str(tmp_path / "out") in line


def test_an_interruption_is_no_traceback(
    weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(predictor, "segment", interrupt)
    draw(tmp_path / "a.png", (48, 48), seed=6)
    command = ["segment", str(tmp_path / "a.png"), "--model", "left"]
    assert main([*command, "--out", str(tmp_path / "out")]) == 130
    assert said(capsys) == ["segcore: stopped"]


def test_as_a_program_without_tensorflow(weights: Path, tmp_path: Path) -> None:
    picture, out = draw(tmp_path / "a.png", (48, 48), seed=7), tmp_path / "out"
    arguments = ["segment", str(tmp_path / "a.png"), "--model", "left", "--out", str(out)]
    program = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "segcore", *arguments],
        cwd=ROOT,
        env={**os.environ, "SEGCORE_WEIGHTS": str(weights), "SEGCORE_DEVICE": "cpu"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert program.returncode == 0, program.stderr[-2000:]
    assert program.stdout == f"1 pictures segmented, 0 refused; see {out}\n"
    mask = np.asarray(Image.open(out / "a_mask.png"))
    assert np.array_equal(mask, by_hand(picture) * np.uint8(255))
    imported = {line.rpartition("|")[2].strip() for line in program.stderr.splitlines()}
    assert "onnxruntime" in imported
    assert not imported & {"tensorflow", "keras", "streamlit"}


# === evaluate ===


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Three test pictures of different sizes and one to train with, drawn."""
    root = tmp_path / "pets"
    (root / "images").mkdir(parents=True)
    (root / "annotations" / "trimaps").mkdir(parents=True)
    rng = np.random.default_rng(8)
    sizes = {"a": (48, 48), "b": (72, 40), "c": (32, 96), "d": (48, 64)}
    for name, (height, width) in sizes.items():
        rows, columns = np.mgrid[:height, :width]
        distance = np.hypot(rows - height / 2, columns - width / 2) - 12
        picture = np.where(distance[..., None] < 0, (250, 160, 90), (20, 90, 160))
        picture = (picture + rng.normal(0, 60, picture.shape)).clip(0, 255).astype(np.uint8)
        trimap = np.select([distance < -3, distance < 0], [1, 3], 2).astype(np.uint8)
        Image.fromarray(picture).save(root / "images" / f"{name}.jpg", quality=95)
        Image.fromarray(trimap).save(root / "annotations" / "trimaps" / f"{name}.png")
    (root / "annotations" / "test.txt").write_text("a 1 1 1\nb 1 1 1\nc 1 1 1\n")
    (root / "annotations" / "trainval.txt").write_text("d 1 1 1\n")
    return root


def figures_by_hand(root: Path, names: str, level: int = 128) -> dict[str, float]:
    """Count pixels, one by one in effect, and reduce them as the issue defines it."""
    counts = []
    for name in names:
        picture = np.asarray(Image.open(root / "images" / f"{name}.jpg"))
        truth = np.asarray(Image.open(root / "annotations" / "trimaps" / f"{name}.png")) != 2
        guess = by_hand(picture, level)
        counts.append(
            [np.sum(t & g) for t in (truth, ~truth) for g in (guess, ~guess)]  # tp, fn, fp, tn
        )
    tp, fn, fp, tn = np.sum(counts, 0)
    return {
        "images": len(names),
        "iou_dataset": tp / (tp + fp + fn),
        "iou_per_image": np.mean([c[0] / (c[0] + c[1] + c[2]) for c in counts]),
        "miou": (tp / (tp + fp + fn) + tn / (tn + fp + fn)) / 2,
        "dice": 2 * tp / (2 * tp + fp + fn),
        "pixel_accuracy": (tp + tn) / (tp + fp + fn + tn),
    }


@pytest.mark.parametrize(
    ("options", "names", "level"),
    [
        ([], "abc", 128),
        (["--split", "train"], "d", 128),
        (["--threshold", "0.4"], "abc", 102),
    ],
    ids=["test", "train", "threshold"],
)
def test_evaluate_counts_right(
    weights: Path,
    pets: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    names: str,
    level: int,
) -> None:
    file = tmp_path / "figures.json"
    command = ["evaluate", "--model", "left", "--data", str(pets), "--json", str(file), *options]
    assert main(command) == 0
    figures = json.loads(file.read_text())
    wanted = figures_by_hand(pets, names, level)
    assert {key: figures[key] for key in wanted} == pytest.approx(wanted, abs=1e-12)
    assert 0.2 < wanted["iou_dataset"] < 0.95, "neither nothing nor everything"
    assert figures["ms_per_image"] > 0
    table = dict(re.findall(r"^  (\w+) +(\S+)$", capsys.readouterr().out, re.M))
    assert set(table) == set(figures)
    assert table["images"] == str(len(names))
    for key in ("iou_dataset", "iou_per_image", "miou", "dice", "pixel_accuracy"):
        assert table[key] == f"{wanted[key]:.4f}"


def test_evaluate_leaves_damaged_pictures_out(
    weights: Path, pets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (pets / "images" / "b.jpg").write_bytes(b"\xff\xd8 cut short")
    file = tmp_path / "figures.json"
    assert main(["evaluate", "--model", "left", "--data", str(pets), "--json", str(file)]) == 0
    figures, wanted = json.loads(file.read_text()), figures_by_hand(pets, "ac")
    assert {key: figures[key] for key in wanted} == pytest.approx(wanted, abs=1e-12)
    captured = capsys.readouterr()
    assert "3/3" in captured.err, "the bar reaches its end"
    assert [line for line in captured.err.splitlines() if "b.jpg" in line]


def test_the_figures_go_into_the_card(weights: Path, pets: Path) -> None:
    before = json.loads((weights / "left" / "card.json").read_text("utf-8"))
    command = ["evaluate", "--model", "left", "--data", str(pets), "--write-card"]
    assert main(command) == 0
    assert main([*command, "--tta"]) == 0
    after = json.loads((weights / "left" / "card.json").read_text("utf-8"))
    metrics = after.pop("metrics")
    before.pop("metrics")
    assert after == before, "the rest stays"
    assert set(metrics) == {"test", "test_tta"}
    wanted = figures_by_hand(pets, "abc")
    assert {key: metrics["test"][key] for key in wanted} == pytest.approx(wanted, abs=5.1e-6)
    assert metrics["test_tta"]["iou_dataset"] != metrics["test"]["iou_dataset"]
    assert zoo.card("left").metrics == metrics, "the zoo reads it"
    assert main(command[:-1]) == 0
    assert json.loads((weights / "left" / "card.json").read_text())["metrics"] == metrics


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["evaluate", "--model", "cats", "--data", "{}/pets"], "There is no model 'cats'"),
        (["evaluate", "--model", "left", "--data", "{}/nowhere"], "is no data set known here"),
        (["evaluate", "--model", "left", "--data", "{}/zoo"], "is no data set known here"),
        (
            ["evaluate", "--model", "left", "--data", "{}/pets", "--threshold", "2"],
            "The threshold is 2.0",
        ),
        (
            ["evaluate", "--model", "left", "--data", "{}/pets", "--json", "{}/no/such.json"],
            "no/such.json",
        ),
        (["train", "--run", "{}/run"], "--data is missing: name the folder of a data set."),
        (["data", "download", "dogs", "--to", "{}/x"], "Unknown data set 'dogs'; known: pets."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_other_commands_refuse_in_a_sentence(
    weights: Path,
    pets: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    sentence: str,
) -> None:
    before = {path.name for path in tmp_path.iterdir()}
    assert main([argument.format(tmp_path) for argument in arguments]) == 2
    (line,) = said(capsys)
    assert line.startswith("segcore: ") and sentence in line
    assert {path.name for path in tmp_path.iterdir()} == before, "nothing is made"
