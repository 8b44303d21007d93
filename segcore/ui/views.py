"""The ways of looking at a segmentation."""

from __future__ import annotations

import numpy as np
import streamlit as st

from segcore import images, render
from segcore.labels import level
from segcore.ui.analysis import Analysis
from segcore.ui.before_after import before_after
from segcore.ui.embedded import embedded_picture

VIEWS = ("Overlay", "Outline", "Mask", "Cut-out", "Heat map", "Before and after")
COLOURED = ("Overlay", "Outline", "Before and after")
BLENDED = ("Overlay", "Heat map", "Before and after")


def show(
    view: str,
    analysis: Analysis,
    threshold: float,
    colour: render.Colour,
    opacity: float,
    alt: str,
) -> None:
    """Draw one of `VIEWS` of a picture; no network runs."""
    preview = analysis.preview()
    probability = analysis.result.probability(preview.shape[:2])
    mask = probability >= level(threshold)
    share = f"{analysis.area(threshold) / analysis.histogram.sum():.1%} of it marked as pet"
    text = f"{alt}. {view}: {share}."
    if view == "Before and after":
        after = images.encode_jpeg(render.overlay(preview, mask, colour, opacity))
        before_after(analysis.preview_jpeg, after, before_alt=alt, after_alt=text)
        return
    if view == "Heat map":
        pixels = render.heat_map(preview, probability, opacity)
    elif view == "Outline":
        pixels = render.outline(preview, mask, colour)
    elif view == "Mask":
        pixels = mask.astype(np.uint8) * 255
    elif view == "Cut-out":
        pixels = render.checkerboard(render.cutout(preview, mask))
    else:
        pixels = render.overlay(preview, mask, colour, opacity)
    embedded_picture(pixels, text, lossless=view == "Mask")
    if view == "Heat map":
        _scale()


def _scale() -> None:
    bar = np.repeat(render.heat_colours()[None], 10, axis=0)
    embedded_picture(bar, "Colour scale from dark blue, 0 %, to yellow, 100 %", lossless=True)
    st.caption("Pet: 0 % dark blue · 25 % purple · 50 % pink · 75 % orange · 100 % yellow")
