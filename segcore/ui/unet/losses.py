"""The view Losses: what cross-entropy, Dice and focal loss say of one prediction."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from segcore import metrics
from segcore.ui import tables
from segcore.ui.embedded import embedded_picture
from segcore.ui.unet.controls import slider
from segcore.unet import loss_charts, loss_pictures, loss_scene, loss_terms
from segcore.unet.loss_terms import Losses

STEPS = 33  # of the chart by shift
WIDTH = 300
SHARES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 25.0)  # percent
SOURCES = (
    "Sources: [Ronneberger et al. 2015](https://arxiv.org/abs/1505.04597), the U-Net, trained with "
    "a weighted cross-entropy · [Milletari et al. 2016](https://arxiv.org/abs/1606.04797), the "
    "Dice loss · [Lin et al. 2017](https://arxiv.org/abs/1708.02002), the focal loss."
)


class Settings(NamedTuple):
    """What the sliders say; share, confidence and weight are fractions."""

    shape: str
    share: float
    shift: int
    softness: float
    confidence: float
    weight: float


@st.fragment
def show() -> None:
    """Show the view."""
    st.markdown(
        "A loss is the number that a training makes smaller. Move the prediction away from its "
        "target and see which loss notices what. **Cross-entropy** asks each pixel by itself how "
        "much it believed in the right class. **Dice loss**, one minus the Dice coefficient, asks "
        "the object as a whole how much of it overlaps."
    )
    settings = _choose()
    truth = loss_scene.target(settings.shape, settings.share)
    (guess,) = loss_scene.predictions(
        truth, [settings.shift], settings.softness, settings.confidence
    )
    found = loss_terms.losses(truth, guess, settings.weight)
    _pictures(truth, guess, settings)
    numbers, words = st.columns([2, 3], gap="large")
    with numbers:
        _table(found, metrics.count(truth, guess > 0.5), settings.weight)
    with words:
        _advice()
    _charts(settings)
    st.caption(SOURCES)


def _choose() -> Settings:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        shape = st.segmented_control(
            "Object",
            loss_scene.SHAPES,
            default=loss_scene.SHAPES[0],
            required=True,
            key="loss-object",
            bind="query-params",
        )
        share = st.select_slider(
            "Object's share of the picture",
            SHARES,
            5.0,
            format_func=lambda value: f"{value:g} %",
            key="loss-share",
            bind="query-params",
            width=200,
        )
        shift = slider("Shift, pixels", 0, loss_scene.MAX_SHIFT, 10, 1, "loss-shift")
        softness = slider("Softness, pixels", 0.0, 8.0, 1.0, 0.5, "loss-softness")
        confidence = slider("Confidence", 0.5, 1.0, 0.95, 0.01, "loss-confidence")
        weight = slider("Weight of Dice in the sum", 0.0, 1.0, 0.5, 0.05, "loss-weight")
    return Settings(shape or "Disc", share / 100, int(shift), softness, confidence, weight)


def _pictures(truth: NDArray, guess: NDArray, settings: Settings) -> None:
    entropy = loss_terms.cross_entropy_map(truth, guess)
    overlap = loss_terms.overlap_map(truth, guess)
    both = metrics.iou(metrics.count(truth, guess > 0.5))
    worst, most = float(entropy.max()), float(overlap.max())
    top = max(worst, 0.1)  # a perfect prediction is dark blue all over
    shown = (
        (
            "Target and prediction",
            loss_pictures.overlaid(truth, guess),
            "Blue, solid edge: target. Red, dashed edge: prediction, where it is above 0.5.",
            f"{settings.shape} as target in blue, its prediction in red {settings.shift} pixels to "
            f"the right; IoU {both:.2f}",
        ),
        (
            "Cross-entropy of each pixel",
            loss_pictures.heat(entropy, top),
            f"Dark blue: 0. Yellow: {top:.2f}. The loss is the mean over the picture.",
            f"Map of the cross-entropy, up to {worst:.2f}, highest where the prediction is least "
            "right",
        ),
        (
            "Where Dice finds overlap",
            loss_pictures.heat(overlap, 1.0),
            f"Target times probability. Dark blue: 0. Yellow: 1. Highest here: {most:.2f}.",
            f"Map of target times probability, up to {most:.2f} where both overlap",
        ),
    )
    with st.container(horizontal=True, gap="medium"):
        for title, picture, caption, alt in shown:
            with st.container(width=WIDTH, gap="xsmall"):
                st.markdown(f"**{title}**")
                embedded_picture(picture, alt, lossless=True)
                st.caption(caption)


def _table(found: Losses, counts: metrics.Counts, weight: float) -> None:
    rows = (
        ("Cross-entropy", found.cross_entropy, "0"),
        ("Dice loss", found.soft_dice, "0"),
        (f"{1 - weight:.0%} cross-entropy + {weight:.0%} Dice", found.weighted, "0"),
        ("Focal loss", found.focal, "0"),
        ("IoU at 0.5", metrics.iou(counts), "1"),
        ("Dice coefficient at 0.5", metrics.dice(counts), "1"),
    )
    tables.show(
        {
            "Measure": [name for name, *_ in rows],
            "Value": ["none" if np.isnan(value) else f"{value:.4f}" for _, value, _ in rows],
            "Perfect": [best for *_, best in rows],
        },
        right=("Value", "Perfect"),
    )


def _advice() -> None:
    st.markdown(
        "- **Cross-entropy** is the safe choice where object and background are about as large, "
        "and where there are several classes. Every pixel gives a smooth push, however bad the "
        "prediction is. Its weakness: each pixel counts the same, so a large background outvotes "
        "a small object. The first U-Net answered that with weights for classes and for thin "
        "gaps between cells.\n"
        "- **Dice loss** compares areas, so pixels of background that are right and sure do not "
        "count in it, however many they are. Use it where objects are small. Its weakness: all "
        "pixels share one ratio, so the push on one pixel depends on all others, and it is "
        "unsteady where objects are tiny or absent.\n"
        "- **The sum of both** takes the steady push of one and the balance of the other. The "
        "pet models of this project learned with half and half.\n"
        "- **Focal loss** is cross-entropy that turns down what is already right: a pixel counts "
        "(1 − p)² times (p: probability of the right class), so that the hard pixels are left to "
        "learn from."
    )


def _charts(settings: Settings) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        _by_shift(settings)
    with right:
        _by_share(settings.share, settings.confidence, settings.weight)


def _by_shift(settings: Settings) -> None:
    shape, share, shift, softness, confidence, weight = settings
    st.markdown("**The prediction moves off its target**")
    shifts, found = loss_scene.by_shift(shape, share, softness, confidence, weight, STEPS, shift)
    first, last = found[0], found[-1]
    _chart(
        loss_charts.curves(shifts, found, "Shift, pixels", shift),
        "loss-by-shift",
        f"Losses by shift: Dice loss from {first.soft_dice:.2f} to {last.soft_dice:.2f}, "
        f"cross-entropy from {first.cross_entropy:.3f} to {last.cross_entropy:.3f}",
    )
    st.caption(
        "From no shift to beyond the object. The losses rise with the area that is wrong and "
        "stay level once nothing overlaps. The grey line is the prediction above."
    )


def _by_share(share: float, confidence: float, weight: float) -> None:
    st.markdown("**A network that says “background” everywhere**")
    shares = loss_scene.shares()
    missed = [loss_scene.all_background(each, confidence, weight) for each in shares]
    found = [loss_scene.all_found(each, confidence, weight) for each in shares]
    miss = loss_scene.all_background(share, confidence, weight)
    find = loss_scene.all_found(share, confidence, weight)
    _chart(
        loss_charts.curves(
            shares,
            missed,
            "Object's share of the picture",
            share,
            logarithmic=True,
            thin=("all found", found),
        ),
        "loss-all-background",
        f"Losses of a prediction of background only: at {share:.1%} object, cross-entropy "
        f"{miss.cross_entropy:.3f}, Dice loss {miss.soft_dice:.3f}; thin lines, with the object "
        f"found in full: {find.cross_entropy:.3f} and {find.soft_dice:.3f}",
    )
    st.caption(
        f"With {share:.1%} object and a confidence of {confidence:.0%}, finding nothing at all "
        f"costs a cross-entropy of {miss.cross_entropy:.3f} and a Dice loss of "
        f"{miss.soft_dice:.3f}. Finding all of it with the same confidence (thin lines) costs "
        f"{find.cross_entropy:.3f} and {find.soft_dice:.3f}. The rarer the object, the less "
        "cross-entropy minds a miss. Where it is rare, Dice loss tells the two apart only if the "
        "network is right and very sure of the background: the little probability of an object "
        "that is left in each of its pixels adds up."
    )


def _chart(figure, key: str, alt: str) -> None:
    st.plotly_chart(figure, key=key, config={"displayModeBar": False}, alt=alt)
