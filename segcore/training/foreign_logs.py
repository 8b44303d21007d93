"""Open the logs of other programs: Keras' CSVLogger, and TensorBoard's event files."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import chain, count, islice
from pathlib import PurePosixPath

import numpy as np

from segcore.training.event_files import DamagedEvents, Scalar, scalars
from segcore.training.logs import MOST_COLUMNS, Log, Table
from segcore.training.names import RunError, shorten

LARGEST = 50_000_000  # bytes of all files together
MOST_FILES = 200
MOST_ROWS = 1_000_000
MOST_SCALARS = 200_000  # of event files; some 20 microseconds each
MOST_RUNS = 50
_PARTS = {"train": "", "training": "", "validation": "val_", "val": "val_", "eval": "val_"}


def open_files(files: Mapping[str, bytes]) -> dict[str, Log]:
    """Read uploaded files.

    Parameters
    ----------
    files : mapping of str to bytes
        By name, with the folders if it came with any: ``logs/train/events.out.tfevents.1``.

    Returns
    -------
    dict of str to Log
        By run: a CSV file is one, and so is a folder of event files, with its folders
        ``train`` and ``validation``. Never empty.

    Raises
    ------
    RunError
        One sentence, if a file is damaged or too large, or none is a log.
    """
    if len(files) > MOST_FILES:
        raise RunError(f"There are {len(files)} files; {MOST_FILES} are accepted at the most.")
    if (size := sum(map(len, files.values()))) > LARGEST:
        raise RunError(
            f"The files have {size / 1e6:.0f} MB; {LARGEST / 1e6:.0f} MB are accepted at the most."
        )
    logs: dict[str, Log] = {}
    events: dict[PurePosixPath, list[bytes]] = defaultdict(list)
    for name, data in sorted(files.items()):
        path = PurePosixPath(name.replace("\\", "/"))
        if "tfevents" in path.name:
            events[path.parent].append(data)
        elif path.suffix.lower() in (".csv", ".log", ".txt"):
            logs[_free(path.with_suffix(""), logs)] = read_csv(data, path.name)
    _read_events(events, logs)
    if not logs:
        raise RunError(
            "There is no log among the files; accepted are the CSV file of Keras' CSVLogger "
            "and TensorBoard's event files (events.out.tfevents...)."
        )
    if len(logs) > MOST_RUNS:
        raise RunError(f"There are {len(logs)} runs; {MOST_RUNS} are accepted at the most.")
    return logs


def _free(path: PurePosixPath, taken: Iterable[str]) -> str:
    """Return a run's name that is not taken: the last part, with those before it, or numbered."""
    parts = [part for part in path.parts if part not in ("/", "..")] or ["TensorBoard"]
    names = ["/".join(parts[first:]) for first in reversed(range(len(parts)))]
    numbered = (f"{names[0]} ({number})" for number in count(2))
    return next(name for name in chain(names, numbered) if name not in taken)


# === CSVLogger ===


def read_csv(data: bytes, name: str = "The file") -> Log:
    """Read what Keras' ``CSVLogger`` writes: a header with ``epoch``, then a row an epoch.

    Separators ``,``, ``;`` and tabs are known. Keras counts epochs from 0, we from 1. A
    header in the middle (two trainings with ``append=True``) begins again: the rows of an
    epoch that comes twice are the later ones. Rows of another length, such as a last one
    that is cut off, are left out and counted.

    Raises
    ------
    RunError
        If it has no header, no column ``epoch`` or no row.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RunError(f"{name} is no CSV file: it holds no text in UTF-8.") from error
    lines = text.splitlines()
    header = lines[0] if lines else ""
    delimiter = max(",;\t", key=header.count)
    names = [word.strip().strip('"') for word in header.split(delimiter)]
    if "epoch" not in names or len(set(names)) != len(names) or len(names) > MOST_COLUMNS:
        raise RunError(
            f"{name} is no log of Keras' CSVLogger: its first line, {shorten(header)}, names no "
            "column epoch, or names one twice."
        )
    by_epoch: dict[float, list[float]] = {}
    damaged = 0
    try:
        for row in csv.reader(io.StringIO("\n".join(lines[1:])), delimiter=delimiter):
            values = [_number(word) for word in row]
            epoch = values[names.index("epoch")] if len(values) == len(names) else np.nan
            if np.isfinite(epoch) and len(by_epoch) < MOST_ROWS:
                by_epoch[epoch] = values
            elif row and [word.strip() for word in row] != names:
                damaged += 1
    except csv.Error as error:
        raise RunError(f"{name} is damaged ({error}).") from error
    if not by_epoch:
        raise RunError(f"{name} holds no epoch yet.")
    table = np.array([by_epoch[epoch] for epoch in sorted(by_epoch)])
    columns = dict(zip(names, table.T, strict=True))
    columns["epoch"] = columns["epoch"] + (columns["epoch"][0] == 0)
    return Log({}, _read_only(columns), damaged)


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:  # "NA", which Keras writes for what it does not know
        return np.nan


# === Event files ===


def _read_events(folders: Mapping[PurePosixPath, list[bytes]], logs: dict[str, Log]) -> None:
    """Add the runs to `logs`, the folders of each together: RUN/train and RUN/validation."""
    runs: dict[PurePosixPath, list[tuple[str, Scalar]]] = defaultdict(list)
    left = MOST_SCALARS
    for folder, files in folders.items():
        prefix = _PARTS.get(folder.name)
        found = runs[folder if prefix is None else folder.parent]
        for data in files:
            try:
                new = [(prefix or "", scalar) for scalar in islice(scalars(data), left + 1)]
            except DamagedEvents as error:
                raise RunError(
                    f"An event file in {shorten(folder)} is damaged: {error}."
                ) from error
            found += new
            left -= len(new)
            if left < 0:
                raise RunError(
                    f"The event files hold more than {MOST_SCALARS:,} values; open fewer runs."
                )
    if folders and not any(runs.values()):
        raise RunError("The event files hold no scalars; there is nothing to draw.")
    for run, values in runs.items():
        if values:
            logs[_free(run, logs)] = _log(values)


def _log(values: Iterable[tuple[str, Scalar]]) -> Log:
    """Sort scalars into epochs, whose tags begin with ``epoch_`` as Keras' do, and steps."""
    steps: dict[str, list[Scalar]] = defaultdict(list)
    epochs: dict[str, list[Scalar]] = defaultdict(list)
    for prefix, scalar in values:
        if scalar.tag.startswith("epoch_"):
            epochs[prefix + scalar.tag.removeprefix("epoch_")].append(scalar)
        else:
            tag = scalar.tag.removeprefix("batch_").removeprefix("step_")
            steps[prefix + tag].append(scalar)
    began = min(scalar.time for found in (steps, epochs) for v in found.values() for scalar in v)
    return Log(_join(steps, "step", 0, began), _join(epochs, "epoch", 1, began))


def _join(columns: Mapping[str, list[Scalar]], key: str, first: int, began: float) -> Table:
    """Make a table of columns with a row for each step that any of them has.

    Where a step comes twice, as after a training was resumed, the later one counts.
    `first` is what the first step is called if it is 0.
    """
    names = [name for name in columns if name not in (key, "elapsed")][: MOST_COLUMNS - 2]
    found = sorted({scalar.step for name in names for scalar in columns[name]})[:MOST_ROWS]
    if not found:
        return {}
    rows = {step: row for row, step in enumerate(found)}
    number = np.array(found, float)
    table = {key: number + (first if number[0] == 0 else 0)}
    time = np.full(len(found), -np.inf)
    for name in names:
        table[name] = np.full(len(found), np.nan)
        for scalar in sorted(columns[name], key=lambda s: s.time):
            row = rows.get(scalar.step)
            if row is not None:
                table[name][row] = scalar.value
                time[row] = max(time[row], scalar.time)
    table["elapsed"] = time - began
    return _read_only(table)


def _read_only(table: dict[str, np.ndarray]) -> Table:
    for column in table.values():
        column.flags.writeable = False
    return table
