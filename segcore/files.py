"""Files that no reader meets half-written, that one process at a time may own; their hashes."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import IO


def write_atomically(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Write a file so that a reader, or a crash, meets the old or the new one only.

    `durable` also waits for the disk, so that this holds when the power fails.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        with open(part, "wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(part, path)
    except OSError:  # as on a full disk, where half a file only takes room
        with suppress(OSError):
            part.unlink()
        raise


def replace_durably(part: Path, path: Path) -> None:
    """Give a finished file its name, once it is on the disk."""
    with open(part, "rb+") as file:
        os.fsync(file.fileno())
    os.replace(part, path)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def lock(path: Path) -> IO[bytes] | None:
    """Lock a file for as long as the returned one stays open; None if another process has it.

    The system frees the lock when the process ends, however it ends.
    """
    file = open(path, "ab")
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file
