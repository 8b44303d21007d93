"""The view Upsampling: how a transposed convolution makes a map larger, cell by cell."""

from __future__ import annotations

import numpy as np
import streamlit as st
from PIL import Image

from segcore.sample_pictures import sample_pictures
from segcore.unet import transposed
from segcore.unet.grids import grid, short
from segcore.unet.plan import lecture
from segcore.unet.transposed import Grid

ONE, DIAGONAL, RAMP, PICTURE = "One bright cell", "Diagonal", "Ramp", "A small picture"
INPUTS = (RAMP, ONE, DIAGONAL, PICTURE)
EYE = (130, 70, 210, 150)  # left, top, right and bottom of an eye in the sample "chelsea"
SMALL, LARGE = 164, 240  # pixels a side; two small ones fit beside each other on a phone
CHECKERBOARD = (
    "[Odena, Dumoulin and Olah, Distill 2016](https://distill.pub/2016/deconv-checkerboard/)"
)


@st.fragment
def show() -> None:
    """Show the view."""
    st.markdown(
        "On its way up a U-Net has to make its maps larger. A **transposed convolution** does it "
        "by stamping: each input cell lays a copy of the kernel, times its own value, on the "
        "output. The next cell's copy lies one *stride* further. Where copies overlap, they add "
        "up. The kernel's numbers are learned."
    )
    values, weights, stride = _choose()
    cell = _cell(values)
    _grids(values, weights, stride, cell)
    _weights(len(weights))


def _choose() -> tuple[Grid, Grid, int]:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        name = st.selectbox("Input", INPUTS, key="up-input", bind="query-params", width=210)
        kind = st.selectbox(
            "Kernel's numbers",
            transposed.KERNELS,
            index=transposed.KERNELS.index(transposed.RANDOM),
            key="up-numbers",
            bind="query-params",
            width=250,
        )
        size = st.slider("Kernel", 1, 5, 2, key="up-kernel", bind="query-params", width=164)
        stride = st.slider("Stride", 1, 3, 2, key="up-stride", bind="query-params", width=164)
    return inputs()[name], transposed.kernel(kind, size), stride


def _cell(values: Grid) -> int:
    """Show the stepper; return the number of the cell that is stamped, from 0."""
    count = values.size
    key = f"up-cell-{count}"  # of its own for each size, since their ranges differ
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        cell = st.slider(
            "Cell", 1, count, (count * 3) // 8, key=key, bind="query-params", width=210
        )
        st.button(
            "Next cell",
            icon=":material/skip_next:",
            key="up-next",
            on_click=_next,
            args=(key, count),
        )
    return cell - 1


def _next(key: str, count: int) -> None:
    st.session_state[key] = st.session_state[key] % count + 1


def _grids(values: Grid, weights: Grid, stride: int, cell: int) -> None:
    size = len(weights)
    row, column = divmod(cell, values.shape[1])
    place = transposed.reach(values, size, stride, cell)
    output = transposed.transpose(values, weights, stride)
    reached = transposed.coverage(values.shape, size, stride)
    so_far = transposed.transpose(values, weights, stride, cells=cell + 1)
    so_far[transposed.coverage(values.shape, size, stride, cells=cell + 1) == 0] = np.nan
    stamp = np.full(output.shape, np.nan)
    stamp[place] = transposed.stamp(values, weights, stride, cell)[place]
    low, high = min(0.0, output.min(), np.nanmin(so_far)), max(output.max(), np.nanmax(so_far))
    here = np.s_[row : row + 1, column : column + 1]
    with st.container(horizontal=True, gap="small"):
        _grid("Input", values, (values.min(), values.max()), here, SMALL)
        _grid("Kernel", weights, (weights.min(), weights.max()), None, SMALL)
        _grid(f"Stamp of cell {cell + 1}", stamp, (low, high), place)
        _grid(f"Sum of cells 1 to {cell + 1}", so_far, (low, high), place)
    value = short(values[row, column])
    st.caption(
        f"The orange frames show input cell {cell + 1}, of value {value}, and where its stamp "
        "lies. Dark blue is low and yellow is high: input and kernel each by its own range, stamp, "
        "sum and finished output by the same."
    )
    with st.container(horizontal=True, gap="small"):
        _grid("Finished output", output, (low, high))
        _grid("Inputs that reach each cell", reached, (0, reached.max()))
        with st.container(width="stretch"):
            _sentences(values, weights, stride)


def _grid(
    title: str,
    values: Grid,
    limits: tuple[float, float],
    mark: tuple[slice, slice] | None = None,
    side: int = LARGE,
) -> None:
    low, high = np.nanmin(values), np.nanmax(values)
    rows, columns = values.shape
    with st.container(width=side, gap="xxsmall"):
        st.markdown(f"**{title}**")
        st.plotly_chart(
            grid(values, *limits, mark, side),
            key=f"up-grid-{title.split(' of ')[0]}",
            config={"displayModeBar": False},
            alt=f"{title}: {rows} × {columns} cells, from {short(low)} to {short(high)}",
        )


def _sentences(values: Grid, weights: Grid, stride: int) -> None:
    side, size = len(values), len(weights)
    output, same = transposed.output_side(side, size, stride), side * stride
    st.markdown(
        f"- **Size.** (input − 1) × stride + kernel = ({side} − 1) × {stride} + {size} = "
        f'**{output}** cells a side. With `padding="same"`, as in the lecture\'s code, Keras '
        f"gives {side} × {stride} = {same}{': the same' if output == same else ''}."
        f"\n- **Overlap.** {overlap(size, stride)}"
        f"\n- **A flat area.** {flat(weights, stride)}"
    )


def _weights(size: int) -> None:
    channels = {layer.name: layer.channels for layer in lecture().layers}
    before, after = channels["Conv_Bottle_2"], channels["Conv_Transp_Bottle"]
    learned = transposed.parameters(size, before, after)
    st.markdown(
        f"- **Weights.** From {before} to {after} channels, the lecture's first step up, a kernel "
        f"of {size} × {size} has {size} × {size} × {before} × {after} + {after} = **{learned:,}** "
        "weights. Nearest and bilinear have **none**: they are fixed rules, and nothing is "
        "learned."
        "\n- **In this project.** The lecture's U-Net and the original one go up with kernel 2 and "
        "stride 2. The U-Net with an EfficientNet-Lite encoder repeats each cell (nearest) and "
        "leaves the learning to the 3×3 convolution after it; only its last step is a "
        "transposed convolution, with kernel 4 and stride 2: a multiple, so its stamps overlap "
        "evenly."
    )


def overlap(size: int, stride: int) -> str:
    """Say how evenly the stamps cover the output away from the border."""
    counts = np.unique(transposed.flat_response(np.ones((size, size)), stride)).astype(int)
    if size == stride:
        return (
            "Kernel and stride are equal: each output cell is reached by exactly one input cell. "
            + _even(size, stride)
        )
    if size < stride:
        return (
            "The kernel is smaller than the stride: some output cells are reached by none and "
            "stay 0. A network would have holes there."
        )
    if len(counts) == 1:
        return (
            f"The kernel is a multiple of the stride: away from the border {counts[0]} input "
            f"cells reach each output cell. Stamps overlap evenly. {_even(size, stride)}"
        )
    *some, last = (str(count) for count in counts)
    return (
        f"The kernel is no multiple of the stride: away from the border output cells are reached "
        f"by {', '.join(some)} or {last} input cells, in turns. The network has to learn to even "
        f"that out; where it does not, one sees a **checkerboard** ({CHECKERBOARD})."
    )


def _even(size: int, stride: int) -> str:
    """Say what even overlap means for a checkerboard: not all weights need to be equal."""
    text = f"So no **checkerboard** comes from overlap ({CHECKERBOARD})."
    if stride > 1:
        text += " Unequal weights in the kernel can still make one."
    if size == stride == 2:
        text += (
            " The lecture's U-Net goes up like this, and tiles of its decoder in the view Inside "
            "show such a pattern."
        )
    return text


def flat(weights: Grid, stride: int) -> str:
    """Say what becomes of an input of ones."""
    pattern = transposed.flat_response(weights, stride)
    low, high = short(pattern.min()), short(pattern.max())
    where = "away from the border" if len(weights) > stride else "everywhere"
    if low == high:
        return f"An input of ones everywhere comes out as {low} {where}: flat stays flat."
    return (
        f"An input of ones everywhere comes out with values from {low} to {high} {where}, in a "
        f"pattern that repeats every {stride} cells."
    )


@st.cache_data(show_spinner=False)
def inputs() -> dict[str, Grid]:
    """Return the inputs by name: three of 4 × 4 cells and a picture of 16 × 16, 0 to 1."""
    one = np.zeros((4, 4))
    one[1, 1] = 1
    whole = Image.fromarray(sample_pictures()["chelsea"].picture()).convert("L")
    eye = np.asarray(whole.resize((16, 16), Image.Resampling.BOX, EYE)) / 255
    return {ONE: one, DIAGONAL: np.eye(4), RAMP: np.arange(1.0, 17).reshape(4, 4), PICTURE: eye}
