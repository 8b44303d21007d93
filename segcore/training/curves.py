"""From records to curves for a chart: what x is, smoothing, and fewer points."""

from __future__ import annotations

import math

import numpy as np

from segcore.training.logs import Log, Table, rows

UNITS = ("step", "epoch", "time")
POINTS = 1500


def axis(log: Log, kind: str, unit: str) -> np.ndarray:
    """Return where the records of a table lie on the x axis.

    Parameters
    ----------
    log : Log
    kind : {"steps", "epochs"}
    unit : {"step", "epoch", "time"}
        Steps and epochs done, or seconds of training.

    Returns
    -------
    array of float64
        As long as the table; all NaN if its records cannot tell.
    """
    if unit not in UNITS:
        raise ValueError(f"unit is {unit!r}; accepted are {', '.join(UNITS)}.")
    table = log.steps if kind == "steps" else log.epochs
    if unit == "time":
        return _time(table)
    own = table.get("step" if kind == "steps" else "epoch")
    if own is None:
        return np.full(rows(table), np.nan)
    if (unit == "step") == (kind == "steps"):
        return own
    each = steps_per_epoch(log)
    return own * (each if kind == "epochs" else 1 / each if each else math.nan)


def steps_per_epoch(log: Log) -> float:
    """Return the number of steps of an epoch, NaN before it is known."""
    step, epoch = log.steps.get("step"), log.steps.get("epoch")
    if step is None or epoch is None or not len(step) or not epoch[0] > 0:
        return math.nan
    first = np.flatnonzero(epoch == epoch[0])
    if len(first) == len(step) and not rows(log.epochs):
        return math.nan
    return float(step[first[-1]] / epoch[0])


def _time(table: Table) -> np.ndarray:
    """Return the seconds of training so far; of older runs, the sum of what each took."""
    if "elapsed" in table:
        return table["elapsed"]
    if "seconds" in table:
        return np.cumsum(np.nan_to_num(table["seconds"]))
    return np.full(rows(table), np.nan)


def smooth(values: np.ndarray, weight: float) -> np.ndarray:
    """Return the exponential moving average as TensorBoard draws it, free of its start at 0.

    Parameters
    ----------
    values : array of float
        What is not finite stays as it is and moves nothing.
    weight : float
        Of what came before, 0 (no smoothing) to below 1.

    References
    ----------
    ``resmoothDataset`` in TensorBoard's ``vz_line_chart2/line-chart.ts``; the correction is
    that of Kingma and Ba, 2015, Adam, section 3.
    """
    if not 0 <= weight < 1:
        raise ValueError(f"weight is {weight}; accepted is a number from 0 to below 1.")
    if not weight:
        return values
    smoothed, mean, left = [], 0.0, 1.0
    for value in values.tolist():
        if math.isfinite(value):
            mean = weight * mean + (1 - weight) * value
            left *= weight
            value = mean / (1 - left)
        smoothed.append(value)
    return np.array(smoothed)


def downsample(x: np.ndarray, y: np.ndarray, limit: int = POINTS) -> tuple[np.ndarray, np.ndarray]:
    """Return at most `limit` points of a curve that draw it alike.

    The curve is cut into equal pieces, of each of which the lowest and the highest point
    stay, and with them the first and the last of all. Points that are not finite are left
    out.

    Parameters
    ----------
    x, y : array of float, equally long
    limit : int
        4 or more.
    """
    finite = np.isfinite(x) & np.isfinite(y)
    if not finite.all():
        x, y = x[finite], y[finite]
    if len(y) <= limit:
        return x, y
    pieces = (limit - 2) // 2
    width = -(-len(y) // pieces)
    padded = np.full(pieces * width, y[-1])
    padded[: len(y)] = y
    grid, starts = padded.reshape(pieces, width), width * np.arange(pieces)
    kept = np.concatenate(([0], starts + grid.argmin(1), starts + grid.argmax(1), [len(y) - 1]))
    kept = np.unique(np.minimum(kept, len(y) - 1))
    return x[kept], y[kept]
