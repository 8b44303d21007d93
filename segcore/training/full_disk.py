"""A full disk during a training, in one sentence."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from segcore.training.names import RunError
from segcore.training.runs import Run

SIGNS = tuple(os.strerror(number) for number in (errno.ENOSPC, errno.EDQUOT))


@contextmanager
def full_disk(run: Run) -> Iterator[None]:
    """Raise a `RunError` for whatever failed because no room was left.

    Told by the system's words in the message: beside `OSError` there are TensorFlow's and
    h5py's own errors.
    """
    try:
        yield
    except Exception as error:
        if not any(sign in str(error) for sign in SIGNS):
            raise
        kept = run.last_epoch()
        what = f"epoch {kept} is kept" if kept else "no epoch was finished"
        raise RunError(f"The disk is full: {what}; make room and resume the training.") from error
