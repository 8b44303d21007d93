"""Which of the regions that a method finds are the foreground."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segcore.techniques.channels import channel, coloured
from segcore.techniques.types import Answer, Choice, Prompts, Step, Values

PICKS = {
    "inner": "Least at the picture's edge",
    "bright": "Brighter than the rest",
    "dark": "Darker than the rest",
    "box": "Mostly in the box",
    "seeds": "At the seeds",
}


def pick_parameter(default: str) -> Choice:
    """Return the parameter that asks for one of `PICKS`."""
    return Choice(
        "pick",
        "Foreground",
        default,
        PICKS,
        "Methods split a picture; which part is the object is a choice of its own.",
    )


def pick(
    regions: NDArray[np.integer], brightness: NDArray[np.uint8], how: str, prompts: Prompts
) -> NDArray[np.bool_]:
    """Return the mask of the regions that are foreground.

    Parameters
    ----------
    regions : (h, w) integer
        A number for each region, at least 0.
    brightness : (h, w) uint8
    how : str
        One of `PICKS`. ``inner``: regions whose share of the picture's edge is smaller than
        their share of the picture. ``bright`` and ``dark``: those whose mean is above, below
        the picture's. ``box``: with more than half of their pixels in the box. ``seeds``:
        those that hold a seed. A picture of one region has no foreground, except at seeds.
    prompts : Prompts
    """
    if how not in PICKS:
        raise ValueError(f"There is no pick {how!r}; choose one of {', '.join(PICKS)}.")
    flat = regions.ravel()
    count = int(flat.max()) + 1
    area = np.bincount(flat, minlength=count)
    if how == "seeds":
        chosen = np.zeros(count, bool)
        chosen[[regions[place] for place in prompts.pixels(regions.shape)]] = True
        return chosen[regions]
    if np.count_nonzero(area) < 2:
        return np.zeros(regions.shape, bool)
    if how == "inner":
        edge = np.concatenate([regions[0], regions[-1], regions[:, 0], regions[:, -1]])
        at_edge = np.bincount(edge, minlength=count)
        return (at_edge * flat.size < area * edge.size)[regions]
    if how == "box":
        inside = np.bincount(regions[prompts.window(regions.shape)].ravel(), minlength=count)
        return (2 * inside > area)[regions]
    mean = np.bincount(flat, brightness.ravel(), count) / np.maximum(area, 1)
    above = mean > brightness.mean()
    return (above if how == "bright" else ~above)[regions]


def answer(
    picture: NDArray[np.uint8],
    regions: NDArray[np.integer],
    values: Values,
    prompts: Prompts,
    nouns: tuple[str, str],
    steps: tuple[Step, ...] = (),
) -> Answer:
    """Return a partition of the picture with its foreground picked, and itself as last step.

    Parameters
    ----------
    picture : (h, w, 3) uint8
    regions : (h, w) integer
        A number for each region, at least 0.
    values : Values
        With ``pick``, one of `PICKS`.
    prompts : Prompts
    nouns : (str, str)
        What one region and several are called.
    steps : tuple of Step
        What came before.
    """
    mask = pick(regions, channel(picture, "grey"), str(values["pick"]), prompts)
    count = len(np.unique(regions))
    last = Step(f"{count} {nouns[count != 1]}", coloured(regions, picture))
    return Answer(mask, (*steps, last), regions)
