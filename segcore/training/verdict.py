"""What the curves say: the best epoch, whether it overfits, how long it still takes."""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from segcore.training.curves import steps_per_epoch
from segcore.training.logs import Log, rows

WINDOW = 3  # epochs of a median
PATIENCE = 5  # epochs after the best one before anything is said
RISE = 0.05  # of the validation loss
FALL = 0.02  # of the training loss
NOISE = 4.0  # standard deviations of a single epoch that the rise must have
RECENT = 5  # epochs that the time left goes by


def best_epoch(log: Log) -> int | None:
    """Return the epoch of the highest validation mean IoU, else of the lowest loss.

    The first of several that are equal, as the one that ``best.keras`` keeps; None without
    a record of either.
    """
    epochs = log.epochs
    number = epochs.get("epoch", np.empty(0))
    numbered = np.isfinite(number) & (number == np.floor(number))
    for name, sign in (("val_mean_iou", 1), ("val_loss", -1), ("mean_iou", 1), ("loss", -1)):
        values = epochs.get(name)
        if "epoch" in epochs and values is not None and (np.isfinite(values) & numbered).any():
            best = np.where(np.isfinite(values) & numbered, sign * values, -np.inf).argmax()
            return int(epochs["epoch"][best])
    return None


def overfitting(log: Log) -> str | None:
    """Say in plain words that the validation loss has turned, or return None.

    It has turned if all of this holds, the losses being medians of `WINDOW` epochs, so
    that a single spike says nothing:

    - the lowest validation loss is `PATIENCE` epochs old or older;
    - the newest is higher by `RISE` or more, and by `NOISE` standard deviations of the
      epochs' noise, which the median of their second differences gives: a trend, even a
      steep one, is no noise;
    - the training loss has fallen by `FALL` or more since. If both rise, the training
      itself has gone wrong, which is something else.
    """
    epochs = log.epochs
    if not {"epoch", "loss", "val_loss"} <= set(epochs):
        return None
    both = np.isfinite(epochs["loss"]) & np.isfinite(epochs["val_loss"])
    number, training, validation = (epochs[k][both] for k in ("epoch", "loss", "val_loss"))
    if len(number) < PATIENCE + WINDOW:
        return None
    before, now = (
        np.median(sliding_window_view(losses, WINDOW), axis=1) for losses in (training, validation)
    )
    lowest = int(now.argmin())
    best = lowest + int(validation[lowest : lowest + WINDOW].argmin())
    if len(number) - 1 - best < PATIENCE or now[lowest] <= 0 or before[lowest] <= 0:
        return None
    rise, fall = now[-1] / now[lowest] - 1, 1 - before[-1] / before[lowest]
    if rise < RISE or fall < FALL or now[-1] - now[lowest] < NOISE * _noise(validation):
        return None
    return (
        f"It overfits: the validation loss was lowest in epoch {number[best]:.0f}; since then it "
        f"has risen by {100 * rise:.0f} % while the training loss has fallen by "
        f"{100 * fall:.0f} %. Fewer epochs, more data, augmentation or dropout help."
    )


def _noise(values: np.ndarray) -> float:
    """Return the standard deviation of the noise on a smooth curve.

    The second difference of white noise has a variance of 6, and of a straight line none;
    the median of its size is 0.6745 standard deviations.
    """
    return float(np.median(np.abs(np.diff(values, 2))) / (0.6745 * math.sqrt(6)))


def time_left(log: Log, epochs: int, steps: float = math.nan) -> float | None:
    """Return the seconds of training that are left, None before it can be told.

    Parameters
    ----------
    log : Log
    epochs : int
        Of the whole training.
    steps : float
        Of an epoch, for the time before the first has ended.
    """
    each = steps_per_epoch(log)
    each = steps if math.isnan(each) else each
    done = rows(log.epochs)
    begun = (rows(log.steps) and float(log.steps["step"][-1]) / each) or 0.0
    if done and "seconds" in log.epochs:
        seconds = float(np.median(log.epochs["seconds"][-RECENT:]))
        left = seconds * max(0.0, epochs - max(done, begun if math.isfinite(begun) else 0))
        return left if math.isfinite(left) else None
    if math.isnan(each) or rows(log.steps) < 3:
        return None
    if "elapsed" in log.steps:  # the first step also builds the graph
        taken = np.diff(log.steps["elapsed"])
    else:
        taken = log.steps["seconds"][1:]
    left = float(np.median(taken)) * (epochs * each - float(log.steps["step"][-1]))
    return left if math.isfinite(left) else None
