"""The answer beside the canvas: the three regions, the figures and the formula."""

from __future__ import annotations

import math

import numpy as np
import streamlit as st

from segcore import images, metrics, region_picture
from segcore.comparison import BOTH, PREDICTION_ONLY, TARGET_ONLY, Comparison, compare
from segcore.ui.embedded import embedded_picture
from segcore.ui.iou.sources import Side
from segcore.ui.iou.stage import Stage

SHOWN_SIDE = 960
UNDEFINED = "undefined"
LEGEND = {
    TARGET_ONLY: "only target (missed)",
    PREDICTION_ONLY: "only prediction (too much)",
    BOTH: "intersection",
}
LOOKS = {
    TARGET_ONLY: "blue with falling stripes",
    PREDICTION_ONLY: "red with rising stripes",
    BOTH: "yellow with crossed stripes",
}


def compared(stage: Stage, target: Side, prediction: Side) -> Comparison:
    """Compare both sides; a repeated call answers from the session's memory."""
    return _compared(stage.size, target.key, prediction.key, target, prediction)


@st.cache_data(show_spinner=False, max_entries=8, scope="session")
def _compared(
    size: tuple[int, int], target: str, prediction: str, _target: Side, _prediction: Side
) -> Comparison:
    return compare(_target.objects(), _prediction.objects(), size)


def picture(stage: Stage, both: Comparison) -> np.ndarray:
    """Return the picture with the three regions at showing size, (h, w, 3) uint8."""
    height, width = stage.size
    if stage.squared:
        square = SHOWN_SIDE // width
        plain = region_picture.paper(stage.size, square)
        drawn = region_picture.squares(region_picture.draw(plain, both.regions), square)
        return _numbered(drawn, both, square)
    scale = SHOWN_SIDE / max(height, width)
    size = (max(1, round(height * scale)), max(1, round(width * scale)))
    drawn = region_picture.draw(images.resize(stage.preview(), size), both.regions, 0.6)
    if stage.picture is None:
        drawn = region_picture.squares(drawn, SHOWN_SIDE)  # an edge: white ends nowhere on white
    return _numbered(drawn, both, scale)


def show_picture(stage: Stage, both: Comparison) -> None:
    """Show the regions with their legend."""
    text = (
        f"{stage.alt}. Target {both.target} pixels, prediction {both.prediction}, "
        f"both {both.counts.tp}."
    )
    embedded_picture(picture(stage, both), text, lossless=stage.picture is None)
    legend({TARGET_ONLY: both.counts.fn, PREDICTION_ONLY: both.counts.fp, BOTH: both.counts.tp})


def legend(pixels: dict[int, int] | None = None) -> None:
    """Name each region with its colour, its pattern and, if given, its number of pixels."""
    with st.container(horizontal=True, gap="small"):
        for region, meaning in LEGEND.items():
            with st.container(
                horizontal=True, gap="xsmall", width="content", vertical_alignment="center"
            ):
                swatch = region_picture.swatch(region, 24)
                embedded_picture(swatch, LOOKS[region], lossless=True, width=24)
                count = f"**{pixels[region]:,}** " if pixels else ""
                st.markdown(count + meaning, width="content")


def figures(both: Comparison) -> None:
    """Show IoU large, the other figures of pixels beside it."""
    with st.container(horizontal=True, gap="large", vertical_alignment="center"):
        st.metric("IoU", number(both.iou), width="content")
        st.markdown(
            rf"$\dfrac{{\text{{intersection}}}}{{\text{{union}}}} = "
            rf"\dfrac{{{_tex(both.counts.tp)}}}{{{_tex(both.union)}}}$",
            width="content",
        )
    st.markdown(
        " · ".join(
            f"{name} **{number(value)}**"
            for name, value in (
                ("Dice (F1)", metrics.dice(both.counts)),
                ("precision", metrics.precision(both.counts)),
                ("recall", metrics.recall(both.counts)),
            )
        )
    )
    if math.isnan(both.iou):
        st.info(
            "Both sides are empty, so IoU and Dice are 0/0: **undefined**, neither 0 nor 1. "
            "A mean over pictures leaves such a picture out.",
            icon=":material/info:",
        )
    elif not both.target or not both.prediction:
        which, figure = ("target", "recall") if not both.target else ("prediction", "precision")
        st.info(
            f"The {which} is empty: nothing can be shared, IoU is 0, and {figure} is 0/0, "
            "undefined.",
            icon=":material/info:",
        )


def formula(both: Comparison) -> None:
    """Show the formulas with the numbers put in, step by step."""
    tp, target, guess = both.counts.tp, both.target, both.prediction
    lines = (
        f"Areas: target $T$ = **{target:,}** pixels, prediction $P$ = **{guess:,}** pixels, "
        f"intersection = **{tp:,}** pixels.",
        f"Union: ${_tex(target)} + {_tex(guess)} - {_tex(tp)} = {_tex(both.union)}$ pixels. "
        "The intersection is in both areas and must count once.",
        rf"$\text{{IoU}} = \dfrac{{|T \cap P|}}{{|T \cup P|}} = "
        rf"\dfrac{{{_tex(tp)}}}{{{_tex(both.union)}}} = {_result(both.iou)}$",
        rf"$\text{{Dice}} = \dfrac{{2\,|T \cap P|}}{{|T| + |P|}} = "
        rf"\dfrac{{2 \cdot {_tex(tp)}}}{{{_tex(target + guess)}}} = "
        rf"{_result(metrics.dice(both.counts))}$",
        rf"$\text{{Precision}} = \dfrac{{|T \cap P|}}{{|P|}} = "
        rf"\dfrac{{{_tex(tp)}}}{{{_tex(guess)}}} = {_result(metrics.precision(both.counts))}$",
        rf"$\text{{Recall}} = \dfrac{{|T \cap P|}}{{|T|}} = "
        rf"\dfrac{{{_tex(tp)}}}{{{_tex(target)}}} = {_result(metrics.recall(both.counts))}$",
    )
    st.markdown("\n\n".join(f"{i}. {line}" for i, line in enumerate(lines, 1)))


def number(value: float | None, digits: int = 4) -> str:
    """Return a figure as text, 'undefined' for nan and 'not measured' for None.

    Examples
    --------
    >>> number(0.5), number(float("nan")), number(None)
    ('0.5000', 'undefined', 'not measured')
    """
    if value is None:
        return "not measured"
    return UNDEFINED if math.isnan(value) else f"{value:.{digits}f}"


def _result(value: float) -> str:
    return r"\text{undefined}" if math.isnan(value) else f"{value:.4f}"


def _tex(count: int) -> str:
    return f"{count:,}".replace(",", "{,}")


def _numbered(drawn: np.ndarray, both: Comparison, scale: float) -> np.ndarray:
    several = max(both.overlaps.shape) > 1
    return region_picture.number(drawn, both.places, scale) if several else drawn
