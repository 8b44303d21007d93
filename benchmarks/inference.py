"""Three ways to run each shipped model on the CPU: ``python -m benchmarks.inference``.

One picture at the model's input size; the median of many runs after a warm-up, the three
ways taking turns, so that a machine that is busy for a while is busy for all of them.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np  # noqa: E402

from benchmarks._table import machine, table  # noqa: E402
from segcore import models  # noqa: E402
from segcore.inference import zoo  # noqa: E402
from segcore.inference.predictor import network_input  # noqa: E402
from segcore.inference.runtime import KerasEngine, OnnxEngine  # noqa: E402
from segcore.sample_pictures import sample_pictures  # noqa: E402

Way = Callable[[np.ndarray], np.ndarray]
PREDICT, COMPILED, ONNX = "model.predict", "Keras compiled", "ONNX Runtime"


def ways(card: zoo.Card) -> dict[str, Way]:
    """Return three functions that map a (1, h, w, 3) batch to probabilities."""
    model: Any = models.load(card.file("model.keras"))
    return {
        PREDICT: lambda batch: model.predict(batch, verbose=0),
        COMPILED: KerasEngine(card.file("model.keras"), gpu=False),
        ONNX: OnnxEngine(card.file("model.onnx")),
    }


def measure(
    card: zoo.Card, runs: int, warm_up: int = 3
) -> tuple[dict[str, list[float]], np.ndarray]:
    """Return the seconds of each run by each way, and the batch they were given.

    Raises
    ------
    RuntimeError
        If the ways do not agree on the probabilities: then their times mean nothing.
    """
    picture = next(iter(sample_pictures().values())).picture()
    batch = network_input(picture, card)
    functions = ways(card)
    answers = [run(batch) for _ in range(warm_up) for run in functions.values()][-len(functions) :]
    if (apart := max(np.abs(answer - answers[0]).max() for answer in answers)) > 1e-2:
        raise RuntimeError(f"The ways to run {card.name} differ by {apart:.3f}.")
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(runs):
        for name, run in functions.items():
            began = time.perf_counter()
            run(batch)
            times[name].append(time.perf_counter() - began)
    return times, batch


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.inference", description=__doc__)
    parser.add_argument("--runs", type=int, default=30, help="runs of each way, default 30")
    parser.add_argument("--model", help="one model only; default: all in weights/")
    args = parser.parse_args()
    rows = []
    for name in [args.model] if args.model else zoo.names_for("binary"):
        seconds, batch = measure(zoo.card(name), args.runs)
        size = f"{batch.shape[2]} × {batch.shape[1]}"
        medians = {way: statistics.median(values) for way, values in seconds.items()}
        for way, median in medians.items():
            times = f"{1000 * median:.1f}", f"{1000 * min(seconds[way]):.1f}"
            rows.append((name, size, way, *times, f"{median / medians[ONNX]:.2f}"))
    threads = os.cpu_count()
    print(f"One picture, median of {args.runs} runs, {threads} threads, on {machine()}")
    table(("model", "input", "way", "median, ms", "best, ms", "ratio of medians"), rows)


if __name__ == "__main__":
    main()
