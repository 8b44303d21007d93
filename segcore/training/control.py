"""Start, queue, stop and resume trainings; each is a child process that outlives the server.

``request.json``  the `Order` of a run, kept for good
``waiting.json``  its place in the queue: the time it was put there, and whether it resumes
``process.json``  the process that was started last, and whether it was asked to stop; its
                  ``since`` is the place in the queue that it had, which is used up with that

All of it is in the run folders, so a new server, or a second one, knows what the first knew.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from segcore.training import processes
from segcore.training.liveness import ACTIVE, exporter, read_json, trainer
from segcore.training.names import RunError, inside
from segcore.training.orders import Order
from segcore.training.processes import PROGRAM, Figures, Handle
from segcore.training.store import Entry, RunStore, writing

FINAL = ("finished", "stopped", "failed")


@dataclass(frozen=True)
class Status:
    """What a run is doing.

    Attributes
    ----------
    state : str
        waiting, loading, running, stopping, stopped, finished, failed or orphaned: it was
        training, but its process is gone.
    epoch, step : int
        The last finished epoch of a run at rest, else the current one and its step.
    message : str
        Why it failed.
    time : float
        When the training wrote its status, seconds since the epoch; 0: not yet.
    handle : Handle or None
        The process, if it lives and can be seen.
    place : int
        In the queue, from 1; 0 for runs that do not wait.
    """

    state: str
    epoch: int = 0
    step: int = 0
    message: str = ""
    time: float = 0.0
    handle: Handle | None = None
    place: int = 0

    @property
    def active(self) -> bool:
        """Whether it changes by itself, so that a page should look again."""
        return self.state in ("waiting", "loading", "running", "stopping")


class Control:
    """Starts and stops the trainings of a store.

    Methods raise a `RunError`, one sentence, if they cannot do what they are asked.

    Parameters
    ----------
    store : RunStore
    program : sequence of str
        The command in front of the words of `Order.words`.
    at_once : int or None
        Trainings that may run at the same time; None: ``SEGCORE_TRAININGS``, else 1.
    """

    def __init__(
        self, store: RunStore, program: Sequence[str] = PROGRAM, at_once: int | None = None
    ):
        self.store, self.program = store, list(program)
        self.at_once = _trainings() if at_once is None else at_once

    # === What a run is doing ===

    def state(self, name: str) -> str:
        """Return the state alone; see `Status`."""
        return self.status(name).state

    def status(self, name: str) -> Status:
        """Return what a run is doing, told by its files and the processes that live."""
        folder = self.store.folder(name)
        if place := self._place(name):
            return Status("waiting", place=place)
        handle = trainer(folder)
        try:
            seen = read_json(folder, "status.json")
        except RunError as error:
            return Status("failed", message=str(error), handle=handle)
        launch, told = _launch(folder), seen.get("pid")
        shown = partial(_status, seen, handle=handle)
        state = str(seen.get("state", ""))
        if handle:
            if told == handle.pid and state in FINAL:
                return shown(state)
            if launch.get("stopping") and launch.get("pid") == handle.pid:
                return shown("stopping")
            own = handle.pid in (0, told) and state in ACTIVE
            return shown(state) if own else Status("loading", handle=handle)
        if launch and _number(seen, "time") < _number(launch, "started"):  # not a word from it
            if launch.get("stopping"):
                return shown("stopped")
            words = launch.get("problem") or processes.last_words(inside(folder, "log.txt"))
            return shown("failed", message=str(words) or "It ended without a word; see log.txt.")
        if state in ACTIVE:
            if launch.get("stopping") and launch.get("pid") == told:
                return shown("stopped")
            words = processes.complaint(inside(folder, "log.txt"))  # on a full disk, all it left
            return shown("failed", message=words) if words else shown("orphaned")
        return shown(state if state in FINAL else "stopped")

    def figures(self, name: str) -> Figures | None:
        """Return the memory and CPU that a training uses, None if it does not run."""
        handle = trainer(self.store.folder(name))
        return processes.figures(handle) if handle and handle.pid else None

    def queue(self) -> list[str]:
        """Return the names of the runs that wait, the next one first."""
        return [name for _, name, _ in self._waiting()]

    # === What a run is to do ===

    def start(self, name: str, order: Order) -> None:
        """Train a run that `RunStore.create` made, now or when its turn comes.

        If it gets no place in the queue, its folder, in which there is nothing yet, is
        removed. What fails after that is the message of its `Status`.
        """
        try:
            with self.store.locked():
                entry = self.store.get(name)
                self._refuse_if_at_work(entry)
                if entry.settings:
                    raise RunError(f"{name} was begun already; resume it, or clone it.")
                try:
                    self.store.write(name, "request.json", order.to_dict())
                    self._wait(entry)
                except RunError:
                    (entry.folder / "request.json").unlink(missing_ok=True)
                    raise
                self._advance()
        except RunError:
            self.store.discard(name)
            raise

    def resume(self, name: str) -> None:
        """Go on after the last finished epoch, now or when the run's turn comes.

        A run whose training never got to its first step is begun anew.
        """
        with self.store.locked():
            entry = self.store.get(name)
            self._refuse_if_at_work(entry)
            if entry.problem:
                raise RunError(entry.problem)
            if entry.status.get("state") == "finished":
                raise RunError(f"{name} is finished; clone it to train it for longer.")
            if not entry.settings and not entry.request:
                raise RunError(f"{name} was never asked to train; start it.")
            self._wait(entry)
            self._advance()

    def stop(self, name: str, *, force: bool = False) -> None:
        """Ask a training to stop, which keeps its last checkpoint; or take it off the queue.

        With `force` the process is ended at once; it loses what it did since its last
        checkpoint, and can be resumed from there.
        """
        with self.store.locked():
            folder = self.store.folder(name)
            if self._place(name):
                self._leave_queue(name)
                self._write_process(name, None, stopping=True)
                return
            handle = trainer(folder)
            if handle is None:
                raise RunError(f"{name} does not train; there is nothing to stop.")
            if not handle.pid:
                raise RunError(
                    f"{name} is trained by a process that cannot be seen from here; stop it "
                    "where it was started."
                )
            self._write_process(name, handle, stopping=True)
            processes.end(handle, force=force)

    def advance(self) -> list[str]:
        """Start what waits, as far as there is room; return the names of what was started.

        Cheap when nothing waits; called at each look of a page and after each training.
        """
        if not self._waiting():
            return []
        with self.store.locked():
            return self._advance()

    # === Inside ===

    def _waiting(self) -> list[tuple[int, str, bool]]:
        """Return time, name and whether it resumes, of what waits, in order."""
        found = []
        for path in self.store.root.glob("[!.]*/waiting.json"):
            name = path.parent.name
            try:
                values = read_json(self.store.folder(name), "waiting.json")
            except RunError:
                continue
            since = int(_number(values, "since"))
            if _launch(path.parent).get("since") != since:
                found.append((since, name, bool(values.get("resume"))))
        return sorted(found)

    def _place(self, name: str) -> int:
        """Return the place in the queue, from 1; 0 if the run does not wait."""
        if not (self.store.folder(name) / "waiting.json").is_file():
            return 0
        queue = self.queue()
        return queue.index(name) + 1 if name in queue else 0

    def _leave_queue(self, name: str) -> None:
        with writing(f"{name}'s place in the queue"):
            inside(self.store.folder(name), "waiting.json").unlink()

    def _wait(self, entry: Entry) -> None:
        values = {"since": time.time_ns(), "resume": bool(entry.settings)}
        self.store.write(entry.name, "waiting.json", values)

    def _advance(self) -> list[str]:
        started: list[str] = []
        waiting = self._waiting()
        busy = {entry.name for entry in self.store.list() if _at_work(entry)}
        for since, name, resume in waiting:
            if len(busy) >= self.at_once:
                break
            if name in busy:
                continue  # the process it had is still on its way out
            try:
                self._launch(name, self.store.folder(name), resume, since)
                busy.add(name)
                started.append(name)
            except (RunError, OSError, ValueError) as error:
                problem = f"It could not be started: {error}"
                self._write_process(name, None, since=since, problem=problem)
            finally:
                self._leave_queue(name)
        return started

    def _launch(self, name: str, folder: Path, resume: bool, since: int) -> None:
        _refuse_links(folder)
        if resume:
            words = ["train", "--resume", f"--run={folder}"]
        else:
            words = Order.from_dict(read_json(folder, "request.json")).words(folder)
        log = inside(folder, "log.txt")
        handle = processes.spawn([*self.program, *words], log, then=self._on_end)
        try:
            self._write_process(name, handle, since=since)
        except RunError:
            processes.end(handle, force=True)
            raise

    def _on_end(self) -> None:
        try:
            self.advance()
        except RunError:  # the next look of a page tries again, and shows it
            pass

    def _write_process(self, name: str, handle: Handle | None, **values: Any) -> None:
        handle = handle or Handle(0, time.time())
        self.store.write(name, "process.json", asdict(handle) | values)

    def _refuse_if_at_work(self, entry: Entry) -> None:
        folder = self.store.folder(entry.name)
        if self._place(entry.name):
            raise RunError(f"{entry.name} waits for its turn already.")
        if exporter(folder):
            raise RunError(f"{entry.name} is being exported; try again after that.")
        if trainer(folder) and entry.status.get("state") not in FINAL:
            raise RunError(f"{entry.name} trains already.")


def _trainings() -> int:
    text = os.environ.get("SEGCORE_TRAININGS", "1")
    if not text.isdecimal() or not int(text):
        raise RunError(f"SEGCORE_TRAININGS is {text!r}; accepted are whole numbers from 1 on.")
    return int(text)


def _status(seen: dict[str, Any], state: str, **values: Any) -> Status:
    epoch, step = (int(_number(seen, key)) for key in ("epoch", "step"))
    message = str(seen.get("message") or "")
    return Status(**{"message": message, **values}, state=state, epoch=epoch, step=step,
                  time=_number(seen, "time"))  # fmt: skip


def _number(values: dict[str, Any], key: str) -> float:
    value = values.get(key)
    return value if isinstance(value, (int, float)) and abs(value) < 1e300 else 0


def _launch(folder: Path) -> dict[str, Any]:
    """Return ``process.json``; a damaged one tells nothing."""
    try:
        return read_json(folder, "process.json")
    except RunError:
        return {}


def _at_work(entry: Entry) -> bool:
    try:
        return trainer(entry.folder) is not None
    except RunError:  # a link, or no folder of ours
        return False


def _refuse_links(folder: Path) -> None:
    """Raise a `RunError` if a file that a training writes would land elsewhere."""
    for part in (folder, folder / "samples", folder / "checkpoints"):
        for path in part.iterdir() if part.is_dir() else ():
            inside(folder, *path.relative_to(folder).parts)
