"""`scripts/ship_run.py`: what is shipped of a run, and what it replaces."""

import json
import shutil
from pathlib import Path

import pytest

from scripts import ship_run
from segcore.training.names import RunError
from segcore.training.runs import Run

from .conftest import Finished


def content(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def shipped(finished: Finished, tmp_path: Path) -> Path:
    """A folder of shipped runs with one in it."""
    ship_run.ship(finished.folder, "discs", "Discs", "First.", tmp_path / "shipped")
    return tmp_path / "shipped"


def test_no_picture_and_no_path_of_the_data_is_shipped(shipped: Path, finished: Finished) -> None:
    files = content(shipped / "discs")
    assert set(files) == {"run.json", "about.json", "status.json", "steps.jsonl", "epochs.jsonl"}
    assert len(Run(shipped / "discs").records("epochs")) == 3
    settings = json.loads(files["run.json"])
    assert settings["data"] == ["pets"] and settings["parameters"] > 0
    assert not any(str(finished.folder.parent).encode() in data for data in files.values())
    assert [path.name for path in shipped.iterdir()] == ["discs"]


def test_the_second_replaces_the_first(shipped: Path, finished: Finished) -> None:
    (shipped / "discs" / "of-the-first.txt").touch()
    ship_run.ship(finished.folder, "discs", "Discs again", "", shipped)
    about = json.loads((shipped / "discs" / "about.json").read_text())
    assert about["title"] == "Discs again"
    assert not (shipped / "discs" / "of-the-first.txt").exists()
    assert [path.name for path in shipped.iterdir()] == ["discs"]


@pytest.mark.parametrize("name", ["", "..", "../discs", "/discs", ".discs", "a/b", "Discs", "a b"])
def test_names_that_are_none(shipped: Path, finished: Finished, name: str) -> None:
    before = content(shipped.parent)
    with pytest.raises(RunError):
        ship_run.ship(finished.folder, name, "Discs", "", shipped)
    assert content(shipped.parent) == before


@pytest.mark.parametrize("damage", ["run.json", "epochs.jsonl", "best.keras", "status.json"])
def test_what_cannot_be_read_replaces_nothing(
    shipped: Path, finished: Finished, tmp_path: Path, damage: str
) -> None:
    before = content(shipped)
    run = shutil.copytree(finished.folder, tmp_path / "damaged")
    (run / damage).write_bytes(b"{\n")
    with pytest.raises((RunError, OSError, ValueError)):
        ship_run.ship(run, "discs", "Discs", "", shipped)
    assert content(shipped) == before
    assert [path.name for path in shipped.iterdir()] == ["discs"]


def test_only_finished_runs(shipped: Path, finished: Finished, tmp_path: Path) -> None:
    before = content(shipped)
    with pytest.raises(RunError, match="holds no run"):
        ship_run.ship(tmp_path / "nowhere", "discs", "Discs", "", shipped)
    run = Run(shutil.copytree(finished.folder, tmp_path / "unfinished"))
    run.write_status(state="running")
    with pytest.raises(RunError, match="is not finished"):
        ship_run.ship(run.folder, "discs", "Discs", "", shipped)
    assert content(shipped) == before
