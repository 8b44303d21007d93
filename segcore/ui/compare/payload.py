"""What the viewer in the browser gets: the picture, maps of ids and a legend, as JSON."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segcore.scenes.layers import Entry, Layer
from segcore.scenes.legend import Cell, Row
from segcore.ui.embedded import data_address


@dataclass(frozen=True)
class View:
    """One of the pictures.

    Attributes
    ----------
    key, title : str
        For the page, for people.
    layer : Layer or None
        None for the picture itself.
    note : str
        Below the picture.
    alt : str
        What it shows, for those who do not see it.
    nothing : str
        What pointing at an unlabelled pixel says.
    """

    key: str
    title: str
    layer: Layer | None
    note: str
    alt: str
    nothing: str = "unlabelled"


def payload(
    token: str,
    picture: bytes,
    shape: tuple[int, int],
    views: Sequence[View],
    rows: Sequence[Row],
    *,
    look: str,
    names: bool,
    isolated: str,
) -> dict[str, Any]:
    """Return the viewer's data.

    Parameters
    ----------
    token : str
        Tells this picture from any other: zoom, point and isolated row start anew with it.
    picture : bytes
        A JPEG file of any size, of the proportions of ``shape``.
    shape : (h, w)
        Of all layers.
    views : sequence of View
    rows : sequence of Row
        The legend.
    look : str
        One of `drawing.LOOKS`.
    names : bool
        Whether names are drawn.
    isolated : str
        The key of the row that is shown alone at first, empty for none.
    """
    content: dict[str, Any] = {
        "token": token,
        "picture": data_address(picture),
        "height": shape[0],
        "width": shape[1],
        "views": [_view(view, shape) for view in views],
        "columns": [{"key": v.key, "title": v.title} for v in views if _has_columns(v)],
        "legend": [_row(row) for row in rows],
        "look": look,
        "names": names,
        "isolated": isolated,
        "words": {"legend": "Choose a row to show a class or an object alone; again for all."},
    }
    content["stamp"] = hashlib.sha256(repr(content).encode()).hexdigest()[:16]
    return content


def packed(array: NDArray) -> str:
    """Return an array's bytes, deflated, in base 64; 16-bit values little-endian."""
    return _deflated(np.ascontiguousarray(array).tobytes())


@lru_cache(maxsize=16)  # most maps stay as they are when a slider moves
def _deflated(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data, 6)).decode()


def _has_columns(view: View) -> bool:
    return view.layer is not None and view.key != "errors"


def _view(view: View, shape: tuple[int, int]) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "key": view.key,
        "title": view.title,
        "note": view.note,
        "alt": view.alt,
        "nothing": view.nothing,
    }
    if view.layer is None:
        return answer
    if view.layer.ids.shape != shape:
        raise ValueError(f"{view.key} is {view.layer.ids.shape}, but the views are {shape}.")
    answer["ids"] = packed(view.layer.ids.astype("<u2"))
    answer["entries"] = {str(entry.id): _entry(entry) for entry in view.layer.entries}
    if view.layer.scores is not None:
        steps = np.rint(view.layer.scores / 12.75) * 12.75  # of 5 %: a third of the bytes
        answer["scores"] = packed(np.rint(steps).astype(np.uint8))
    return answer


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "label": entry.label,
        "number": entry.number,
        "score": entry.score,
        "area": entry.area,
        "colour": list(entry.colour),
        "pattern": entry.pattern,
        "anchor": list(entry.anchor),
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "key": row.key,
        "label": row.label,
        "number": row.number,
        "colour": list(row.colour),
        "pattern": row.pattern,
        "cells": {view: _cell(row, cell) for view, cell in row.cells.items()},
    }


def _cell(row: Row, cell: Cell) -> dict[str, Any]:
    parts = []
    if row.number:
        if cell.score is not None:
            parts.append(f"{cell.score:.2f}")
    elif cell.count:
        parts.append(f"{cell.count} ×")
    parts.append(percent(cell.part))
    answer: dict[str, Any] = {"text": " · ".join(parts), "title": f"{cell.area:,} pixels"}
    if cell.colour:
        answer["colour"] = list(cell.colour)
    return answer


def percent(part: float) -> str:
    """Return a part, 0 to 1, as a percentage of bearable length.

    Examples
    --------
    >>> percent(0.5), percent(0.042), percent(0.0004), percent(0)
    ('50 %', '4.2 %', '< 0.1 %', '0 %')
    """
    value = 100 * part
    if value < 0.1:
        return "< 0.1 %" if value else "0 %"
    return f"{value:.0f} %" if value >= 9.95 else f"{value:.1f} %"


def summary(layer: Layer) -> str:
    """Return what a layer shows, in words: objects counted, stuff with its part.

    Examples
    --------
    >>> from segcore.scenes.layers import Entry
    >>> cats = [Entry(i, 9, "cat", i, 0.9, 2, (0, 0, 0), 0, (0, 0)) for i in (1, 2)]
    >>> sky = Entry(3, 21, "sky", 0, 0.9, 4, (0, 0, 0), 1, (0, 0))
    >>> summary(Layer(np.ones((2, 4), np.int32), (*cats, sky)))
    '2 × cat 50 %, sky 50 %'
    """
    counts: dict[str, int] = {}
    areas: dict[str, int] = {}
    for entry in layer.entries:
        if entry.area:
            counts[entry.label] = counts.get(entry.label, 0) + (entry.number > 0)
            areas[entry.label] = areas.get(entry.label, 0) + entry.area
    order = sorted(areas, key=lambda label: -areas[label])
    words = [
        f"{counts[label]} × {label} {percent(areas[label] / layer.ids.size)}"
        if counts[label]
        else f"{label} {percent(areas[label] / layer.ids.size)}"
        for label in order
    ]
    return ", ".join(words) or "nothing"
