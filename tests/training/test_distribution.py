"""Several workers learn what one does with the same batches, and survive the loss of one.

Tolerance: 1e-4 of each step's loss, float32, without batch normalisation and dropout. The sums
of a batch are made in another order; a test of one worker with itself is exact.
"""

import json
import re
import signal
import socket
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from segcore.datasets.pipeline import batches
from segcore.normalisation import Normalisation
from segcore.training.runs import Run

from .conftest import Child, Finished, Launcher

TOLERANCE = 1e-4
ADAM = {"optimizer": "adam", "epochs": 8}


def start_two(launcher: Launcher, data: Path | None, run: Path, *arguments, **recipe):
    """Start two workers on loopback; recipes given as lists have one value for each."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    addresses = [f"127.0.0.1:{s.getsockname()[1]}" for s in sockets]
    for each in sockets:
        each.close()

    def start(index: int) -> Child:
        config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        own = {k: v[index] if isinstance(v, list) else v for k, v in recipe.items()}
        environment = {"TF_CONFIG": json.dumps(config)}
        return launcher.train(data, run, *arguments, environment=environment, **own)

    return start(0), start(1)


def check_same_curves(one: Run, two: Run) -> None:
    for kind, keys in (("steps", ("loss",)), ("epochs", ("loss", "val_loss"))):
        expected, found = one.records(kind), two.records(kind)
        assert [r["epoch"] for r in found] == [r["epoch"] for r in expected]
        for key in keys:
            np.testing.assert_allclose(
                [r[key] for r in found], [r[key] for r in expected], rtol=TOLERANCE
            )
    for kind in ("steps", "epochs"):
        pairs = zip(one.records(kind), two.records(kind), strict=True)
        assert all(abs(a["mean_iou"] - b["mean_iou"]) < 1e-3 for a, b in pairs)


def test_two_workers_learn_what_one_does(launcher, pets, finished: Finished, tmp_path) -> None:
    """RMSprop; batches of 4, 4 and 2, of which each worker takes half."""
    chief, worker = start_two(launcher, pets, tmp_path / "run")
    assert (chief.wait(), worker.wait()) == (0, 0), chief.complaint + worker.complaint
    check_same_curves(Run(finished.folder), Run(tmp_path / "run"))
    assert "2 devices share each batch" in chief.printed
    assert "epoch 3/3" in chief.printed and "epoch" not in worker.printed
    assert Run(tmp_path / "run").settings()["machine"].endswith(", one of 2 workers")


def test_a_killed_worker_is_survived_by_resuming(launcher, pets, tmp_path) -> None:
    """Adam, augmentation, batches of 3: one half is filled up with a void picture."""
    recipe = {**ADAM, "batch": 3, "augmentation": {"flip": True, "brightness": 0.2}}
    one, two = Run(tmp_path / "one"), Run(tmp_path / "two")
    alone = launcher.train(pets, one.folder, **recipe)
    assert alone.wait() == 0, alone.complaint

    chief, worker = start_two(launcher, pets, two.folder, **recipe)
    worker.until(lambda: two.status().get("epoch", 0) >= 3)
    worker.signal(signal.SIGKILL)
    assert chief.wait(60) == 2
    assert re.search("segcore: Lost contact with (a worker|worker 1, 127)", chief.complaint)
    assert "--resume" in chief.complaint and "Traceback" not in chief.complaint
    assert two.status()["state"] == "failed" and "Lost contact" in two.status()["message"]
    assert 2 <= two.last_epoch() < 8

    chief, worker = start_two(launcher, None, two.folder)  # and a stop, asked of the second
    chief.until(lambda: two.status()["state"] == "running")
    worker.signal(signal.SIGTERM)
    assert (chief.wait(), worker.wait()) == (0, 0), chief.complaint + worker.complaint
    assert two.status()["state"] == "stopped"
    assert "stopped" in chief.printed and "stopped" in worker.printed

    chief, worker = start_two(launcher, None, two.folder)
    assert (chief.wait(), worker.wait()) == (0, 0), chief.complaint + worker.complaint
    check_same_curves(one, two)


def test_workers_that_differ_do_not_start(launcher, pets, tmp_path) -> None:
    both = start_two(launcher, pets, tmp_path / "run", learning_rate=[0.003, 0.001])
    for child in both:
        assert child.wait() == 2
        assert "The workers differ in settings" in child.complaint
    assert not Run(tmp_path / "run").exists  # free for the next try


@pytest.mark.parametrize(
    "config",
    [
        "workers",  # no JSON
        '["a:1", "b:1"]',  # no object
        '{"cluster": {"worker": ["a:1", "b:1"]}}',  # no task
        '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 2}}',
        '{"cluster": {"worker": ["a:1"], "ps": ["b:1"]}, "task": {"type": "ps", "index": 0}}',
    ],
)
def test_a_wrong_description_of_the_workers(launcher, pets, tmp_path, config) -> None:
    child = launcher.train(pets, tmp_path / "run", environment={"TF_CONFIG": config})
    assert child.wait() == 2
    assert "segcore: TF_CONFIG is" in child.complaint and "accepted is" in child.complaint


@pytest.mark.parametrize(
    ("pictures", "batch", "replicas"),
    [
        (12, 4, 2),  # even
        (11, 4, 2),  # the last batch is smaller, its second part half filled up
        (9, 4, 2),  # one part of the last batch is all filled up
        (10, 5, 4),  # no batch can be cut evenly
        (3, 8, 4),  # fewer pictures than a batch
    ],
)
def test_the_parts_of_a_batch(pictures, batch, replicas) -> None:
    """Put together again they are the batches of one worker, then void pictures."""
    rng = np.random.default_rng(0)
    data = (
        rng.integers(0, 256, (pictures, 8, 8, 3)).astype(np.uint8),
        rng.integers(0, 2, (pictures, 8, 8)).astype(np.uint8),
    )
    options = {"side": 8, "batch": batch, "normalisation": Normalisation(0.0, 255.0)}
    options |= {"shuffle": True, "seed": 3, "epoch": 2}
    whole = list(batches(*data, **options))
    parts = [
        list(batches(*data, **options, replicas=replicas, mine=range(i, i + 1)))
        for i in range(replicas)
    ]
    assert {len(part) for part in parts} == {len(whole)}
    for i, (expected, target) in enumerate(whole):
        size = len(expected)
        found, masks = (tf.concat([part[i][kind] for part in parts], 0) for kind in (0, 1))
        assert len({len(part[i][0]) for part in parts}) == 1
        np.testing.assert_array_equal(found[:size], expected)
        np.testing.assert_array_equal(masks[:size], target)
        np.testing.assert_array_equal(masks[size:], np.full_like(masks[size:], 255))
    both = list(batches(*data, **options, replicas=replicas, mine=range(0, 2)))
    for i, step in enumerate(zip(parts[0], parts[1], strict=True)):
        for j, part in enumerate(step):  # one process with two replicas takes them in turn
            np.testing.assert_array_equal(both[2 * i + j][0], part[0])
