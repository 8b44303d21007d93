"""Masks as COCO's compressed run lengths.

References
----------
cocodataset.org, Data format; `rleToString` of pycocotools' ``maskApi.c``: column by column,
background first; each run from the third on as its difference from the run before last, in
base 32 with six bits a character, from "0" on.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from segcore.objects import Patch


def encode(patch: Patch, size: tuple[int, int]) -> dict[str, Any]:
    """Return a mask as ``{"size": [height, width], "counts": text}``.

    Parameters
    ----------
    patch : Patch
    size : (height, width)
        Of the picture.

    Examples
    --------
    >>> encode(Patch(0, 1, np.ones((2, 1), bool)), (2, 3))
    {'size': [2, 3], 'counts': '222'}
    """
    return {"size": list(size), "counts": _text(_runs(patch, size))}


def _runs(patch: Patch, size: tuple[int, int]) -> NDArray[np.int64]:
    height, width = size
    rows, columns = patch.mask.shape
    padded = np.zeros((columns, rows + 1), np.int8)  # a row of background ends every column
    padded[:, :rows] = patch.mask.T
    steps = np.diff(padded.ravel(), prepend=0)
    starts, ends = (
        (patch.left + at // (rows + 1)) * height + patch.top + at % (rows + 1)
        for at in (np.flatnonzero(steps == 1), np.flatnonzero(steps == -1))
    )
    apart = starts[1:] != ends[:-1]  # else a run goes on at the top of the next column
    edges = np.empty(2 * (np.count_nonzero(apart) + 1 if starts.size else 0), np.int64)
    edges[::2] = starts[np.r_[True, apart]] if starts.size else starts
    edges[1::2] = ends[np.r_[apart, True]] if ends.size else ends
    runs = np.diff(np.r_[0, edges, height * width])
    return runs if runs[-1] or len(runs) == 1 else runs[:-1]


def _text(runs: NDArray[np.int64]) -> str:
    values = runs.copy()
    values[3:] -= runs[1:-2]
    going = np.ones(len(values), bool)
    codes, written = [], []
    while going.any():
        bits = values & 31
        values = values >> 5
        more = np.where(bits & 16, values != -1, values != 0)
        codes.append(48 + np.where(more, bits | 32, bits))
        written.append(going)
        going = going & more
    return bytes(np.stack(codes, 1)[np.stack(written, 1)].tolist()).decode("ascii")
