"""Both U-Nets layer by layer: what goes in, what comes out, and what it costs."""

from __future__ import annotations

import csv
import io

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from segcore import images, render
from segcore.models.unet_sides import BORDER, output_side
from segcore.sample_pictures import sample_pictures
from segcore.ui import tables
from segcore.ui.embedded import embedded_picture
from segcore.ui.unet.drawing import drawing
from segcore.unet import diagram
from segcore.unet.plan import Plan, lecture, original
from segcore.unet.tiles import mirrored

NETWORKS = ("Lecture", "Original")
WIDTHS = (4, 8, 16, 32, 64)
ORIGINAL_SIDES = tuple(range(188, 573, 16))
TILE = "cat_at_desk"


@st.fragment
def show() -> None:
    """Show a network's U, its costs and its table, with the settings that change them."""
    network = st.segmented_control(
        "U-Net",
        NETWORKS,
        default=NETWORKS[0],
        required=True,
        key="net",
        bind="query-params",
    )
    plan = _original() if network == "Original" else _lecture()
    first, last = plan.layers[0], plan.layers[-1]
    _costs(plan)
    title = f"The U of the network: {first.shape} down to {plan.bottom.shape}, up to {last.shape}"
    drawing(diagram.svg(plan, title), "unet-diagram")
    st.html(f'<p style="font-size:.875rem">{diagram.legend(plan)}</p>')
    st.caption(
        "A block is a layer's output: the number above it counts its channels, the one beside a "
        "row the side in pixels. Point at a block for its name, shape and parameters, and how much "
        "of the picture its middle sees; the table below lists them all."
    )
    if network == "Original":
        _tile(first.side, last.side)
    _table(plan, network)


def _lecture() -> Plan:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        depth = st.slider("Levels", 2, 7, 6, key="depth", bind="query-params", width=160)
        step = 2**depth
        sides = [step * i for i in range(1, 513 // step + 1) if step * i >= 64 or i == 1]
        side = _choice("Side, pixels", sides, 256, "side")
        width = _choice("Filters of the first level", WIDTHS, 8, "width")
        normal = st.toggle("Batch normalisation", key="bn", bind="query-params")
    st.caption(
        "The lecture's own: 6 levels, 256 pixels, 8 filters, no batch normalisation. Dropout, "
        "which a training can add, has no parameters and changes no shape."
    )
    return lecture(side, base_width=width, depth=depth, batch_normalization=normal)


def _original() -> Plan:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        side = _choice("Side, pixels", ORIGINAL_SIDES, 572, "original-side")
        width = _choice("Filters of the first level", WIDTHS, 64, "original-width")
    out = output_side(side)
    st.caption(
        f"Its convolutions are not padded: each takes 2 pixels off, so {side} pixels come out as "
        f"{out}. Only sides that every pooling can halve are offered. Ronneberger, Fischer and "
        "Brox, “U-Net”, MICCAI 2015, figure 1."
    )
    return original(side, base_width=width)


def _choice(label: str, options, default: int, key: str) -> int:
    """Show a slider over listed numbers; of one that is not listed any more, the nearest."""
    kept = st.session_state.get(key, default)
    if kept not in options:
        st.session_state[key] = min(options, key=lambda option: abs(option - kept))
    return st.select_slider(label, options, default, key=key, bind="query-params", width=200)


def _costs(plan: Plan) -> None:
    first, last = plan.layers[0], plan.layers[-1]
    figures = {
        "In and out": f"{first.shape} → {last.shape}",
        "Parameters": f"{plan.parameters:,}",
        "Multiplications for a picture": f"{plan.multiplications / 1e9:.2f} billion",
        "Memory of all outputs": f"{plan.bytes / 1e6:,.0f} MB",
    }
    with st.container(horizontal=True, gap="small"):
        for name, value in figures.items():
            with st.container(border=True, width="content", gap=None):
                st.caption(name)
                st.markdown(f"**{value}**")


def _tile(side: int, out: int) -> None:
    """Show the overlap-tile strategy on a sample picture."""
    sample = sample_pictures()[TILE]
    tile = images.resize(_sample(), (out, out))
    whole = _framed(mirrored(tile))
    left, right = st.columns([1, 2], vertical_alignment="center")
    with left:
        embedded_picture(
            whole,
            f"{sample.alt}; the picture inside a frame, {out} × {out} pixels, and its mirror image "
            f"around it, up to {side} × {side}",
        )
    with right:
        st.markdown(
            f"**Overlap-tile strategy.** The network answers for the framed {out} × {out} pixels "
            f"and reads {BORDER} more on each side. Inside a large picture these are the "
            "neighbours that the next tile answers for; at its edge, the picture is mirrored. So "
            "tiles fit together without a seam, whatever the picture's size (figure 2 of the "
            "paper). The lecture's network pads with zeros instead: simpler, and its output is as "
            "large as its input."
        )


@st.cache_data(show_spinner=False)
def _sample() -> NDArray[np.uint8]:
    return images.fit(sample_pictures()[TILE].picture(), ORIGINAL_SIDES[-1])


def _framed(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Draw the frame between the tile and its border."""
    inside = np.zeros(picture.shape[:2], bool)
    inside[BORDER:-BORDER, BORDER:-BORDER] = True
    return render.outline(picture, inside, (240, 228, 66), 3)


def _table(plan: Plan, network: str) -> None:
    with st.expander(f"All {len(plan.layers)} layers", icon=":material/table_rows:"):
        columns = {
            "Layer": [layer.name for layer in plan.layers],
            "Kind": [diagram.NAMES[layer.kind] for layer in plan.layers],
            "Output": [layer.shape for layer in plan.layers],
            "Parameters": [f"{layer.parameters:,}" for layer in plan.layers],
            "Million multiplications": [f"{x.multiplications / 1e6:,.1f}" for x in plan.layers],
            "Middle sees, pixels": [f"{layer.field}×{layer.field}" for layer in plan.layers],
        }
        tables.show(columns, right=columns.keys() - {"Layer", "Kind"})
    st.download_button(
        "Layers as CSV",
        lambda: _csv(plan),
        f"unet_{network}.csv".lower(),
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
    )


def _csv(plan: Plan) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    fields = ("name", "kind", "side", "channels", "parameters", "multiplications", "field")
    writer.writerow(fields)
    writer.writerows([getattr(layer, name) for name in fields] for layer in plan.layers)
    return text.getvalue().encode()
