"""What the tests of the training share: a drawn data set, and trainings in child processes.

A training takes over the signals of its process and is made to be killed, so each runs in a
process of its own. Importing TensorFlow costs seconds; `Launcher` pays once and forks.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

from segcore.training.control import Control
from segcore.training.orders import Order
from segcore.training.processes import end
from segcore.training.store import RunStore

ROOT = Path(__file__).resolve().parents[2]
TINY = {
    "name": "tiny",
    "architecture": "lecture_unet",
    "options": {"base_width": 8, "depth": 2},
    "side": 32,
    "normalisation": {"mean": 0.0, "std": 255.0},
    "loss": "cross_entropy",
    "dice_weight": 0.5,
    "optimizer": "rmsprop",
    "learning_rate": 0.003,
    "schedule": "constant",
    "warmup_epochs": 0.0,
    "batch": 4,
    "epochs": 3,
    "validation": 0.2,
    "patience": 0,
    "augmentation": None,
    "mixed_precision": False,
    "seed": 0,
    "task": "binary",
}
DRIVER = """
import errno, json, os, signal, sys
from segcore import __main__ as program
from segcore.training import recipes, trainer  # brings TensorFlow; nothing of it runs here

def fill_the_disk(begin, folder):
    full = []
    def refuse(event, given):
        if event != "open" or isinstance(given[0], int) or not given[2] & (os.O_WRONLY | os.O_RDWR):
            return
        path = os.fsdecode(given[0])
        if begin in path:
            full.append(path)
        if full and path.startswith(folder):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    sys.addaudithook(refuse)

children = set()
for line in sys.stdin:
    order = json.loads(line)
    if "poll" in order:
        pid, status = os.waitpid(order["poll"], os.WNOHANG)
        children.discard(pid)
        print(json.dumps(os.waitstatus_to_exitcode(status) if pid else None), flush=True)
        continue
    pid = os.fork()
    if pid == 0:
        os.environ.update(order["environment"])
        for number, path in enumerate(order["streams"]):
            os.dup2(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), number)
        recipe = recipes.Recipe.from_dict(order["recipe"])
        recipes.RECIPES[recipe.name] = recipe
        if order["full_disk"]:
            fill_the_disk(*order["full_disk"])
        sys.exit(program.main(order["arguments"]))
    children.add(pid)
    print(pid, flush=True)
for pid in children:
    os.kill(pid, signal.SIGKILL)
"""


@dataclass
class Child:
    """A ``segcore`` command in a process of its own."""

    ask: Callable[[dict[str, Any]], Any]
    pid: int
    out: Path
    err: Path
    code: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, minus the signal that ended it, None while it runs."""
        if self.code is None:
            self.code = self.ask({"poll": self.pid})
        return self.code

    def until(self, condition: Callable[[], Any], seconds: float = 180) -> Any:
        """Wait for a true value; fail if the command ends, or hangs, before."""
        limit = time.monotonic() + seconds
        while not (value := condition()):
            assert self.poll() is None, f"ended with {self.code}: {self.err.read_text()}"
            assert time.monotonic() < limit, f"waited {seconds} s: {self.err.read_text()}"
            time.sleep(0.005)
        return value

    def wait(self, seconds: float = 180) -> int:
        """Wait for the end; return the exit code."""
        limit = time.monotonic() + seconds
        while (code := self.poll()) is None:
            if time.monotonic() > limit:
                self.signal(signal.SIGKILL)
                pytest.fail(f"no end within {seconds} s: {self.out.read_text()}")
            time.sleep(0.02)
        return code

    def signal(self, number: int) -> None:
        if self.poll() is None:  # not reaped yet: the number cannot be another process's
            os.kill(self.pid, number)

    @property
    def printed(self) -> str:
        return self.out.read_text("utf-8")

    @property
    def complaint(self) -> str:
        """What it said on standard error, without TensorFlow's log lines."""
        lines = self.err.read_text("utf-8").splitlines(keepends=True)
        return "".join(line for line in lines if line.startswith(("segcore: ", "Traceback")))


class Launcher:
    """Runs ``segcore`` commands, each in a fresh fork of a process with TensorFlow imported."""

    def __init__(self, folder: Path):
        self.folder, self.count = folder, 0
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
        self.log = open(folder / "driver.log", "w", encoding="utf-8")
        self.process = subprocess.Popen(
            [sys.executable, "-c", DRIVER],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )

    def ask(self, order: dict[str, Any]) -> Any:
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, (self.folder / "driver.log").read_text()
        return json.loads(answer)

    def start(
        self,
        *arguments: Any,
        environment: dict[str, str] | None = None,
        full_disk: tuple[str, str] | None = None,
        **recipe: Any,
    ) -> Child:
        """Start ``segcore ARGUMENTS``; the recipe "tiny" is `TINY` with these changes.

        `full_disk` has a part of a path, at whose writing the disk gets full, and the
        beginning of the paths that cannot be written from then on.
        """
        self.count += 1
        out, err = (self.folder / f"{self.count:03d}.{kind}" for kind in ("out", "err"))
        order = {
            "arguments": [str(argument) for argument in arguments],
            "streams": [os.devnull, str(out), str(err)],
            "recipe": {**TINY, **recipe},
            "environment": environment or {},
            "full_disk": full_disk,
        }
        pid = self.ask(order)
        return Child(self.ask, pid, out, err)

    def train(self, data: Path | None, run: Path, *arguments: Any, **recipe: Any) -> Child:
        """Start a training with `TINY`, changed; without data it resumes."""
        source = ["--data", data] if data else ["--resume"]
        command = ["train", "--recipe", "tiny", "--run", run, *source, *arguments]
        return self.start(*command, **recipe)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(30)
        self.log.close()


def draw_pets(root: Path, count: int = 12, side: int = 48) -> Path:
    """Draw bright discs on dark ground, in the layout of Oxford-IIIT Pet."""
    rng = np.random.default_rng(7)
    rows, columns = np.mgrid[:side, :side]
    (root / "images").mkdir(parents=True)
    (root / "annotations" / "trimaps").mkdir(parents=True)
    lists: dict[str, list[str]] = {"trainval": [], "test": []}
    for i in range(count + 2):
        name = f"Disc_{i}"
        y, x = rng.uniform(0.35, 0.65, 2) * side
        distance = np.hypot(rows - y, columns - x) - rng.uniform(0.25, 0.35) * side
        picture = np.where(distance[..., None] < 0, (230, 180, 60), (30, 60, 90))
        picture = (picture + rng.normal(0, 8, picture.shape)).clip(0, 255).astype(np.uint8)
        trimap = np.select([distance < -2, distance < 0], [1, 3], 2).astype(np.uint8)
        Image.fromarray(picture).save(root / "images" / f"{name}.jpg", quality=95)
        Image.fromarray(trimap).save(root / "annotations" / "trimaps" / f"{name}.png")
        lists["trainval" if i < count else "test"].append(f"{name} 1 1 1\n")
    for part, lines in lists.items():
        (root / "annotations" / f"{part}.txt").write_text("".join(lines))
    return root


@pytest.fixture(scope="session")
def pets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12 pictures to train with, 2 to test with, 48x48 pixels."""
    return draw_pets(tmp_path_factory.mktemp("data") / "pets")


@pytest.fixture(scope="session")
def launcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    if not hasattr(os, "fork"):
        pytest.skip("needs fork, which Windows lacks")
    launcher = Launcher(tmp_path_factory.mktemp("launcher"))
    yield launcher
    launcher.close()


@dataclass
class Finished:
    """A run that was trained to the end, and what its command printed."""

    folder: Path
    printed: str


@pytest.fixture(scope="session")
def finished(launcher: Launcher, pets: Path, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """`TINY` trained for its three epochs."""
    folder = tmp_path_factory.mktemp("runs") / "finished"
    child = launcher.train(pets, folder)
    assert child.wait() == 0, child.err.read_text()
    return Finished(folder, child.printed)


# === Trainings that the app starts ===

FAKE = (sys.executable, str(Path(__file__).with_name("fake_program.py")))


def until(condition: Callable[[], object], seconds: float = 120) -> None:
    """Wait for a true value."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, f"waited {seconds} s"
        time.sleep(0.01)


def begin(control: Control, title: str = "A run", **settings: object) -> str:
    """Start a training of the fake program with these settings; return its name."""
    name = control.store.create(title)
    control.start(name, Order("tiny", settings))
    return name


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


@pytest.fixture
def control(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[Control]:
    """Controls that start the fake program; what still runs at the end is killed."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    control = Control(store, FAKE, at_once=1)
    yield control
    for entry in store.list():
        (entry.folder / "waiting.json").unlink(missing_ok=True)
    for entry in store.list():
        handle = control.status(entry.name).handle
        if handle and handle.pid != os.getpid():
            end(handle, force=True)
            until(lambda pid=handle.pid: not psutil.pid_exists(pid))
