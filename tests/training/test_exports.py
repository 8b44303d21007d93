"""`segcore.training.exports`: from a run into the user's zoo."""

import json
import os
import time
from pathlib import Path

import psutil
import pytest

from segcore.inference import zoo
from segcore.training.control import Control
from segcore.training.exports import Export, export_status, start_export
from segcore.training.names import RunError
from segcore.training.store import RunStore

from .conftest import FAKE, ROOT, until


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEGCORE_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def make(store: RunStore, title: str) -> str:
    """Make a run that has something to export; return its name."""
    name = store.create(title)
    run = store.get(name).run
    run.create({"recipe": {}, "data": [], "created": time.time()})
    run.best.write_bytes(b"weights")
    return name


@pytest.fixture
def trained(store: RunStore, control: Control) -> str:
    return make(store, "Trained")


def test_an_export_can_be_watched(store: RunStore, trained: str, models: Path) -> None:
    assert export_status(store, trained) == Export("none")
    start_export(store, trained, "mine", title="Mine", program=FAKE)
    assert export_status(store, trained) == Export("running", "mine")
    with pytest.raises(RunError, match="being exported already"):
        start_export(store, trained, "other", program=FAKE)
    with pytest.raises(RunError, match="still at work"):
        store.delete(trained)
    until(lambda: export_status(store, trained).state != "running")
    assert export_status(RunStore(store.root), trained) == Export("finished", "mine", weights="5a")
    assert [path.name for path in models.iterdir()] == ["mine"]
    store.delete(trained)


def test_a_failed_export_says_why(store: RunStore, trained: str, models: Path) -> None:
    start_export(store, trained, "refused", program=FAKE)
    until(lambda: export_status(store, trained).state != "running")
    assert export_status(store, trained) == Export("failed", "refused", "The engines differ.")
    start_export(store, trained, "better", program=FAKE)
    until(lambda: export_status(store, trained).state != "running")
    assert export_status(store, trained) == Export("finished", "better", weights="5a")
    start_export(store, trained, "refused", program=FAKE)
    until(lambda: export_status(store, trained).state != "running")
    assert export_status(store, trained).state == "failed"


def test_a_model_that_was_there_before_is_no_success(
    store: RunStore, trained: str, models: Path
) -> None:
    (models / "refused").mkdir(parents=True)
    card = models / "refused" / "card.json"
    card.write_text("{}")
    old = card.stat().st_mtime - 60

    os.utime(card, (old, old))
    start_export(store, trained, "refused", program=FAKE)
    until(lambda: export_status(store, trained).state != "running")
    assert export_status(store, trained).state == "failed"


def test_of_two_runs_under_one_name_the_last_is_the_models(
    store: RunStore, trained: str, models: Path
) -> None:
    other = make(store, "Other")

    def export(name: str, model: str = "mine") -> Export:
        start_export(store, name, model, program=FAKE)
        until(lambda: export_status(store, name).state != "running")
        return export_status(store, name)

    start_export(store, trained, "mine", program=FAKE)
    with pytest.raises(RunError, match="mine is being made of trained"):
        start_export(store, other, "mine", program=FAKE)
    until(lambda: export_status(store, trained).state != "running")
    assert export_status(store, trained) == Export("finished", "mine", weights="5a")

    assert export(other) == Export("finished", "mine", weights="5a")
    told = export_status(store, trained)
    assert (told.state, told.model) == ("replaced", "mine")
    assert told.message == "mine was made of another run, 'other', since then."

    assert export(trained).state == "finished"
    assert export_status(store, other).state == "replaced"

    assert export(other, "refused").state == "failed"
    (models / "mine").rename(models / "refused")
    assert export_status(store, other).message == "The engines differ.", "another's, made later"


def test_a_run_of_the_same_name_as_a_deleted_one_is_another(
    store: RunStore, trained: str, models: Path
) -> None:
    start_export(store, trained, "mine", program=FAKE)
    until(lambda: export_status(store, trained).state == "finished")
    about = (store.folder(trained) / "export.json").read_text()
    store.delete(trained)
    assert make(store, "Trained") == trained
    assert export_status(store, trained) == Export("none")
    (store.folder(trained) / "export.json").write_text(about)
    assert export_status(store, trained).state == "replaced"


@pytest.mark.parametrize(
    "damage", [{}, {"training": {}}, {"training": 3}, {"training": {"run": 3}}]
)
def test_a_card_that_does_not_say_whose_it_is(
    store: RunStore, trained: str, models: Path, damage: dict
) -> None:
    """As those of earlier versions."""
    start_export(store, trained, "mine", program=FAKE)
    until(lambda: export_status(store, trained).state == "finished")
    (models / "mine" / "card.json").write_text(json.dumps(damage))
    assert export_status(store, trained) == Export("finished", "mine")


@pytest.mark.parametrize("model", ["", "../x", "/x", "a b", "A", "-x", "x" * 65, "a\n", ".."])
def test_names_that_are_none(store: RunStore, trained: str, models: Path, model: str) -> None:
    with pytest.raises(RunError, match="is no name for a model"):
        start_export(store, trained, model, program=FAKE)
    assert not models.exists()


def test_shipped_models_are_left_alone(store: RunStore, trained: str, models: Path) -> None:
    for model in zoo.names():
        with pytest.raises(RunError, match="choose another name"):
            start_export(store, trained, model, program=FAKE)
    assert zoo.names()


def test_nothing_to_export(store: RunStore, models: Path, trained: str, tmp_path: Path) -> None:
    name = store.create("New")
    with pytest.raises(RunError, match="no finished epoch"):
        start_export(store, name, "mine", program=FAKE)
    (store.folder(name) / "best.keras").symlink_to(store.folder(trained) / "best.keras")
    with pytest.raises(RunError, match="is a link"):
        start_export(store, name, "mine", program=FAKE)


def test_no_training_begins_during_an_export(store: RunStore, trained: str) -> None:
    control, process = Control(store, FAKE), psutil.Process()
    handle = {"pid": process.pid, "started": process.create_time()}
    store.write(trained, "export.json", {**handle, "model": "mine", "asked": 0})
    assert export_status(store, trained) == Export("running", "mine")
    with pytest.raises(RunError, match="is being exported"):
        control.resume(trained)
    for damage in ({}, {"model": 3}, {"model": "../x"}, {"model": "x", "asked": "now"}):
        store.write(trained, "export.json", damage)
        assert export_status(store, trained) == Export("none")
    control.resume(trained)
    until(lambda: control.state(trained) == "finished")


def test_the_users_zoo_is_never_the_shipped_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEGCORE_MODELS", raising=False)
    assert zoo.user_models() == ROOT / "models" != zoo.WEIGHTS
