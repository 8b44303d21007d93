"""Gives memory that large pictures needed back to the system."""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

AT_ONCE = 2
_few = threading.BoundedSemaphore(AT_ONCE)


@contextmanager
def sparing() -> Iterator[None]:
    """Let `AT_ONCE` threads of the process do what needs much memory; then `give_back`."""
    try:
        with _few:
            yield
    finally:
        give_back()


def give_back() -> None:
    """Return freed memory to the system, where the C library keeps it (glibc on Linux).

    Buffers of pictures come and go in many threads; without this each thread's heap stays
    as large as its largest moment.
    """
    if _trim is not None:
        _trim(0)


def _find_trim():
    if not sys.platform.startswith("linux"):
        return None
    try:
        return ctypes.CDLL("libc.so.6").malloc_trim
    except (OSError, AttributeError):
        return None


_trim = _find_trim()
