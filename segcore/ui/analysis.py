"""One picture through one model, kept small enough to be remembered."""

from __future__ import annotations

import io
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import streamlit as st
from PIL import Image

from segcore import images
from segcore.inference.predictor import segment
from segcore.inference.zoo import Card
from segcore.labels import Segmentation, level
from segcore.memory import sparing
from segcore.ui.pictures import MAX_PICTURES, Picture

PREVIEW_SIDE = 1024


@dataclass(frozen=True)
class Analysis:
    """What a page needs to show a segmented picture, about 200 KB.

    Attributes
    ----------
    preview_jpeg : bytes
        The picture, its longest side at most `PREVIEW_SIDE`.
    result : Segmentation
    histogram : (256,) int64
        Pixels of the full picture by probability: any threshold's area without another
        look at the picture.
    """

    preview_jpeg: bytes
    result: Segmentation
    histogram: np.ndarray

    def preview(self) -> np.ndarray:
        """Return the preview, (h, w, 3) uint8."""
        return np.asarray(Image.open(io.BytesIO(self.preview_jpeg)))

    def area(self, threshold: float) -> int:
        """Return the foreground's area in pixels of the full picture."""
        return int(self.histogram[level(threshold) :].sum())


def analyse(picture: Picture, card: Card, device: str, tta: bool) -> Analysis:
    """Decode and segment a picture; a repeated call answers from the cache.

    A visitor's picture is remembered for that visitor's session only.

    Raises
    ------
    PictureError
        If the file is no picture we can read.
    ModelUnavailable
        If the model cannot be loaded or run.
    """
    remember = _shared if picture.sample else _private
    answer = remember(picture.key, card.fingerprint, device, tta, picture, card)
    if isinstance(answer, str):
        raise images.PictureError(answer)
    return answer


@st.cache_data(max_entries=64, show_spinner=False)
def _shared(
    key: str, model: str, device: str, tta: bool, _picture: Picture, _card: Card
) -> Analysis | str:
    return _compute(_picture, _card, device, tta)


@st.cache_data(max_entries=4 * MAX_PICTURES, scope="session", show_spinner=False)
def _private(
    key: str, model: str, device: str, tta: bool, _picture: Picture, _card: Card
) -> Analysis | str:
    return _compute(_picture, _card, device, tta)


def _compute(picture: Picture, card: Card, device: str, tta: bool) -> Analysis | str:
    """Return the analysis, or the sentence that says why there is none."""
    with sparing():
        began = perf_counter()
        try:
            pixels = picture.decode()
        except images.PictureError as error:
            return str(error)
        decoded = perf_counter()
        result = segment(pixels, card, device=device, tta=tta)
        segmented = perf_counter()
        full = result.probability()
        histogram = np.array(Image.fromarray(full).histogram())
        preview = images.encode_jpeg(images.fit(pixels, PREVIEW_SIDE))
        del pixels, full
    seconds = {"decode": decoded - began, **result.seconds, "full size": perf_counter() - segmented}
    result = Segmentation(result.coarse, result.size, result.model, result.device, seconds)
    return Analysis(preview, result, histogram)
