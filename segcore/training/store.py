"""The folder of all runs: list, create, describe, delete. Nothing outside it is touched.

Beside what `segcore.training.runs` describes, a run folder may hold

``about.json``    title, notes and the time of creation
``request.json``  what the app was asked to train; see `segcore.training.control`
``waiting.json``  its place in the queue, while it waits
``log.txt``       what the training printed
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segcore.files import lock, write_atomically
from segcore.training.liveness import exporter, read_json, trainer
from segcore.training.names import RunError, check_name, folder_name, inside, shorten
from segcore.training.processes import PROJECT
from segcore.training.runs import Run

SHIPPED = PROJECT / "segcore" / "shipped_runs"  # a store of runs that segcore comes with
LONGEST_NOTES = 20_000  # characters
LOCK_SECONDS = 10.0


@dataclass(frozen=True)
class Entry:
    """A run of the list.

    Attributes
    ----------
    name : str
        The folder's name; stays the same for good.
    folder : Path
    title, notes : str
        As given by the user.
    created : float
        Seconds since the epoch.
    settings : dict
        ``run.json``: recipe, data and so on; empty before the training has begun.
    request : dict
        ``request.json``: what the app was asked to train; empty for other runs.
    status : dict
        ``status.json``
    problem : str
        What is wrong with the folder, in one sentence, or nothing.
    """

    name: str
    folder: Path
    title: str
    notes: str = ""
    created: float = 0.0
    settings: dict[str, Any] = field(default_factory=dict)
    request: dict[str, Any] = field(default_factory=dict)
    status: dict[str, Any] = field(default_factory=dict)
    problem: str = ""

    @property
    def run(self) -> Run:
        """The run folder."""
        return Run(self.folder)


class RunStore:
    """The runs in a folder.

    Every method that takes a name raises a `RunError` if it is no name, or no run has it.

    Parameters
    ----------
    root : Path or None
        None: ``SEGCORE_RUNS``, else ``runs/`` in the project's folder. Made when needed.
    """

    def __init__(self, root: Path | str | None = None):
        root = root or os.environ.get("SEGCORE_RUNS") or PROJECT / "runs"
        self.root = Path(root).resolve()

    # === Look ===

    def list(self) -> Sequence[Entry]:
        """Return all runs, the newest first; damaged ones say so in `Entry.problem`."""
        try:
            with os.scandir(self.root) as found:
                entries = [
                    self._entry(item.name)
                    for item in found
                    if not item.name.startswith(".") and (item.is_dir() or item.is_symlink())
                ]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise RunError(f"{self.root} cannot be read ({error.strerror}).") from error
        return sorted(entries, key=lambda entry: (-entry.created, entry.name))

    def get(self, name: str) -> Entry:
        """Return a run; a damaged one says so in its `Entry.problem`."""
        self.folder(name)
        return self._entry(name)

    def __contains__(self, name: str) -> bool:
        try:
            self.folder(name)
        except RunError:
            return False
        return True

    def folder(self, name: str) -> Path:
        """Return the folder of a run."""
        if check_name(name) != name:
            raise RunError(f"There is no run {shorten(name)}; names have no space at an end.")
        path = inside(self.root, name)
        if not path.is_dir():
            raise RunError(f"There is no run {shorten(name)}; it may have been deleted.")
        return path

    def file(self, name: str, *parts: str) -> Path:
        """Return the path of a file in a run's folder, such as ``"samples", "0-0001.png"``.

        Raises
        ------
        RunError
            If there is no such file, or it is a link or lies elsewhere.
        """
        path = inside(self.folder(name), *parts)
        if not path.is_file():
            raise RunError(f"The run {name} has no file {shorten('/'.join(parts))}.")
        return path

    def _entry(self, name: str) -> Entry:
        folder, problem = self.root / name, ""
        files: dict[str, dict[str, Any]] = {}
        try:
            self.folder(name)
            for file in ("about.json", "request.json", "run.json", "status.json"):
                try:
                    files[file] = read_json(folder, file)
                except RunError as error:
                    problem = problem or str(error)
            problem = problem or _what_is_missing(name, files)
        except RunError as error:
            problem = str(error)
        about, settings = files.get("about.json", {}), files.get("run.json", {})
        title, notes = about.get("title"), about.get("notes")
        created = settings.get("created", about.get("created"))
        return Entry(
            name,
            folder,
            title if isinstance(title, str) and title else name,
            notes if isinstance(notes, str) else "",
            float(created) if isinstance(created, (int, float)) else _modified(folder),
            settings,
            files.get("request.json", {}),
            files.get("status.json", {}),
            problem,
        )

    # === Change ===

    def create(self, title: str, notes: str = "") -> str:
        """Make a folder for a new run; return its name, which is made from the title.

        Raises
        ------
        RunError
            If the title is no name (see `check_name`), or the disk is full.
        """
        title = check_name(title)
        base, number = folder_name(title), 1
        with writing("The new run"):
            self.root.mkdir(parents=True, exist_ok=True)
            while True:
                name = base if number == 1 else f"{base}-{number}"
                try:
                    (self.root / name).mkdir()
                    break
                except FileExistsError:
                    number += 1
            about = {"title": title, "notes": _check_notes(notes), "created": time.time()}
            try:
                self.write(name, "about.json", about)
            except (RunError, OSError):
                shutil.rmtree(self.root / name, ignore_errors=True)
                raise
        return name

    def rename(self, name: str, title: str) -> None:
        """Give a run another title; its folder, and so its address, stay as they are."""
        self._describe(name, title=check_name(title))

    def set_notes(self, name: str, notes: str) -> None:
        """Replace the notes of a run."""
        self._describe(name, notes=_check_notes(notes))

    def delete(self, name: str) -> None:
        """Delete a run for good; refused while it trains or is exported.

        The folder is renamed first, so that no reader meets half of it.
        """
        with self.locked():
            folder = self.folder(name)
            if trainer(folder) or exporter(folder):
                raise RunError(f"{name} is still at work; stop it before you delete it.")
            try:
                folder.rename(self.root / f".trash-{time.time_ns()}")
            except OSError as error:
                raise RunError(f"{name} cannot be deleted ({error.strerror}).") from error
        for trash in self.root.glob(".trash-*"):
            shutil.rmtree(trash, ignore_errors=True)

    def discard(self, name: str) -> None:
        """Remove a run that has no more than its title and notes; leave others as they are."""
        if name in self and {path.name for path in self.folder(name).iterdir()} <= {"about.json"}:
            shutil.rmtree(self.folder(name), ignore_errors=True)

    def write(self, name: str, file: str, values: dict[str, Any]) -> None:
        """Replace a JSON file of a run."""
        folder = self.folder(name)
        path = inside(folder, file)
        inside(folder, f"{file}.part")
        with writing(f"{file} of {name}"):
            write_atomically(path, json.dumps(values, indent=1).encode())

    def _describe(self, name: str, **changes: str) -> None:
        with self.locked():
            entry = self.get(name)
            about = {"title": entry.title, "notes": entry.notes, "created": entry.created}
            self.write(name, "about.json", about | changes)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other sessions and servers from starting or deleting runs meanwhile."""
        with writing("The folder of runs"):
            self.root.mkdir(parents=True, exist_ok=True)
            path, limit = inside(self.root, ".lock"), time.monotonic() + LOCK_SECONDS
            while (file := lock(path)) is None:
                if time.monotonic() > limit:
                    raise RunError("The runs are in use by another session; try again.")
                time.sleep(0.01)
        with file:
            yield


@contextmanager
def writing(what: str) -> Iterator[None]:
    """Turn a full disk, and whatever else keeps from writing, into one sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise RunError(
                f"The disk is full: {what} could not be written; delete runs that you no "
                "longer need, or make room elsewhere."
            ) from error
        raise RunError(f"{what} could not be written ({error.strerror or error}).") from error


def _what_is_missing(name: str, files: dict[str, dict[str, Any]]) -> str:
    settings = files["run.json"]
    if not settings:
        begun = files["about.json"] or files["request.json"]
        return "" if begun else f"{name} holds no run: run.json is missing."
    recipe, data = settings.get("recipe"), settings.get("data")
    if not isinstance(recipe, dict) or not isinstance(data, list):
        return f"run.json of {name} is damaged: recipe or data is missing."
    return ""


def _check_notes(notes: str) -> str:
    if len(notes) > LONGEST_NOTES:
        raise RunError(
            f"The notes have {len(notes):,} characters; {LONGEST_NOTES:,} are accepted at the most."
        )
    return notes


def _modified(folder: Path) -> float:
    try:
        return folder.lstat().st_mtime
    except OSError:
        return 0.0
