"""A plan drawn as the U that the network is named after."""

from __future__ import annotations

from html import escape
from itertools import groupby, pairwise
from math import log2
from typing import NamedTuple

from segcore.unet.plan import Layer, Plan

COLOURS = {  # Okabe and Ito
    "input": "#999999",
    "convolution": "#0072b2",
    "linear": "#0072b2",
    "pooling": "#d55e00",
    "transposed": "#009e73",
    "concatenation": "#cc79a7",
    "output": "#e69f00",
}
NAMES = {
    "input": "Input",
    "convolution": "3×3 convolution, ReLU",
    "linear": "3×3 convolution",
    "normalisation": "Batch normalisation, ReLU",
    "pooling": "Max pooling, 2×2",
    "transposed": "Transposed convolution, 2×2, stride 2",
    "concatenation": "Copy and concatenate",
    "output": "1×1 convolution, probabilities",
}
LETTERS = {
    "input": "I",
    "convolution": "C",
    "linear": "C",
    "pooling": "P",
    "transposed": "T",
    "concatenation": "+",
    "output": "O",
}
# Pixels.
ROW, TOP = 84, 22
THICK, TALL = (8, 14), (16, 48)  # what every block has, and what the largest has on top
GAP, SIDE = 5, 40


class Block(NamedTuple):
    """A layer's place in the drawing, in pixels from the upper left corner."""

    layer: Layer
    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.top + self.height


def blocks(plan: Plan) -> list[Block]:
    """Place the layers: one row a level, as wide as there are channels, as high as the side.

    Width and height grow with the logarithm. Batch normalisations are left out, as they change
    no shape.
    """
    shown = [layer for layer in plan.layers if layer.kind != "normalisation"]
    widest = log2(max(layer.channels for layer in shown) + 1)
    highest = log2(max(layer.side for layer in shown) + 1)
    placed, x = [], float(SIDE)
    for layer in shown:
        width = THICK[0] + THICK[1] * log2(layer.channels + 1) / widest
        height = TALL[0] + TALL[1] * log2(layer.side + 1) / highest
        top = TOP + ROW * (layer.level - 1) + (sum(TALL) - height) / 2
        placed.append(Block(layer, x, top, width, height))
        x += width + GAP
    return placed


def svg(plan: Plan, title: str) -> str:
    """Draw a plan; a pointer on a block tells the layer's name, shape, parameters and field.

    Parameters
    ----------
    plan : Plan
    title : str
        For those who do not see it.

    Returns
    -------
    str
        An ``<svg>`` element for light and dark pages: its text has the colour of the page's.
    """
    placed = blocks(plan)
    width = placed[-1].right + SIDE
    height = TOP + ROW * plan.bottom.level
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(title)}" '
        f'width="{width:.0f}" height="{height}" viewBox="0 0 {width:.0f} {height}" '
        'font-size="11" fill="currentColor" text-anchor="middle">'
        + "".join([*_arrows(placed), *map(_block, placed), *_sides(placed)])
        + "</svg>"
    )


def legend(plan: Plan) -> str:
    """Return what colours and letters mean, as HTML."""
    kinds = dict.fromkeys(layer.kind for layer in plan.layers if layer.kind in COLOURS)
    return "".join(
        '<span style="white-space:nowrap;margin-right:1.2em"><span style="display:inline-block;'
        f"width:1.3em;margin-right:.4em;text-align:center;color:white;"
        f'background:{COLOURS[kind]}">{LETTERS[kind]}</span>'
        f"{NAMES[kind]}</span> "
        for kind in kinds
    )


def _block(block: Block) -> str:
    layer = block.layer
    tip = (
        f"{layer.name}: {layer.shape}, {layer.parameters:,} parameters, "
        f"the middle sees {layer.field}×{layer.field} pixels"
    )
    return (
        f'<g><title>{escape(tip)}</title><rect x="{block.left:.1f}" y="{block.top:.1f}" '
        f'width="{block.width:.1f}" height="{block.height:.1f}" rx="2" '
        f'fill="{COLOURS[layer.kind]}"/>'
        f'<text x="{block.left + block.width / 2:.1f}" y="{block.top - 4:.1f}">'
        f"{layer.channels}</text>"
        f'<text x="{block.left + block.width / 2:.1f}" y="{block.top + 12:.1f}" font-size="9" '
        f'fill="white">{LETTERS[layer.kind]}</text></g>'
    )


def _arrows(placed: list[Block]) -> list[str]:
    drawn = []
    for before, block in pairwise(placed):
        if before.layer.kind == "pooling":
            start = (before.left + before.width / 2, before.bottom)
            drawn.append(_arrow(start, (block.left - 2, block.top + 8), "pooling"))
        elif block.layer.kind == "transposed":
            start = (before.right, before.top + 8)
            end = (block.left + block.width / 2, block.bottom + 2)
            drawn.append(_arrow(start, end, "transposed"))
    for low in (block for block in placed if block.layer.kind == "concatenation"):
        high = [
            block
            for block in placed
            if (block.layer.part, block.layer.level) == ("encoder", low.layer.level)
            and block.layer.kind in ("convolution", "linear")
        ][-1]
        height = low.top + 6
        drawn.append(_arrow((high.right, height), (low.left - 2, height), "concatenation", "3 4"))
    return drawn


def _arrow(
    start: tuple[float, float], end: tuple[float, float], kind: str, dashes: str = "none"
) -> str:
    (x0, y0), (x1, y1) = start, end
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    corners = [(x1, y1)]
    corners += [(x1 - 7 * ux - s * 3.5 * uy, y1 - 7 * uy + s * 3.5 * ux) for s in (1, -1)]
    tip = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    return (
        f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1 - 6 * ux:.1f}" y2="{y1 - 6 * uy:.1f}" '
        f'stroke="{COLOURS[kind]}" stroke-width="1.5" stroke-dasharray="{dashes}"/>'
        f'<polygon points="{tip}" fill="{COLOURS[kind]}"/>'
    )


def _sides(placed: list[Block]) -> list[str]:
    """Write each row's side: left of it on the way down, right of it on the way up."""
    texts = []
    for (down, _), row in groupby(placed, lambda b: (b.layer.part == "encoder", b.layer.level)):
        found = list(row)
        block = found[0] if down else found[-1]
        x, anchor = (block.left - 5, "end") if down else (block.right + 5, "start")
        texts.append(
            f'<text x="{x:.1f}" y="{block.bottom - 2:.1f}" text-anchor="{anchor}" opacity="0.7">'
            f"{block.layer.side}²</text>"
        )
    return texts
