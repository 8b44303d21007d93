"""Run any method on any picture: at a bounded size, with its time, scored if wished."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from segcore import images, metrics
from segcore.techniques import clustering, edges, regions, thresholding
from segcore.techniques.types import Answer, Method, Prompts, Value, middle

WORKING_SIDE = 480  # pixels of the longer side: the slowest methods take a few seconds
FAMILIES = (thresholding.FAMILY, regions.FAMILY, edges.FAMILY, clustering.FAMILY)


@cache
def methods() -> dict[str, Method]:
    """Return all methods by name, in the order of their families."""
    found = [m for module in (thresholding, regions, edges, clustering) for m in module.methods()]
    return {method.name: method for method in found}


@dataclass(frozen=True)
class Run:
    """A method's answer at working size and the seconds it took there."""

    answer: Answer
    seconds: float


def working_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return the (height, width) at which a picture of this size is worked on."""
    return images.fit_size(size, WORKING_SIDE, enlarge=False)


def run(
    name: str,
    picture: NDArray[np.uint8],
    prompts: Prompts,
    values: Mapping[str, Value] | None = None,
) -> Run:
    """Run a method.

    Parameters
    ----------
    name : str
        One of `methods`.
    picture : (H, W, 3) or (H, W) uint8
        Scaled down to `WORKING_SIDE` beforehand.
    prompts : Prompts
        In pixels of `picture`.
    values : mapping
        Parameters that differ from the defaults.

    Returns
    -------
    Run
        Its arrays have the size `working_size` returns.

    Raises
    ------
    ValueError
        For a method or a parameter that there is not.
    """
    if name not in methods():
        raise ValueError(f"There is no method {name!r}; choose one of {', '.join(methods())}.")
    method = methods()[name]
    given = dict(values or {})
    if unknown := given.keys() - method.defaults().keys():
        raise ValueError(
            f"{name} has no parameter {sorted(unknown)[0]!r}; it has "
            f"{', '.join(method.defaults())}."
        )
    if picture.ndim == 2:
        picture = np.repeat(picture[..., None], 3, axis=2)
    small = images.fit(picture, WORKING_SIDE)
    factors = (small.shape[1] / picture.shape[1], small.shape[0] / picture.shape[0])
    scaled = prompts.scaled(*factors)
    _import_all(name)
    began = perf_counter()
    answer = method.function(small, method.defaults() | given, scaled)
    seconds = perf_counter() - began
    return Run(replace(answer, mask=np.ascontiguousarray(answer.mask, bool)), seconds)


@cache
def _import_all(name: str) -> None:
    """Run a method on next to nothing: what it imports is no part of its time."""
    size = (8, 8)
    method = methods()[name]
    method.function(np.zeros((*size, 3), np.uint8), method.defaults(), middle(size))


def score(mask: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Return the IoU of a mask with the truth, which is brought to the mask's size; nan of 0/0."""
    if truth.shape != mask.shape:
        truth = images.resize_mask(truth, (mask.shape[0], mask.shape[1]))
    return metrics.iou(metrics.count(truth, mask))
