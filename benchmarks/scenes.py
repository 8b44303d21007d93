"""The scene and prompt models on one picture of 640×480: ``python -m benchmarks.scenes``.

Medians of warm runs in one process; of the page Compare, from a picture's upload to its views,
on a warm server; and the resident memory of a process that has used every shipped model.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import psutil

from benchmarks._photos import photo
from benchmarks._server import ROOT, serve
from benchmarks._table import machine, table
from benchmarks.session import Session
from segcore import images
from segcore.inference import scenes, zoo
from segcore.inference.everything import everything
from segcore.inference.predictor import segment
from segcore.inference.prompt import PromptPredictor, embed
from segcore.sample_pictures import sample_pictures

LIMITS = {  # ms
    "classes": 120,
    "classes and objects": 200,
    "objects, Mask R-CNN": 400,
    "prompts: encoder": 150,
    "prompts: a click": 40,
    "prompts: everything": 6000,
}
PAGE = 1000  # ms
MEMORY = 600  # MB


def picture() -> np.ndarray:
    """Return a sample photograph, (480, 640, 3) uint8."""
    return images.resize(sample_pictures()["dog_and_bicycle"].picture(), (480, 640))


def actions(photo: np.ndarray) -> dict[str, Callable[[], object]]:
    """Return what is measured by name, of the models that are shipped."""
    cards = {name: zoo.card(name) for name in zoo.names(zoo.WEIGHTS)}
    found: dict[str, Callable[[], object]] = {}
    if panoptic := cards.get("scenes-panoptic"):
        found["classes"] = lambda: scenes.semantic(photo, panoptic)
        found["classes and objects"] = lambda: scenes.panoptic(photo, panoptic)
    if detector := cards.get("scenes-maskrcnn"):
        found["objects, Mask R-CNN"] = lambda: scenes.instances(photo, detector)
    if prompt := cards.get("prompt"):
        predictor = PromptPredictor(prompt)
        predictor.set_image(photo)
        embedding = embed(photo, prompt)
        click = np.array([[200.0, 300.0]])
        found["prompts: encoder"] = lambda: embed(photo, prompt)
        found["prompts: a click"] = lambda: predictor.predict(click, np.array([1]))
        found["prompts: everything"] = lambda: everything(embedding, prompt)
    return found


def median(action: Callable[[], object], runs: int) -> float:
    """Return the median time in ms of an action, after one that warms it up."""
    action()
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        action()
        times.append(time.perf_counter() - began)
    return 1000 * statistics.median(times)


def page(runs: int) -> float:
    """Return the median time in ms in which Compare answers a new picture with all three views."""
    times = []
    with serve() as server:
        for number in range(runs + 1):
            with Session(server.url, page="compare") as visit:
                visit.choose("Picture from", ":material/upload: Upload")
                run = visit.upload("Your picture", [("cat.jpg", photo((640, 480), number))])
            if run.problems:
                raise RuntimeError(f"The page refuses the picture: {run.problems}")
            times.append(run.seconds)
    return 1000 * statistics.median(times[1:])


def use_everything() -> float:
    """Use every shipped model once and return this process's resident memory in MB."""
    photo = picture()
    for action in actions(photo).values():
        action()
    for name in zoo.names(zoo.WEIGHTS):
        if "binary" in (card := zoo.card(name)).tasks:
            segment(photo, card)
    return psutil.Process().memory_info().rss / 2**20


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scenes", description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="runs of each, default 20")
    parser.add_argument("--memory", action="store_true", help="only print the memory in MB")
    args = parser.parse_args()
    if args.memory:
        print(use_everything())
        return
    rows = []
    for name, action in actions(picture()).items():
        taken, limit = median(action, args.runs), LIMITS[name]
        rows.append((name, f"{taken:.0f}", f"{limit}", f"{taken / limit:.0%}"))
    taken = page(args.runs)
    rows.append(("all three views on the page", f"{taken:.0f}", f"{PAGE}", f"{taken / PAGE:.0%}"))
    command = [sys.executable, "-m", "benchmarks.scenes", "--memory"]
    memory = float(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    rows.append(("every model used, MB", f"{memory:.0f}", f"{MEMORY}", f"{memory / MEMORY:.0%}"))
    print(f"A picture of 640×480, median ms of {args.runs} runs, on {machine()}")
    table(("what", "measured", "limit", "share"), rows)


if __name__ == "__main__":
    main()
