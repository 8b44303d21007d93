"""The disk is full in the middle of a training: a reason, a usable checkpoint, a way on."""

import shutil
import zipfile
from pathlib import Path

import pytest

from segcore.training.control import Control
from segcore.training.processes import complaint
from segcore.training.store import RunStore

from .conftest import Launcher


@pytest.mark.parametrize("status_can_be_written", [True, False])
def test_a_training_says_so_and_goes_on_when_there_is_room(
    launcher: Launcher, pets: Path, store: RunStore, status_can_be_written: bool
) -> None:
    name = store.create("Discs")
    run, control = store.get(name).run, Control(store)
    unwritable = run.checkpoints / "part-" if status_can_be_written else run.folder
    child = launcher.train(pets, run.folder, full_disk=("part-0003", str(unwritable)))
    assert child.wait() == 2
    sentence = "The disk is full: epoch 2 is kept; make room and resume the training."
    assert child.complaint == f"segcore: {sentence}\n"

    shutil.copy(child.err, run.folder / "log.txt")  # where the app's trainings print to
    assert (run.status()["state"] == "failed") == status_can_be_written
    status = control.status(name)
    assert (status.state, status.epoch, status.message) == (
        "failed", 2 if status_can_be_written else 3, sentence
    )  # fmt: skip
    assert not status_can_be_written or not list(run.folder.rglob("*part*"))
    assert [path.name for path in run.checkpoints.iterdir()] == ["0002.keras"]
    for path in (run.best, run.checkpoint(2)):
        assert zipfile.ZipFile(path).testzip() is None

    child = launcher.train(None, run.folder)
    assert child.wait() == 0, child.err.read_text()
    assert control.state(name) == "finished"
    assert [record["epoch"] for record in run.records("epochs")] == [1, 2, 3]
    assert [record["step"] for record in run.records("steps")] == list(range(1, 10))


def test_a_training_that_cannot_begin_says_so_too(
    launcher: Launcher, pets: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    child = launcher.train(pets, run, full_disk=("run.json", str(run)))
    assert child.wait() == 2
    assert "The disk is full: no epoch was finished; make room" in child.complaint
    assert not (run / "run.json").exists()


def test_no_old_reason_is_given_for_a_training_that_was_killed(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    assert complaint(log) == ""
    log.write_text("epoch 1/3  loss 0.5\nsegcore: The disk is full.\n\n")
    assert complaint(log) == "The disk is full."
    with open(log, "a") as file:
        file.write("epoch 2/3  loss 0.4\n")
    assert complaint(log) == ""
