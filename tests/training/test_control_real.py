"""A real training through `segcore.training.control`, from its start to the exported model."""

import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from segcore.inference import zoo
from segcore.training.control import Control
from segcore.training.exports import export_status, start_export
from segcore.training.logs import read_log
from segcore.training.orders import Order
from segcore.training.store import RunStore

from .conftest import ROOT, until

TINY_PROGRAM = (sys.executable, str(Path(__file__).with_name("tiny_program.py")))
PATIENCE = 240  # seconds; TensorFlow is slow to import on a busy machine


def test_start_stop_resume_kill_resume_export(
    store: RunStore,
    control: Control,  # kills what a failed test leaves
    pets: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("SEGCORE_MODELS", str(tmp_path / "models"))
    server = Control(store, TINY_PROGRAM)
    name = store.create("Discs")
    run = store.get(name).run

    def epochs() -> list[float]:
        return read_log(run.folder).epochs.get("epoch", []).tolist()

    server.start(name, Order("tiny", data=(str(pets),)))
    assert server.state(name) == "loading"
    until(lambda: server.state(name) != "loading", PATIENCE)
    assert server.state(name) == "running", server.status(name).message
    until(lambda: run.last_epoch() >= 2 and len(epochs()) >= 2, PATIENCE)
    process = psutil.Process(server.status(name).handle.pid)
    assert server.figures(name).memory > 100

    server.stop(name)
    assert server.state(name) in ("stopping", "stopped")
    until(lambda: not process.is_running(), PATIENCE)
    assert server.state(name) == "stopped"
    seen = run.last_epoch()
    assert server.status(name).epoch == seen >= 2

    server.resume(name)
    assert server.state(name) == "loading"
    restarted = Control(RunStore(store.root), TINY_PROGRAM)
    until(lambda: restarted.state(name) == "running", PATIENCE)
    until(lambda: run.last_epoch() > seen, PATIENCE)
    process = psutil.Process(restarted.status(name).handle.pid)
    os.kill(process.pid, signal.SIGKILL)
    until(lambda: not process.is_running())
    assert restarted.state(name) == "orphaned"
    seen = run.last_epoch()

    restarted.resume(name)
    until(lambda: run.last_epoch() > seen, PATIENCE)
    restarted.stop(name)
    until(lambda: restarted.state(name) == "stopped", PATIENCE)
    last = run.last_epoch()
    assert epochs() == list(range(1, last + 1)), "no epoch is lost, none comes twice"
    steps = read_log(run.folder).steps["step"].tolist()
    assert steps[: 3 * last] == list(range(1, 3 * last + 1)), "10 pictures in batches of 4"

    start_export(store, name, "discs", title="Discs")
    assert export_status(store, name).state == "running"
    until(lambda: export_status(store, name).state != "running", PATIENCE)
    assert export_status(store, name).state == "finished", export_status(store, name).message
    card = zoo.card("discs", tmp_path / "models")
    assert card.title == "Discs" and zoo.problem(card) is None
    store.delete(name)
    assert store.list() == []
