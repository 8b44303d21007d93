"""Who trains in a run folder, if anyone: told by process number, start time and lock.

``process.json``   the process that the app started last: pid, started, stopping, problem
``export.json``    the same of an export, with the model's name
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psutil

from segcore.files import lock
from segcore.training.names import RunError, inside
from segcore.training.processes import Handle, find

LARGEST = 1_000_000  # bytes of a JSON file
ACTIVE = ("loading", "running")

_files: dict[Path, tuple[tuple[int, ...], dict[str, Any]]] = {}
_free: dict[Path, tuple[tuple[int, ...], ...]] = {}


def read_json(folder: Path, name: str) -> dict[str, Any]:
    """Return the object in a JSON file of a run folder, an empty one if there is no file.

    Parsed once for as long as the file stays the same; not to be changed.

    Raises
    ------
    RunError
        If it is a link, too large, no JSON, or holds anything but an object.
    """
    path = inside(folder, name)
    mark = _mark(path)
    if not mark:
        return {}
    if mark[0] > LARGEST:
        raise RunError(f"{name} of {folder.name} has {mark[0]:,} bytes; that is none of ours.")
    if (known := _files.get(path)) and known[0] == mark:
        return known[1]
    try:
        values = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(f"{name} of {folder.name} is damaged: {_reason(error)}.") from error
    if not isinstance(values, dict):
        raise RunError(f"{name} of {folder.name} is damaged: it holds no settings.")
    if len(_files) > 5000:
        _files.clear()
    _files[path] = mark, values
    return values


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} in line {error.lineno}"
    return "no text in UTF-8" if isinstance(error, UnicodeDecodeError) else type(error).__name__


def _mark(path: Path) -> tuple[int, ...]:
    """Return what tells a version of a file from another, nothing if there is no file."""
    try:
        stat = path.stat()
    except OSError:
        return ()
    return stat.st_size, stat.st_mtime_ns, stat.st_ino


def trainer(folder: Path) -> Handle | None:
    """Return the process that trains in a run folder, or is about to, None if nobody does.

    A pid of 0 stands for a process that cannot be seen from here, but has the lock.
    """
    seen = {}
    for name in ("process.json", "status.json"):
        try:
            seen[name] = Handle.of(read_json(folder, name))
        except RunError:  # damaged: then the other one, and the lock, decide
            seen[name] = None
    for handle in seen.values():
        if handle and find(handle):
            return handle
    if not _lock_is_taken(folder):
        return None
    for handle in seen.values():  # the clock was set, which moves all start times
        if handle and psutil.pid_exists(handle.pid):
            return Handle(handle.pid, psutil.Process(handle.pid).create_time())
    return Handle(0, 0.0)


def _lock_is_taken(folder: Path) -> bool:
    """Try the lock; not again for as long as the run's files say the same.

    To try means to hold it for an instant, in which a trainer could not take it.
    """
    path = inside(folder, "lock")
    if not path.is_file():
        return False
    marks = tuple(_mark(folder / name) for name in ("lock", "status.json", "process.json"))
    if _free.get(folder) == marks:
        return False
    file = lock(path)
    if file is None:
        return True
    file.close()
    _free[folder] = marks
    return False


def exporter(folder: Path) -> Handle | None:
    """Return the process that exports a run, None if none does."""
    try:
        handle = Handle.of(read_json(folder, "export.json"))
    except RunError:
        return None
    return handle if handle and find(handle) else None
