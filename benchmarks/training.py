"""How quick the app stays while a training runs: ``python -m benchmarks.training``.

A visitor moves the threshold on Segment, first on an idle server, then while the lecture's
network trains at full speed in a child process, as the app starts it.
"""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from benchmarks._server import serve
from benchmarks._table import machine, table
from benchmarks.session import Session
from segcore.training.control import Control
from segcore.training.orders import Order
from segcore.training.store import RunStore

ORDER = Order("lecture-32x25", {"side": 64, "epochs": 1000})
STARTS = 120  # seconds that a start may take


@dataclass
class Answers:
    """Median seconds of twenty answers.

    Attributes
    ----------
    redraw : float
        The threshold was moved on Segment.
    health : float
        The health endpoint.
    """

    redraw: float
    health: float


def answers(visit: Session, moves: int = 20) -> Answers:
    """Move the threshold and ask for the server's health, again and again."""
    redraws, healths = [], []
    visit.slide("Threshold", 0.3)
    for move in range(moves):
        redraws.append(visit.slide("Threshold", 0.4 + move / 100).seconds)
        began = time.perf_counter()
        with urlopen(f"{visit.url}/_stcore/health", timeout=30) as answer:
            answer.read()
        healths.append(time.perf_counter() - began)
    return Answers(statistics.median(redraws), statistics.median(healths))


@contextlib.contextmanager
def training(root: Path) -> Iterator[None]:
    """Train at full speed, in the way the app does."""
    store = RunStore(root)
    control, name = Control(store), store.create("load")
    control.start(name, ORDER)
    limit = time.monotonic() + STARTS
    try:
        while control.status(name).epoch < 2:
            if time.monotonic() > limit:
                raise TimeoutError(f"No epoch in {STARTS} s: {control.status(name)}")
            time.sleep(0.1)
        yield
        if not control.status(name).active:
            raise RuntimeError(f"It did not train all the time: {control.status(name)}")
    finally:
        control.stop(name, force=True)


def compare() -> tuple[Answers, Answers]:
    """Return the answers of an idle server, and those beside a training that is watched."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "runs"
        with serve(env={"SEGCORE_RUNS": str(root)}) as server, Session(server.url) as visit:
            idle = answers(visit)
            with training(root):
                return idle, answers(visit)


def main() -> None:
    """Measure and print."""
    idle, busy = compare()
    print(f"Beside a training at full speed, medians of 20, on {machine()}")
    table(
        ("answer", "idle, ms", "beside a training, ms", "ratio"),
        [
            (name, f"{1000 * a:.1f}", f"{1000 * b:.1f}", f"{b / a:.2f}")
            for name, a, b in (
                ("threshold moved on Segment", idle.redraw, busy.redraw),
                ("health endpoint", idle.health, busy.health),
            )
        ],
    )


if __name__ == "__main__":
    main()
