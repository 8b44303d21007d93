"""The network drawn as a U: a tile a stage with what it made of the picture, and arrows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import plotly.graph_objects as go

from segcore.ui.embedded import data_address
from segcore.unet.diagram import NAMES
from segcore.unet.inside import DEPTH, LAYERS, SKIPS, convolution_name, up_name

TILE = 54  # pixels; the same at every width, as the marks that take the clicks are
ROW = 84  # pixels from one level to the next
ENCODER, BOTTOM, DECODER, UP = 0.0, 1.0, 2.0, 3.0  # where the columns stand
GREY, TEAL = "#7c8784", "#13926f"  # both seen on white and on nearly black
_LABEL = (TILE / 2 + 11) / ROW  # from a tile's middle to that of the shape under it
_BELOW_LABEL = _LABEL + 8 / ROW
_KINDS = {layer.name: NAMES[layer.kind] for layer in LAYERS}

Place = tuple[float, float]


@dataclass(frozen=True)
class Tile:
    """What a place in the U shows.

    Attributes
    ----------
    jpeg : bytes
        A square thumbnail.
    shape : (height, width, channels)
    """

    jpeg: bytes
    shape: tuple[int, ...]

    @property
    def label(self) -> str:
        """The shape as it is written under the tile."""
        return "×".join(map(str, self.shape))


def places() -> dict[str, Place]:
    """Return the column and row of each stage that has a tile, by its name."""
    found: dict[str, Place] = {}
    for level in SKIPS:
        found[f"Conv_Down_{level}_2"] = (ENCODER, level)
    found["Conv_Bottle_2"] = (BOTTOM, DEPTH + 1)
    for level in reversed(SKIPS):
        found[f"Conv_Transp_{up_name(level)}"] = (UP, level + 0.5)
        found[f"{convolution_name(level)}_2"] = (DECODER, level)
    found["Conv_Out"] = (DECODER, 0)
    return found


def draw(tiles: Mapping[str, Tile], picture: Tile, off: Collection[int], chosen: str) -> go.Figure:
    """Draw the U.

    Parameters
    ----------
    tiles : mapping of str to Tile
        By the stage's name; of all in `places`.
    picture : Tile
        What goes in.
    off : collection of int
        Levels whose skip connection is off: grey, dashed and labelled so.
    chosen : str
        The stage that is shown large; its tile has a thick frame.

    Returns
    -------
    go.Figure
        Its last trace has a point for each tile, with the stage's name as custom data.
    """
    figure = go.Figure()
    _arrows(figure)
    _skips(figure, off)
    _images(figure, tiles, picture)
    _names(figure)
    _points(figure, tiles, chosen)
    figure.update_layout(
        height=ROW * (DEPTH + 2) + 12,
        margin={"l": 0, "r": 0, "t": 4, "b": 4},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=False,
        dragmode=False,
        clickmode="event+select",
        xaxis={"visible": False, "range": [ENCODER - 0.45, UP + 0.45], "fixedrange": True},
        yaxis={"visible": False, "range": [DEPTH + 1.5, -0.4], "fixedrange": True},
    )
    return figure


# === Arrows ===


def _arrows(figure: go.Figure) -> None:
    _arrow(figure, [(ENCODER, _BELOW_LABEL), (ENCODER, 1)])
    for level in range(1, DEPTH):
        _arrow(figure, [(ENCODER, level + _BELOW_LABEL), (ENCODER, level + 1)])
    corner = (ENCODER, DEPTH + 1)
    _arrow(figure, [(ENCODER, DEPTH + _BELOW_LABEL), corner, (BOTTOM, DEPTH + 1)])
    below: Place = (BOTTOM, DEPTH + 1)
    for level in reversed(SKIPS):
        up, beside = (UP, level + 0.5), (DECODER, float(level))
        _arrow(figure, [below, up])
        _arrow(figure, [up, beside])
        below = beside
    _arrow(figure, [(DECODER, 1), (DECODER, _BELOW_LABEL)], standoff=0)


def _skips(figure: go.Figure, off: Collection[int]) -> None:
    for level in SKIPS:
        gone = level in off
        _arrow(
            figure,
            [(ENCODER, level), (DECODER, level)],
            colour=GREY if gone else TEAL,
            dash="dash" if gone else "solid",
            width=1.5 if gone else 3,
        )
    figure.add_scatter(
        x=[BOTTOM] * DEPTH,
        y=[level - 0.04 for level in SKIPS],
        mode="text",
        text=[f"skip {level}: off" if level in off else f"skip {level}" for level in SKIPS],
        textposition="top center",
        textfont={"size": 12},
        hoverinfo="skip",
    )


def _arrow(
    figure: go.Figure,
    path: list[Place],
    colour: str = GREY,
    dash: str = "solid",
    width: float = 1.5,
    standoff: float = TILE / 2 + 3,
) -> None:
    """Draw a line with a head that stops at the edge of the tile at its end."""
    blank = [0.0] * (len(path) - 1)
    x, y = zip(*path, strict=True)
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines+markers",
        line={"color": colour, "width": width, "dash": dash},
        marker={
            "symbol": "arrow",
            "size": [*blank, 11],
            "angleref": "previous",
            "standoff": [*blank, standoff],
            "color": colour,
            "opacity": 1,
        },
        hoverinfo="skip",
    )


# === Tiles ===


def _images(figure: go.Figure, tiles: Mapping[str, Tile], picture: Tile) -> None:
    where = {**places(), "": (ENCODER, 0.0)}
    for name, (x, y) in where.items():
        tile = tiles[name] if name else picture
        figure.add_layout_image(
            source=data_address(tile.jpeg),
            xref="x",
            yref="y",
            x=x,
            y=y,
            sizex=0.95,  # wider than high on any screen, so the height decides
            sizey=TILE / ROW,
            xanchor="center",
            yanchor="middle",
            sizing="contain",
            layer="above",
        )
        figure.add_scatter(
            x=[x],
            y=[y + _LABEL],
            mode="text",
            text=[tile.label],
            textfont={"size": 12},
            hoverinfo="skip",
        )


def _names(figure: go.Figure) -> None:
    """Name the three tiles that stand apart, where there is room beside or above them."""
    beside = {"xanchor": "left", "xshift": TILE / 2 + 6, "yanchor": "middle"}
    above = {"xanchor": "center", "yshift": TILE / 2 + 2, "yanchor": "bottom"}
    for text, (x, y), where in (
        ("Picture", (ENCODER, 0), beside),
        ("Output", (DECODER, 0), beside),
        ("Bottleneck", (BOTTOM, DEPTH + 1), above),
    ):
        figure.add_annotation(text=text, x=x, y=y, showarrow=False, font={"size": 13}, **where)


def _points(figure: go.Figure, tiles: Mapping[str, Tile], chosen: str) -> None:
    where = places()
    frame = {"selected": {"marker": {"opacity": 1}}, "unselected": {"marker": {"opacity": 1}}}
    figure.add_scatter(
        x=[x for x, _ in where.values()],
        y=[y for _, y in where.values()],
        customdata=[[name, _KINDS[name], tiles[name].label] for name in where],
        mode="markers",
        marker={
            "symbol": "square",
            "size": [TILE + (8 if name == chosen else 2) for name in where],
            "color": [TEAL if name == chosen else GREY for name in where],
            "opacity": 1,
            "line": {"width": 0},
        },
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}<br>%{customdata[2]}"
        "<extra></extra>",
        **frame,
    )
