"""Outlines of the animals in sample pictures, drawn by hand: a target to compare with."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

from segcore.drawing import Polygon


@cache
def sample_outlines() -> dict[str, Polygon]:
    """Return the outlines there are by the sample's name, in pixels of the picture."""
    text = (resources.files("segcore") / "samples" / "outlines.json").read_text("utf-8")
    return {
        name: Polygon(tuple((float(x), float(y)) for x, y in entry["points"]))
        for name, entry in json.loads(text).items()
    }
