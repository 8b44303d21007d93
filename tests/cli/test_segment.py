"""The command ``segment``: what it writes, says and returns."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segcore.__main__ import main
from segcore.inference import predictor
from tests.cli.by_hand import by_hand, draw, said

ROOT = Path(__file__).resolve().parents[2]


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
