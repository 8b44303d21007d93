"""What a training can do beside training: watch sample pictures, estimate, write TensorBoard."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segcore import images
from segcore.sample_pictures import sample_pictures
from segcore.training.runs import Run

from .conftest import Launcher


def test_watched_pictures_are_segmented_each_epoch(
    launcher: Launcher, pets: Path, tmp_path: Path
) -> None:
    run = Run(tmp_path / "run")
    child = launcher.train(pets, run.folder, "--watch", "chelsea", "--epochs", 2)
    assert child.wait() == 0, child.err.read_text()
    shown = np.asarray(Image.open(run.samples / "chelsea.png"))
    wanted = images.resize(sample_pictures()["chelsea"].picture(), (32, 32))
    assert np.array_equal(shown, wanted)
    first, second = (Image.open(run.samples / f"chelsea-000{epoch}.png") for epoch in (1, 2))
    assert first.size == (32, 32) and first.mode == "L"
    assert not np.array_equal(first, second), "the network learns in between"
    assert run.settings()["watch"] == ["chelsea"]
    target = np.asarray(Image.open(run.samples / "chelsea-target.png"))
    assert target.shape == (32, 32) and 0.4 < (target > 0).mean() < 0.9, "drawn by hand"


def test_a_built_in_set_trains_by_its_name(launcher: Launcher, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    child = launcher.train("coins", run.folder, "--epochs", 2, batch=8)
    assert child.wait() == 0, child.err.read_text()
    assert run.settings()["data"] == ["coins"]
    assert len(run.records("epochs")) == 2


def test_any_setting_can_be_changed(launcher: Launcher, pets: Path, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    words = ("epochs=1", "loss=dice", "options.dropout=0.5", "augmentation.flip=true")
    arguments = [word for pair in words for word in ("--set", pair)]
    child = launcher.train(pets, run.folder, *arguments)
    assert child.wait() == 0, child.err.read_text()
    recipe = run.settings()["recipe"]
    assert (recipe["epochs"], recipe["loss"], recipe["options"]["dropout"]) == (1, "dice", 0.5)
    assert recipe["augmentation"]["flip"] and not recipe["augmentation"]["rotation"]


def test_the_estimate_is_of_the_right_size(launcher: Launcher, pets: Path, tmp_path: Path) -> None:
    child = launcher.start("train", "--recipe", "tiny", "--data", pets, "--estimate", epochs=40)
    assert child.wait() == 0, child.err.read_text()
    told = json.loads(child.printed)
    assert (told["pictures"], told["steps"]) == (10, 3)
    assert told["seconds"] > 40 * 3 * told["step_seconds"], "validating and saving take time too"
    run = Run(tmp_path / "run")
    child = launcher.train(pets, run.folder, epochs=8)
    assert child.wait() == 0, child.err.read_text()
    step = np.median([record["seconds"] for record in run.records("steps")[3:]])
    assert step / 8 < told["step_seconds"] < step * 8


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--watch", "tiger"), "There is no sample picture tiger; accepted are kitten"),
        (("--set", "speed=3"), "There is no setting 'speed'"),
        (("--set", "speed"), "'speed' is no setting; write KEY=VALUE"),
    ],
)
def test_what_is_refused(
    launcher: Launcher, pets: Path, tmp_path: Path, arguments: tuple, sentence: str
) -> None:
    child = launcher.train(pets, tmp_path / "run", *arguments)
    assert child.wait() == 2
    assert sentence in child.complaint and child.complaint.count("\n") == 1
    assert not (tmp_path / "run").exists()
