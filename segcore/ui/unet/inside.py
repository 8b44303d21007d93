"""Inside: a picture's way through the lecture's trained U-Net, with skips on or off."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from functools import cache, partial

import numpy as np
import streamlit as st

from segcore import images, render
from segcore.exporters.pictures import file_name, stem
from segcore.inference.zoo import ModelUnavailable
from segcore.labels import level
from segcore.memory import sparing
from segcore.metrics.overlap import count, iou
from segcore.sample_outlines import square_target
from segcore.ui import pictures
from segcore.ui.embedded import embedded_picture
from segcore.ui.pictures import Picture
from segcore.ui.text import plain
from segcore.ui.unet import remembered, u_figure
from segcore.ui.unet.controls import put
from segcore.ui.unet.remembered import MOST, SIDE, Closeup, Ground, Overview, Run
from segcore.ui.unet.u_figure import Tile
from segcore.unet import diagram
from segcore.unet.feature_maps import ORDERS
from segcore.unet.inside import LAYERS, SKIPS, activations
from segcore.unet.words import sentence

FIRST = "Conv_Down_1_2"
ALL_SKIPS, NO_SKIPS = "".join(map(str, SKIPS)), "none"  # as the address says it
NAMES = tuple(layer.name for layer in LAYERS)


def show() -> None:
    """Show the picker, the U, the stage that was chosen, and the result."""
    chosen = pictures.pick(page="segment", several=False)
    if not chosen:
        st.info("Add a picture above, or go back to the samples.", icon=":material/upload:")
        return
    (picture,) = chosen
    ground = remembered.read(picture)
    if isinstance(ground, str):
        st.error(plain(ground), icon=":material/broken_image:")
        return
    _explore(picture, ground)
    if picture.sample:
        st.caption(f"Photo: {pictures.credit(picture.sample)}")


@st.fragment
def _explore(picture: Picture, ground: Ground) -> None:
    """Show everything that depends on the stage or the skips; only this part runs anew."""
    try:
        _explored(picture, ground)
    except ModelUnavailable as error:
        st.error(plain(str(error)), icon=":material/broken_image:")


def _explored(picture: Picture, ground: Ground) -> None:
    off = _switches()
    run = cache(lambda: activations(ground.square, off))  # once for the U and the stage
    now = remembered.overview(picture, off, run)
    whole = remembered.overview(picture, frozenset(), lambda: activations(ground.square))
    left, right = st.columns(2, gap="medium")
    with right:
        _result(picture, ground, now, whole)
        name, by = _stage_picker()
        closeup = remembered.closeup(picture, off, name, by, run)
        # Not `run`: a button lives on, and would keep the feature maps of all stages.
        _stage(picture, name, closeup, lambda: activations(ground.square, off))
    with left:
        _u(ground, now, off, name)


def _switches() -> frozenset[int]:
    """Show the switches of the skip connections; return the levels of those that are off."""
    asked = st.query_params.get("skips", "")
    if asked != NO_SKIPS and not re.fullmatch("[1-6]+", asked):
        asked = ALL_SKIPS
    st.session_state["unet-skips"] = [skip for skip in SKIPS if str(skip) in asked]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        on = st.pills(
            "Skip connections",
            SKIPS,
            selection_mode="multi",
            key="unet-skips",
            on_change=lambda: _put_skips(st.session_state["unet-skips"]),
            help="Level 1 has the full size, level 6 is 8×8. A connection that is off carries "
            "zeros. The network was trained with all of them, so what is missing then shows "
            "what it takes from that level.",
        )
        all_on = len(on) == len(SKIPS)
        st.button(
            "All off" if all_on else "All on",
            icon=":material/toggle_off:" if all_on else ":material/toggle_on:",
            type="tertiary",
            key="unet-all-skips",
            on_click=_put_skips,
            args=([] if all_on else SKIPS,),
        )
    return frozenset(SKIPS) - frozenset(on)


def _put_skips(on: Sequence[int]) -> None:
    put("skips", "".join(map(str, sorted(on))) or NO_SKIPS, ALL_SKIPS)


def _u(ground: Ground, now: Overview, off: frozenset[int], name: str) -> None:
    """Draw the U; a click on a tile chooses its stage."""
    key = f"unet-u-{st.session_state.get('unet chosen elsewhere', 0)}"
    shape = ground.square.shape
    small = images.encode_jpeg(images.resize(ground.square, (2 * u_figure.TILE,) * 2))
    gone = ", ".join(map(str, sorted(off)))
    st.plotly_chart(
        u_figure.draw(now.tiles, Tile(small, shape), off, name),
        key=key,
        on_select=partial(_clicked, key),
        selection_mode="points",
        config={"displayModeBar": False},
        alt="The layers of the U-Net as a U, each with what it made of the picture; "
        + (f"skip connections {gone} are off" if off else "all skip connections are on"),
    )
    st.caption(
        "↓ between levels: max pooling to half the height and width, then two convolutions (at the "
        "first level only these) · ↗ transposed convolution: twice as high and wide · → skip "
        "connection, joined with what comes up ↖, then two convolutions · ↑ 1×1 convolution to the "
        "output. Each tile is the mean of its channels; click one to see them."
    )


def _clicked(key: str) -> None:
    points = st.session_state[key].selection.points
    if points:  # a second click on the same tile takes the selection back
        put("stage", points[0]["customdata"][0], FIRST)


def _stage_chosen() -> None:
    """Take the stage over, and forget which tile was clicked: it can be clicked again."""
    put("stage", st.session_state["unet-stage"], FIRST)
    number = st.session_state.get("unet chosen elsewhere", 0)
    st.session_state["unet chosen elsewhere"] = number + 1


def _result(picture: Picture, ground: Ground, now: Overview, whole: Overview) -> None:
    preview = images.decode(ground.preview)
    mask = images.resize(now.coarse, preview.shape[:2]) >= level(0.5)
    left, right = st.columns([3, 2])
    share = f"marked as pet, {now.mask().mean():.1%} of the picture"
    with left:
        embedded_picture(render.overlay(preview, mask), f"{picture.alt}: {share}")
    with right:
        st.metric("IoU with the result of all skips", _figure(iou(count(whole.mask(), now.mask()))))
        truth = square_target(picture.key, SIDE) if picture.sample else None
        if truth is not None:
            st.metric("IoU with the outline drawn by hand", _figure(iou(count(truth, now.mask()))))
        st.caption(f"Green: {share}. There the probability is 0.5 or more.")


def _figure(value: float) -> str:
    return f"{value:.3f}" if value == value else "0/0"


def _stage_picker() -> tuple[str, str]:
    for name, known in (("stage", (FIRST, *NAMES)), ("order", ORDERS)):
        asked = st.query_params.get(name, known[0])
        st.session_state[f"unet-{name}"] = asked if asked in known else known[0]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Stage", NAMES, key="unet-stage", on_change=_stage_chosen, width=260)
        by = st.segmented_control(
            "Channels in",
            ORDERS,
            required=True,
            key="unet-order",
            on_change=lambda: put("order", st.session_state["unet-order"], ORDERS[0]),
            format_func=str.capitalize,
        )
    return name, by or ORDERS[0]


def _stage(picture: Picture, name: str, closeup: Closeup, run: Run) -> None:
    layer, told = LAYERS[NAMES.index(name)], closeup.facts
    st.markdown(f"**{diagram.NAMES[layer.kind]}**. {sentence(layer)}")
    shown = "1 channel" if told.channels == 1 else f"{told.channels} channels"
    if told.channels > MOST:
        shown = f"{MOST} of {told.channels} channels"
    embedded_picture(
        closeup.png,
        f"{shown} of {name}, one small picture each",
        width="stretch" if told.channels > 2 else "content",
    )
    st.caption(
        f"{shown}, from dark (its smallest value, at most 0) to yellow (its largest, at least 0) · "
        f"values {told.low:.2f} to {told.high:.2f}, mean {told.mean:.3f} · "
        f"{told.zeros:.0%} of all values are zero · "
        f"channels that are zero everywhere: {told.silent}"
    )
    with st.container(horizontal=True):
        st.download_button(
            "Channels as PNG",
            lambda: closeup.png,
            file_name(picture.name, name),
            "image/png",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "Feature maps as NPZ",
            lambda: _npz(run, name),
            f"{stem(picture.name)}_{name}.npz",
            "application/octet-stream",
            icon=":material/download:",
            on_click="ignore",
            help="For NumPy: one array `feature_map`, height × width × channels, float32",
        )


def _npz(run: Run, name: str) -> bytes:
    file = io.BytesIO()
    with sparing():
        np.savez_compressed(file, feature_map=run().stage(name).feature_map)
    return file.getvalue()
