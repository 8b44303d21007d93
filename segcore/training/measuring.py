"""How long a training will take, measured in a child process; one at a time, at low priority."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from segcore.training import processes
from segcore.training.names import RunError
from segcore.training.orders import Order
from segcore.training.processes import PROGRAM

LIMIT = 120.0  # seconds
BETWEEN = 0.2

_turn = threading.Lock()


def measure(
    order: Order,
    tell: Callable[[float | None], None] = lambda _: None,
    *,
    program: Sequence[str] = PROGRAM,
    limit: float = LIMIT,
) -> dict[str, Any]:
    """Return what `segcore.training.estimate.estimate` finds for an order.

    Parameters
    ----------
    order : Order
    tell : callable
        Called five times a second, with None while another visitor's measurement is under
        way, else with the seconds taken so far. What it raises ends the measurement, as a
        rerun of a page does.
    program : sequence of str
        The command in front of the words of `Order.words`.
    limit : float
        Seconds after which it is given up.

    Raises
    ------
    RunError
        One sentence, if it fails or takes too long.
    """
    while not _turn.acquire(timeout=BETWEEN):
        tell(None)
    try:
        return _measure(order, tell, program, limit)
    finally:
        _turn.release()


def _measure(
    order: Order, tell: Callable[[float], None], program: Sequence[str], limit: float
) -> dict[str, Any]:
    left_out = ("--run=", "--watch=", "--init=")
    words = [word for word in order.words("") if not word.startswith(left_out)]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log.txt")
        handle = processes.spawn([*program, *words, "--estimate"], log)
        began = time.monotonic()
        try:
            while processes.find(handle):
                if (taken := time.monotonic() - began) > limit:
                    raise RunError(f"Two steps took longer than {limit:.0f} seconds; try less.")
                tell(taken)
                time.sleep(BETWEEN)
        finally:
            processes.end(handle, force=True)
        for line in reversed(log.read_text("utf-8", "replace").splitlines()):
            if line.startswith('{"seconds"'):
                return json.loads(line)
        raise RunError(processes.last_words(log) or "It could not be measured.")
