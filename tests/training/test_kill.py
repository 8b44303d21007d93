"""Killed at any moment, a training goes on from its last finished epoch.

SIGKILL lands 20 times at seeded random moments: while the process sets up, in steps, in the
validation and in the saving of an epoch. What a crash between any two file operations leaves
is tested without a clock in `test_runs`.
"""

import json
import random
import signal
import time
import zipfile
from pathlib import Path

from segcore.training.runs import Run

from .conftest import Launcher

KILLS = 20
SET_UP = 2.0  # seconds that a start takes before its first step, roughly
EPOCH = 0.3  # and each epoch, saving included
SAVING = 0.03


def check_what_a_kill_left(run: Run, killed_in: str) -> None:
    """Everything that has its final name is whole."""
    for path in (*run.checkpoints.glob("????.keras"), *run.folder.glob("best.keras")):
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None, f"{path.name} is damaged, killed in {killed_in}"
            assert "model.weights.h5" in archive.namelist()
    json.loads((run.folder / "run.json").read_text())
    assert run.status()["state"] in ("loading", "running")
    for kind in ("steps", "epochs"):
        assert all("epoch" in record for record in run.records(kind))
    for path in run.samples.glob("*.png"):
        assert path.read_bytes().endswith(b"IEND\xaeB`\x82"), f"{path.name}, killed in {killed_in}"


def test_killed_twenty_times(launcher: Launcher, pets: Path, tmp_path: Path) -> None:
    rng, run, seen, moments = random.Random(20), Run(tmp_path / "run"), 0, []
    for kill in range(KILLS):
        child = launcher.train(
            None if run.exists else pets,
            run.folder,
            options={"base_width": 2, "depth": 2},
            batch=8,
            epochs=5000,
        )

        def steps_again(pid: int = child.pid) -> bool:
            status = run.status()
            return (status.get("pid"), status.get("state")) == (pid, "running")

        def enough(epoch: int = seen + rng.choice((0, 1, 1, 2))) -> bool:
            return run.last_epoch() >= epoch

        if kill % 5 == 4:  # anywhere in the setting up
            time.sleep(rng.uniform(0, SET_UP))
        elif kill % 5 == 2:  # while a checkpoint is written, or soon after
            child.until(steps_again)
            child.until(lambda: any(run.checkpoints.glob("part-*")))
            time.sleep(rng.uniform(0, SAVING))
        else:  # anywhere in an epoch
            child.until(steps_again)
            assert run.status()["epoch"] > seen, "an epoch that was finished is trained again"
            child.until(enough)
            time.sleep(rng.uniform(0, EPOCH))
        child.signal(signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL, child.err.read_text()
        if not run.exists:  # killed before it had begun
            continue
        moments.append(run.status().get("state"))
        check_what_a_kill_left(run, f"kill {kill}")
        assert run.last_epoch() >= seen, "a finished epoch is lost"
        recorded = [record["epoch"] for record in run.records("epochs")]
        assert recorded[: run.last_epoch()] == list(range(1, run.last_epoch() + 1))
        seen = run.last_epoch()

    assert moments.count("running") >= KILLS // 2
    assert seen >= 5, "kills so early that there was nothing to lose"

    child = launcher.train(None, run.folder)
    child.until(lambda: run.last_epoch() >= seen + 2)
    child.signal(signal.SIGTERM)
    assert child.wait() == 0, child.err.read_text()
    last = run.last_epoch()
    assert (run.status()["state"], run.status()["epoch"]) == ("stopped", last)
    assert [record["epoch"] for record in run.records("epochs")] == list(range(1, last + 1))
    steps = [record["step"] for record in run.records("steps")]
    assert steps == list(range(1, len(steps) + 1)) and len(steps) >= 2 * last
    check = zipfile.ZipFile(run.best)
    assert check.testzip() is None
    with open(run.folder / "epochs.jsonl") as file:
        records = [json.loads(line) for line in file]
    best = max(record["val_mean_iou"] for record in records)
    assert records[run.best_epoch() - 1]["val_mean_iou"] == best
    assert [p.name for p in run.checkpoints.glob("????.keras")] == [f"{last:04d}.keras"]
