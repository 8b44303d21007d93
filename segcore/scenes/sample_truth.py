"""What is in some of the sample pictures, drawn by hand."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

import numpy as np

from segcore.class_sets import SCENES
from segcore.drawing import Polygon
from segcore.drawing.raster import rasterise
from segcore.scenes.truth import TrueSegment, Truth


@cache
def described() -> dict[str, dict]:
    """Return by sample's name how its truth was made, and its segments, in painting order."""
    text = (resources.files("segcore") / "samples" / "scenes.json").read_text("utf-8")
    return json.loads(text)


def sample_truth(name: str, size: tuple[int, int]) -> Truth | None:
    """Return a sample's truth; None for one that nobody labelled.

    Parameters
    ----------
    name : str
    size : (height, width)
        Of the sample.
    """
    entry = described().get(name)
    if entry is None:
        return None
    ids = np.zeros(size, np.int32)
    segments = []
    for number, segment in enumerate(entry["segments"], 1):
        patch = rasterise(_polygon(segment["points"]), size)
        mask = patch.mask.copy()
        for hole in segment.get("holes", ()):
            inner = rasterise(_polygon(hole), size)
            whole = np.zeros(size, bool)
            whole[inner.window] = inner.mask
            mask &= ~whole[patch.window]
        ids[patch.window][mask] = number
        segments.append(TrueSegment(number, SCENES.index(segment["class"])))
    return Truth(ids, segments)


def _polygon(points: list[list[float]]) -> Polygon:
    return Polygon(tuple((float(x), float(y)) for x, y in points))
