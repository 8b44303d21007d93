"""The command ``evaluate``, and what other commands refuse."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segcore.__main__ import main
from segcore.inference import zoo
from tests.cli.by_hand import by_hand, said


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
