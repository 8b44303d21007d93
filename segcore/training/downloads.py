"""What can be taken away of a run: its history as CSV, its folder as ZIP, its model."""

from __future__ import annotations

import csv
import io
import math
import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import IO

from segcore.training.logs import Table
from segcore.training.names import RunError
from segcore.training.store import RunStore, writing

OF_THE_MACHINE = ("lock", "process.json", "waiting.json", "export.json", "export.txt")
WEIGHTS = (".keras", ".h5")
IN_MEMORY = 8_000_000  # bytes; larger archives go to a temporary file


def history_csv(table: Table) -> bytes:
    r"""Return a table of `segcore.training.logs` as CSV in UTF-8; NaN is an empty cell.

    Examples
    --------
    >>> import numpy as np
    >>> history_csv({"epoch": np.array([1.0, 2.0]), "loss": np.array([0.5, np.nan])})
    b'epoch,loss\r\n1,0.5\r\n2,\r\n'
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(table)
    columns = [[_cell(value) for value in column.tolist()] for column in table.values()]
    writer.writerows(zip(*columns, strict=True))
    return buffer.getvalue().encode()


def _cell(value: float) -> str:
    if math.isnan(value):
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)


def run_zip(store: RunStore, name: str, *, weights: bool = False) -> IO[bytes]:
    """Return a run's folder as an open ZIP file, at its beginning; close it after use.

    Parameters
    ----------
    store : RunStore
    name : str
    weights : bool
        With the checkpoints and ``best.keras``, which are most of a run's size.

    Raises
    ------
    RunError
        If there is no such run, or no room on the disk.
    """
    folder = store.folder(name)
    archive = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)
    try:
        with (
            writing(f"The ZIP file of {name}"),
            zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target,
        ):
            for path in _files(folder):
                if path.suffix in WEIGHTS and not weights:
                    continue
                _add(target, path, f"{name}/{path.relative_to(folder).as_posix()}")
    except BaseException:
        archive.close()
        raise
    archive.seek(0)
    return archive


def _files(folder: Path) -> list[Path]:
    """Return the files to take along, links and half-written ones left out."""
    found = []
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for file in sorted(files):
            path = Path(parent, file)
            if file in OF_THE_MACHINE or file.startswith((".", "part-")) or path.is_symlink():
                continue
            if path.suffix != ".part" and path.is_file():
                found.append(path)
    return found


def _add(target: zipfile.ZipFile, path: Path, name: str) -> None:
    """Add a file; one that has gone since it was found, as an old checkpoint, is left out."""
    try:
        source = open(path, "rb")
    except FileNotFoundError:
        return
    stored = path.suffix in (*WEIGHTS, ".png")  # compressed already
    info = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
    info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    with source, target.open(info, "w", force_zip64=True) as part:
        shutil.copyfileobj(source, part, 1 << 20)


def model_file(store: RunStore, name: str) -> Path:
    """Return the path of the best epoch's ``.keras`` file, optimiser included."""
    if not (store.folder(name) / "best.keras").is_file():
        raise RunError(f"{name} has no finished epoch yet, so there is no model to download.")
    return store.file(name, "best.keras")
