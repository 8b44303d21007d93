"""Child processes that outlive the server: start them, find them again, end, measure them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from segcore.training.names import RunError

PROJECT = Path(__file__).parents[2]
PROGRAM = (sys.executable, "-m", "segcore")
NICENESS = 15  # of trainings, without SEGCORE_TRAINING_NICENESS
SAME_START = 2.0  # seconds by which a start time may seem to move when the clock is corrected
SPEAKER = "segcore: "  # begins a sentence of the command line
LONGEST_WORDS = 300  # characters
FRESH = 0.5  # seconds for which figures are not measured again

_lock = threading.Lock()
_dead: set[Handle] = set()
_measured: dict[Handle, _Meter] = {}


@dataclass(frozen=True)
class Handle:
    """A process for good: its number may be given to another one later, with another start.

    `started` is in seconds since the epoch.
    """

    pid: int
    started: float

    @staticmethod
    def of(values: dict[str, Any]) -> Handle | None:
        """Return the handle in the fields ``pid`` and ``started`` of a file, if it has one."""
        pid, started = values.get("pid"), values.get("started")
        if type(pid) is int and 0 < pid < 2**31 and isinstance(started, (int, float)):
            return Handle(pid, float(started))
        return None


@dataclass(frozen=True)
class Figures:
    """What a process and its children use: megabytes, and per cent of one core."""

    memory: float
    cpu: float


def spawn(command: list[str], log: Path, then: Callable[[], None] = lambda: None) -> Handle:
    """Start a command in the background, in a session and a log file of its own.

    It runs in the project's folder, at the priority of `niceness`, and reads nothing. Its
    end is waited for in a thread, so it never stays behind as a zombie.

    Parameters
    ----------
    command : list of str
    log : Path
        What it prints is added to this file.
    then : callable
        Called in the thread after the end.

    Raises
    ------
    OSError
        If it cannot be started.
    RunError
        If SEGCORE_TRAINING_NICENESS is no niceness.
    """
    step_back = niceness()
    windows: dict[str, Any] = {}
    if sys.platform == "win32":
        lower = subprocess.BELOW_NORMAL_PRIORITY_CLASS if step_back else 0
        windows["creationflags"] = subprocess.CREATE_NEW_PROCESS_GROUP | lower
    with open(log, "ab") as output:
        process = subprocess.Popen(
            command,
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **windows,
        )
    started = time.time()
    try:
        child = psutil.Process(process.pid)
        started = child.create_time()
        if sys.platform != "win32":
            child.nice(max(child.nice(), step_back))  # before it has threads, which inherit it
            _be_nice_to_other_sessions(process.pid, step_back)
    except psutil.Error:  # it has ended already
        pass

    def wait() -> None:
        process.wait()
        then()

    threading.Thread(target=wait, name=f"wait for {process.pid}", daemon=True).start()
    return Handle(process.pid, started)


def niceness() -> int:
    """Return how far a training steps back: 0, not at all, to 19, before everything else."""
    text = os.environ.get("SEGCORE_TRAINING_NICENESS", str(NICENESS))
    if not text.isdecimal() or int(text) > 19:
        raise RunError(
            f"SEGCORE_TRAINING_NICENESS is {text[:40]!r}; accepted are whole numbers from 0 to 19."
        )
    return int(text)


def _be_nice_to_other_sessions(pid: int, step_back: int) -> None:
    """Lower the whole session's priority where Linux shares the time by session first.

    With autogroups (``man 7 sched``) niceness counts within a session only, and the child
    has one of its own.
    """
    try:
        Path(f"/proc/{pid}/autogroup").write_text(str(step_back))
    except OSError:  # no Linux, or one without autogroups
        pass


def find(handle: Handle) -> psutil.Process | None:
    """Return the process if it still lives, None for a zombie or another of the same number."""
    if handle in _dead:
        return None
    try:
        process = psutil.Process(handle.pid)
        alive = (
            abs(process.create_time() - handle.started) < SAME_START
            and process.status() != psutil.STATUS_ZOMBIE
        )
    except psutil.NoSuchProcess:
        alive = False
    except psutil.AccessDenied:  # another user's
        return None
    if not alive:
        _dead.add(handle)
        return None
    return process


def end(handle: Handle, *, force: bool = False) -> None:
    """Ask a process to end, or with `force` end it and its children at once.

    Windows knows no asking: there it is always ended at once.

    Raises
    ------
    RunError
        If it belongs to another user.
    """
    process = find(handle)
    if process is None:
        return
    try:
        family = process.children(recursive=True) if force else []
        for member in [process, *family]:
            member.kill() if force else member.terminate()
    except psutil.NoSuchProcess:
        pass
    except psutil.AccessDenied as error:
        raise RunError("The process belongs to another user, who must stop it.") from error


class _Meter:
    """Keeps the processes of a family: CPU time is counted from one look to the next."""

    def __init__(self) -> None:
        self.family: dict[int, psutil.Process] = {}
        self.time, self.figures = 0.0, Figures(0.0, 0.0)

    def look(self, process: psutil.Process) -> Figures:
        """Measure, unless that was done just now."""
        if time.monotonic() - self.time < FRESH:
            return self.figures
        members = [process, *process.children(recursive=True)]
        self.family = {m.pid: self.family.get(m.pid, m) for m in members}
        memory = cpu = 0.0
        for member in self.family.values():
            try:
                memory += member.memory_info().rss / 1e6
                cpu += member.cpu_percent()
            except psutil.NoSuchProcess:
                pass
        self.time, self.figures = time.monotonic(), Figures(memory, cpu)
        return self.figures


def figures(handle: Handle) -> Figures | None:
    """Return what a process uses, None if it has ended.

    The first look at a process gives 0 % of CPU, later ones the mean since the last.
    """
    with _lock:
        process = find(handle)
        if process is None:
            _measured.pop(handle, None)
            return None
        try:
            return _measured.setdefault(handle, _Meter()).look(process)
        except psutil.NoSuchProcess:
            return None


def last_words(log: Path) -> str:
    """Return the sentence with which a command of ``segcore`` ended, else its last line."""
    lines = _last_lines(log)
    own = [line.removeprefix(SPEAKER) for line in lines if line.startswith(SPEAKER)]
    return (own or lines or [""])[-1][:LONGEST_WORDS]


def complaint(log: Path) -> str:
    """Return the sentence with which a command of ``segcore`` ended; nothing if it had none."""
    last = ["", *_last_lines(log)][-1]
    return last.removeprefix(SPEAKER)[:LONGEST_WORDS] if last.startswith(SPEAKER) else ""


def _last_lines(log: Path) -> list[str]:
    """Return the last lines that are not empty."""
    if not log.is_file():
        return []
    with open(log, "rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - 8192))
        lines = [line.strip() for line in file.read().decode("utf-8", "replace").splitlines()]
    return [line for line in lines if line]
