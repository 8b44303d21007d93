"""One picture through one model, kept small enough to be remembered."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

import numpy as np
import streamlit as st

from segcore import images
from segcore.inference import zoo
from segcore.inference.predictor import segment
from segcore.labels import Segmentation, level
from segcore.ui.pictures import Picture

DISPLAY_SIDE = 1024


@dataclass(frozen=True)
class Analysis:
    """What a page shows of a segmented picture.

    Attributes
    ----------
    preview : (h, w, 3) uint8
        The picture, its longest side at most `DISPLAY_SIDE`.
    probability : (h, w) uint8
        Of the preview's pixels, 0 to 255 for 0 to 1.
    result : Segmentation
    histogram : (256,) int64
        Pixels of the full picture by probability: any threshold's area without another
        look at the picture.
    """

    preview: np.ndarray
    probability: np.ndarray
    result: Segmentation
    histogram: np.ndarray

    def area(self, threshold: float) -> int:
        """Return the foreground's area in pixels of the full picture."""
        return int(self.histogram[level(threshold) :].sum())


def analyse(picture: Picture, model: str, device: str, tta: bool) -> Analysis:
    """Decode and segment a picture; a repeated call answers from the cache.

    Raises
    ------
    PictureError
        If the file is no picture we can read.
    ModelUnavailable
        If the model's files are missing or damaged.
    """
    return _analyse(picture.key, model, device, tta, picture)


@st.cache_data(max_entries=24, ttl="1h", show_spinner=False)
def _analyse(key: str, model: str, device: str, tta: bool, _picture: Picture) -> Analysis:
    began = perf_counter()
    pixels = _picture.decode()
    decoded = perf_counter()
    result = segment(pixels, zoo.card(model), device=device, tta=tta)
    resized = perf_counter()
    histogram = np.bincount(result.probability().ravel(), minlength=256)
    preview = images.fit(pixels, DISPLAY_SIDE)
    seconds = {"decode": decoded - began, **result.seconds, "full size": perf_counter() - resized}
    result = Segmentation(result.coarse, result.size, result.model, result.device, seconds)
    return Analysis(preview, result.probability(preview.shape[:2]), result, histogram)
