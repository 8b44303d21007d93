"""Several devices, or several machines, that share each batch of a training.

One device: no strategy. Several GPUs of one machine: `tf.distribute.MirroredStrategy`. Several
machines: `tf.distribute.MultiWorkerMirroredStrategy`, described to each by ``TF_CONFIG`` as in
https://www.tensorflow.org/tutorials/distribute/multi_worker_with_ctl. See docs/distributed.md.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import tensorflow as tf

from segcore.training.runs import Run

LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
)


class Team:
    """The replicas of a network, each on a device of its own, that share each batch.

    Parameters
    ----------
    strategy : tf.distribute.Strategy or None
        None: one replica, which TensorFlow places by itself.
    workers : tuple of str
        ``host:port`` of each process that takes part; empty if this is the only one.
    index : int
        Which of them this process is. The first is the chief: it validates and writes the run.
    """

    def __init__(self, strategy=None, workers: tuple[str, ...] = (), index: int = 0):
        self.strategy = strategy or tf.distribute.get_strategy()
        self.workers, self.index = workers, index
        self.replicas: int = self.strategy.num_replicas_in_sync

    @property
    def is_chief(self) -> bool:
        """Whether this process writes the run folder."""
        return self.index == 0

    @property
    def mine(self) -> range:
        """The numbers of this process's replicas."""
        here = self.replicas // max(1, len(self.workers))
        return range(self.index * here, (self.index + 1) * here)

    @property
    def suffix(self) -> str:
        """What to add to the name of this machine to name all."""
        return f", one of {len(self.workers)} workers" if self.workers else ""

    # === What the workers tell each other ===

    def any(self, value: bool) -> bool:
        """Return whether the value is true on any worker; all have to ask."""
        return any(row[0] for row in self._gather(int(value))) if self.workers else value

    def agree(self, **values: int) -> None:
        """Check that all workers have the same whole numbers; all have to ask.

        Raises
        ------
        ValueError
            If they have not.
        """
        if not self.workers:
            return
        rows = self._gather(*values.values())
        for i, name in enumerate(values):
            if len({row[i] for row in rows}) > 1:
                found = (f"{row[i]} on {w}" for row, w in zip(rows, self.workers, strict=True))
                raise ValueError(
                    f"The workers differ in {name.replace('_', ' ')}: {', '.join(found)}; "
                    "give all the same arguments, data and run folder."
                )

    def _gather(self, *values: int) -> list[list[int]]:
        """Return the values of each worker."""
        rows = self._all(tf.constant([values], tf.int64)).numpy().tolist()
        return rows[:: self.replicas // len(self.workers)]

    @tf.function
    def _all(self, row):
        return self.strategy.gather(self.strategy.run(lambda: row), axis=0)

    @contextmanager
    def contact(self) -> Iterator[None]:
        """Say in one sentence that another worker is gone, if it is."""
        try:
            yield
        except LOST as error:
            if not self.workers:
                raise
            others = {int(n) for n in re.findall(r"task:(\d+)", error.message)} - {self.index}
            lost = others.pop() if len(others) == 1 else None
            who = "a worker" if lost is None else f"worker {lost}, {self.workers[lost]}"
            raise RuntimeError(
                f"Lost contact with {who}; see what it said, then start all workers again "
                "with --resume: they go on after the last finished epoch."
            ) from error

    # === Data and folder ===

    def share(self, make: Callable[..., tf.data.Dataset]):
        """Return this process's part of the batches; `make` takes `replicas` and `mine`."""
        if self.replicas == 1:
            return make()
        return self.strategy.distribute_datasets_from_function(
            lambda _: make(replicas=self.replicas, mine=self.mine)
        )

    def run(self, folder: Path, scratch: Path, resume: bool) -> Run:
        """Return the run that this process writes: the chief's is `folder`, for good.

        Any other worker writes to `scratch`, into which it copies what resuming reads.
        """
        run = Run(folder if self.is_chief else scratch)
        if resume and not self.is_chief:
            run.checkpoints.mkdir()
            run.samples.mkdir()
            for pattern in ("run.json", "*.jsonl", "checkpoints/????.keras"):
                for source in folder.glob(pattern):
                    shutil.copyfile(source, scratch / source.relative_to(folder))
        self.any(False)  # so that the chief changes nothing before all have read
        return run


def join() -> Team:
    """Return the team that this machine and ``TF_CONFIG`` make; wait for the other workers.

    Has to come before all else that TensorFlow does in the process.

    Raises
    ------
    ValueError
        If ``TF_CONFIG`` is not what it should be.
    """
    workers, index = _cluster(os.environ.get("TF_CONFIG", ""))
    if len(workers) > 1:
        print(f"worker {index} of {len(workers)} waits for the others", flush=True)
        with _interruptible():
            team = Team(tf.distribute.MultiWorkerMirroredStrategy(), workers, index)
    elif len(tf.config.list_physical_devices("GPU")) > 1:
        team = Team(tf.distribute.MirroredStrategy())
    else:
        return Team()
    print(f"{team.replicas} devices share each batch", flush=True)
    return team


def _cluster(text: str) -> tuple[tuple[str, ...], int]:
    """Return the workers that ``TF_CONFIG`` names, and which of them this process is."""
    if not text:
        return (), 0
    try:
        config = json.loads(text)
        workers = tuple(config["cluster"].pop("worker"))
        others, task = list(config["cluster"]), config["task"]
        if others or task["type"] != "worker" or not 0 <= task["index"] < len(workers):
            raise ValueError
        return workers, task["index"]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ValueError(
            f"TF_CONFIG is {text!r}; accepted is, on the first of two workers for example, "
            '{"cluster": {"worker": ["host0:2222", "host1:2222"]}, '
            '"task": {"type": "worker", "index": 0}}.'
        ) from None


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C end the process at once: TensorFlow waits where Python cannot."""
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
