"""Read the records of a training as columns, and only what is new of them."""

from __future__ import annotations

import json
import os
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from segcore.training.names import RunError, inside

Table = Mapping[str, np.ndarray]

ANCHOR = 32  # bytes before the new ones that are compared, to notice a rewritten file
LARGEST = 200_000_000  # bytes of a record file
MOST_COLUMNS = 100
KEPT_RUNS = 64


@dataclass(frozen=True)
class Log:
    """The records of a training.

    Attributes
    ----------
    steps, epochs : mapping of str to array
        A float64 array a column, all of a table equally long, read-only; NaN where a record
        has no such value. ``steps["step"]`` and ``epochs["epoch"]`` count from 1.
    damaged : int
        Lines that could not be read.
    """

    steps: Table = field(default_factory=dict)
    epochs: Table = field(default_factory=dict)
    damaged: int = 0


def rows(table: Table) -> int:
    """Return the number of records in a table."""
    return len(next(iter(table.values()), ()))


class Columns:
    """A table that grows: float64 arrays with room at the end."""

    def __init__(self) -> None:
        self._arrays: dict[str, np.ndarray] = {}
        self._count = 0

    def extend(self, records: list[dict[str, Any]]) -> None:
        """Add records; values that are no numbers become NaN."""
        first, self._count = self._count, self._count + len(records)
        for key in dict.fromkeys(key for record in records for key in record):
            if key in self._arrays or (
                len(self._arrays) < MOST_COLUMNS and any(_is_number(r.get(key)) for r in records)
            ):
                self._make_room(key)
        for key in self._arrays:
            self._make_room(key)
            self._arrays[key][first : self._count] = _column(records, key)

    def _make_room(self, key: str) -> None:
        old = self._arrays.get(key)
        if old is None or len(old) < self._count:
            new = np.full(max(256, 2 * self._count), np.nan)
            if old is not None:
                new[: len(old)] = old
            self._arrays[key] = new

    def table(self) -> Table:
        """Return what there is; later additions do not change it."""
        views = {key: array[: self._count] for key, array in self._arrays.items()}
        for view in views.values():
            view.flags.writeable = False
        return views


def _column(records: list[dict[str, Any]], key: str) -> np.ndarray:
    values = [record.get(key) for record in records]
    if set(map(type, values)) == {float}:
        return np.array(values)
    return np.array([float(v) if _is_number(v) else np.nan for v in values])  # type: ignore[arg-type]


def _is_number(value: object) -> bool:
    if type(value) is int:
        return abs(value) < 2**63
    return type(value) is float


class Tail:
    """The lines of a file that grows, each handed out once.

    Attributes
    ----------
    offset : int
        Bytes handed out so far.
    bytes_read : int
        Bytes ever read from the disk.
    """

    def __init__(self, path: Path):
        self.path = Path(path)
        self.bytes_read = 0
        self._forget()

    def _forget(self) -> None:
        self.offset, self._anchor, self._file = 0, b"", (0, 0)

    def read(self) -> tuple[list[bytes], bool]:
        """Return the new whole lines, and whether the file was begun anew before them.

        A last line without its end is left for later. A file that has shrunk, or was
        replaced by another that does not go on from what was read, is read from its
        beginning.

        Raises
        ------
        RunError
            If it cannot be read, or is larger than any log.
        """
        try:
            file = os.open(self.path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        except FileNotFoundError:
            anew = self.offset > 0
            self._forget()
            return [], anew
        except OSError as error:
            raise RunError(f"{self.path.name} cannot be read ({error.strerror}).") from error
        try:
            return self._read(file)
        except OSError as error:
            raise RunError(f"{self.path.name} cannot be read ({error.strerror}).") from error
        finally:
            os.close(file)

    def _read(self, file: int) -> tuple[list[bytes], bool]:
        stat = os.fstat(file)
        if stat.st_size > LARGEST:
            raise RunError(f"{self.path.name} has {stat.st_size:,} bytes; that is no log of ours.")
        same_file = self._file == (stat.st_dev, stat.st_ino)
        if same_file and stat.st_size == self.offset:
            return [], False
        anew = stat.st_size < self.offset or not self._goes_on(file)
        if anew:
            self._forget()
        self._file = stat.st_dev, stat.st_ino
        data = self._bytes(file, self.offset, stat.st_size - self.offset)
        whole = data[: data.rfind(b"\n") + 1]
        self.offset += len(whole)
        self._anchor = (self._anchor + whole[-ANCHOR:])[-ANCHOR:]
        return whole.splitlines(), anew

    def _goes_on(self, file: int) -> bool:
        start = self.offset - len(self._anchor)
        return self._bytes(file, start, len(self._anchor)) == self._anchor

    def _bytes(self, file: int, start: int, count: int) -> bytes:
        os.lseek(file, start, os.SEEK_SET)
        parts = []
        while count > 0 and (part := os.read(file, count)):
            parts.append(part)
            count -= len(part)
        data = b"".join(parts)
        self.bytes_read += len(data)
        return data


class RecordLog:
    """A file of JSON lines as columns; a damaged line is skipped and counted."""

    def __init__(self, path: Path):
        self.tail = Tail(path)
        self.columns, self.damaged = Columns(), 0

    def read(self) -> Table:
        """Take in what is new, and return all."""
        lines, anew = self.tail.read()
        if anew:
            self.columns, self.damaged = Columns(), 0
        if lines:
            records = _records(lines)
            self.damaged += len(lines) - len(records)
            self.columns.extend(records)
        return self.columns.table()


def _records(lines: list[bytes]) -> list[dict[str, Any]]:
    """Return the objects among the lines."""
    try:  # all at once is three times as fast
        values = json.loads(b"[" + b",".join(lines) + b"]")
        if len(values) != len(lines):
            raise ValueError("two values in a line")
    except (ValueError, RecursionError):
        values = [_value(line) for line in lines]
    return [value for value in values if isinstance(value, dict)]


def _value(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


class RunLog:
    """Steps and epochs of a run folder; may be read from many threads."""

    def __init__(self, folder: Path):
        folder = Path(folder)
        self._steps = RecordLog(folder / "steps.jsonl")
        self._epochs = RecordLog(folder / "epochs.jsonl")
        self._lock = threading.Lock()

    @property
    def bytes_read(self) -> int:
        """Bytes read from the disk so far."""
        return self._steps.tail.bytes_read + self._epochs.tail.bytes_read

    def read(self) -> Log:
        """Take in what is new, and return all."""
        with self._lock:
            epochs, steps = self._epochs.read(), self._steps.read()
            return Log(steps, epochs, self._steps.damaged + self._epochs.damaged)


_logs: OrderedDict[Path, RunLog] = OrderedDict()
_logs_lock = threading.Lock()


def run_log(folder: Path) -> RunLog:
    """Return the one `RunLog` of a folder in this process, so that all visitors share it."""
    folder = Path(folder).absolute()
    inside(folder.parent.resolve(), folder.name)
    with _logs_lock:
        log = _logs.setdefault(folder, RunLog(folder))
        _logs.move_to_end(folder)
        while len(_logs) > KEPT_RUNS:
            _logs.popitem(last=False)
        return log


def read_log(folder: Path) -> Log:
    """Return the records of a run folder so far; cheap if they were read before."""
    return run_log(folder).read()
