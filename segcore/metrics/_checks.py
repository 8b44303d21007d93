"""What every metric asks of its arguments, and the one division they share."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray


def ratio(part: float, whole: float) -> float:
    """Return part / whole; nan where the whole is 0."""
    return part / whole if whole else math.nan


def integers(values: ArrayLike, name: str, shape: tuple[int, ...] | None = None) -> NDArray:
    """Return `values` as a two-axis array of bool or integers, of the target's shape if given."""
    array = np.asarray(values)
    if array.ndim != 2:
        raise ValueError(f"{name} has shape {array.shape}, but must have two axes, (H, W).")
    if array.dtype.kind not in "biu":
        raise ValueError(
            f"{name} has dtype {array.dtype}, but must be bool or integer: threshold it."
        )
    same_shape(array, name, shape)
    return array


def mask(values: ArrayLike, name: str, shape: tuple[int, ...] | None = None) -> NDArray[np.bool_]:
    """Return `values` as a two-axis bool array, of the target's shape if given."""
    array = integers(values, name, shape)
    if array.dtype != bool:
        in_range(array, name, 2, f"pass {name} > 0 for a mask of 0 and 255")
    return array.astype(bool, copy=False)


def in_range(labels: NDArray, name: str, classes: int, hint: str) -> None:
    """Raise if a value is outside [0, classes)."""
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        odd = labels.min() if labels.min() < 0 else labels.max()
        raise ValueError(f"{name} holds {odd}, but only 0 to {classes - 1} are allowed: {hint}.")


def same_shape(array: NDArray, name: str, shape: tuple[int, ...] | None) -> None:
    """Raise if the array does not have the target's shape, where that is given."""
    if shape is not None and array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, but target has {shape}: resize it.")
