"""How fast the app starts and answers, and what it weighs: ``python -m benchmarks.server``.

Each figure is of a fresh server, met by a visitor without a browser (`benchmarks.session`).
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import dataclass

from streamlit.proto.Image_pb2 import Image

from benchmarks._photos import ONE_MEGAPIXEL, TWELVE_MEGAPIXELS, photo
from benchmarks._server import serve
from benchmarks._table import machine, table
from benchmarks.session import Run, Session

LIMITS = {
    "first page, s": 2.0,
    "first mask, s": 3.0,
    "threshold, ms": 150.0,
    "resident after ten of 1 MP, MB": 350.0,
    "resident after ten of 12 MP, MB": 450.0,
}


@dataclass
class Start:
    """Seconds from the command to what a visitor waits for.

    Attributes
    ----------
    health : float
        The server answers.
    page : float
        Title, samples and settings are drawn.
    mask : float
        The first sample's segmentation is loaded.
    processor : float
        Processor time that all this took; far below `mask` on a busy machine.
    """

    health: float
    page: float
    mask: float
    processor: float


def result(run: Run) -> tuple[float, Image]:
    """Return when a run delivered its segmented picture, and the picture."""
    for at, element in reversed(run.elements):
        if element.WhichOneof("type") == "imgs" and "marked as pet" in element.imgs.imgs[0].alt:
            return at, element.imgs.imgs[0]
    raise LookupError(f"The page shows no segmentation; its errors: {run.problems}")


def start() -> Start:
    """Start a server and open its page."""
    with serve() as server, Session(server.url) as visit:
        drawn, picture = result(visit.first)
        visit.fetch(picture)
        mask = time.perf_counter() - server.began
        page = max(at for at, widget in visit.first.widgets if at < drawn) - server.began
        used = server.process.cpu_times()
        return Start(server.health, page, mask, used.user + used.system)


def upload(visit: Session, size: tuple[int, int], count: int = 10) -> None:
    """Upload photos of a size one after another, each to be segmented."""
    visit.choose("Pictures from", ":material/upload: Upload")
    for number in range(count):
        run = visit.upload("One or more pictures", [(f"cat-{number}.jpg", photo(size, number))])
        if run.problems:
            raise RuntimeError(f"The page refuses a photo: {run.problems}")
        visit.fetch(result(run)[1])


def redraw(visit: Session, moves: int = 11) -> float:
    """Move the threshold; return the median seconds until the server has redrawn."""
    visit.slide("Threshold", 0.3)
    return statistics.median(
        visit.slide("Threshold", 0.4 + move / 100).seconds for move in range(moves)
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.server", description=__doc__)
    parser.add_argument("--tries", type=int, default=3, help="starts, of which the best counts")
    tries = parser.parse_args().tries
    starts = [start() for _ in range(tries)]
    with serve() as server, Session(server.url) as visit:
        idle, single = server.memory(), redraw(visit)
    figures = {
        "healthy, s": min(s.health for s in starts),
        "first page, s": min(s.page for s in starts),
        "first mask, s": min(s.mask for s in starts),
        "processor time of these, s": min(s.processor for s in starts),
        "threshold, ms": 1000 * single,
        "resident after a sample, MB": idle,
    }
    for name, size in {"1 MP": ONE_MEGAPIXEL, "12 MP": TWELVE_MEGAPIXELS}.items():
        with serve() as server, Session(server.url) as visit:
            upload(visit, size)
            figures[f"resident after ten of {name}, MB"] = server.memory()
            figures[f"most resident until then, {name}, MB"] = server.peak_memory()
            figures[f"threshold with ten of {name}, ms"] = 1000 * redraw(visit)
    print(f"The server, best of {tries} starts, on {machine()}")
    table(
        ("figure", "measured", "limit", "share"),
        [
            (name, f"{value:.3g}", f"{LIMITS[name]:g}", f"{value / LIMITS[name]:.0%}")
            if name in LIMITS
            else (name, f"{value:.3g}", "", "")
            for name, value in figures.items()
        ],
    )


if __name__ == "__main__":
    main()
