"""Outlines of the animals in sample pictures, drawn by hand: a target to compare with."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

import numpy as np

from segcore.drawing import Polygon
from segcore.drawing.raster import rasterise
from segcore.sample_pictures import sample_pictures


@cache
def sample_outlines() -> dict[str, Polygon]:
    """Return the outlines there are by the sample's name, in pixels of the picture."""
    text = (resources.files("segcore") / "samples" / "outlines.json").read_text("utf-8")
    return {
        name: Polygon(tuple((float(x), float(y)) for x, y in entry["points"]))
        for name, entry in json.loads(text).items()
    }


def square_target(name: str, side: int) -> np.ndarray | None:
    """Return a sample's (side, side) bool mask, stretched to a square; None without an outline."""
    outline = sample_outlines().get(name)
    if outline is None:
        return None
    height, width = sample_pictures()[name].picture().shape[:2]
    points = tuple((x * side / width, y * side / height) for x, y in outline.points)
    patch, mask = rasterise(Polygon(points), (side, side)), np.zeros((side, side), bool)
    rows, columns = patch.mask.shape
    mask[patch.top : patch.top + rows, patch.left : patch.left + columns] = patch.mask
    return mask
