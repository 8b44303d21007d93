"""The keyboard's way in: every shape by its numbers."""

from __future__ import annotations

import re
from dataclasses import replace

import streamlit as st

from segcore.drawing import PREDICTION, Box, DrawingError, Mark, Polygon, Shape
from segcore.drawing.drawing import default_boxes
from segcore.drawing.fabric import tool_of, with_score
from segcore.ui.iou.desk import Desk
from segcore.ui.iou.stage import Stage

EDGES = ("x_min", "y_min", "x_max", "y_max")
MAX_TYPED = 60  # corners that a text field shows
_NUMBER = r"-?(?:\d+\.?\d*|\.\d+)"
_PAIR = re.compile(rf"\s*({_NUMBER})\s*,\s*({_NUMBER})(?:\s*;|\s+|$)", re.ASCII)


def edit(stage: Stage, desk: Desk, side: str) -> None:
    """Show the shapes of one side with their numbers, and buttons to add and remove."""
    marks = desk.drawing.side(side)
    place = _chosen(marks, side)
    if place is not None:
        _fields(desk, side, place, desk.drawing.marks[place])
    with st.container(horizontal=True, gap="xsmall"):
        st.button(
            "Add box",
            icon=":material/add:",
            on_click=_add,
            args=(stage, desk, side),
            key=f"iou-add-{side}",
        )
        if place is not None:
            st.button(
                "Remove",
                icon=":material/remove:",
                on_click=_remove,
                args=(desk, desk.edition, place),
                key=f"iou-remove-{side}",
            )
        if place is not None and isinstance(desk.drawing.marks[place].shape, Box):
            st.button(
                "Turn into polygon",
                icon=":material/polyline:",
                type="tertiary",
                on_click=_to_polygon,
                args=(desk, desk.edition, place),
                key=f"iou-corners-{side}",
            )


def _chosen(marks: list[tuple[int, Mark]], side: str) -> int | None:
    """Return the place of the mark whose numbers are shown: the last one, or as picked."""
    if not marks:
        st.caption("Nothing yet: draw it above, or add a box.")
        return None
    places = [place for place, _ in marks]
    if len(places) == 1:
        return places[0]
    key, count = f"iou-shape-{side}", f"iou count {side}"
    if st.session_state.get(count) != len(places) or st.session_state.get(key) not in places:
        st.session_state[key] = places[-1]
    st.session_state[count] = len(places)
    titles = {place: f"{number}. {tool_of(mark)}" for number, (place, mark) in enumerate(marks, 1)}
    return st.selectbox("Shape", places, format_func=lambda p: titles.get(p, "?"), key=key)


def _fields(desk: Desk, side: str, place: int, mark: Mark) -> None:
    bounds = mark.shape.bounds()
    with st.container(horizontal=True, gap="xsmall"):
        for name, value in zip(EDGES, bounds, strict=True):
            key = _key(desk, f"{side}-{name}", place)
            st.session_state[key] = round(value, 2)
            st.number_input(
                name,
                step=1.0,
                format="%.10g",
                key=key,
                on_change=_moved,
                args=(desk, desk.edition, side, place),
                width=84,
            )
        if side == PREDICTION and not mark.erase:
            key = _key(desk, "score", place)
            st.session_state[key] = mark.score
            st.number_input(
                "Score",
                0.0,
                1.0,
                step=0.05,
                key=key,
                on_change=_scored,
                args=(desk, desk.edition, place),
                help="Confidence: predictions choose their targets in order of falling score.",
                width=84,
            )
    if isinstance(mark.shape, Polygon) and len(mark.shape.points) <= MAX_TYPED:
        key = _key(desk, f"{side}-points", place)
        st.session_state[key] = "  ".join(
            f"{round(x, 2):g},{round(y, 2):g}" for x, y in mark.shape.points
        )
        st.text_area(
            "Corners x,y",
            key=key,
            on_change=_retyped,
            args=(desk, desk.edition, side, place),
            help="One x,y after the other, at least three; an even-odd rule holds where the "
            "outline crosses itself.",
        )


def _key(desk: Desk, name: str, place: int) -> str:
    """Return a field's key: another for each shape, and after each change from elsewhere.

    A browser that has not heard of that change yet sends the numbers of before once more.
    """
    return f"iou-{name}-{place}-{desk.edition}"


# === Callbacks ===


def _moved(desk: Desk, edition: int, side: str, place: int) -> None:
    if edition != desk.edition:
        return
    mark = desk.drawing.marks[place]
    before = mark.shape.bounds()
    known, typed = list(before), set()
    for i, name in enumerate(EDGES):
        value = st.session_state.get(_key(desk, f"{side}-{name}", place))
        if value is not None and value != round(before[i], 2):
            known[i] = value
            typed.add(i)
    for low, high in ((0, 2), (1, 3)):  # an edge typed beyond its opposite pushes that along
        length = before[high] - before[low]
        if known[low] > known[high] and low in typed and high not in typed:
            known[high] = known[low] + length
        elif known[low] > known[high] and high in typed and low not in typed:
            known[low] = known[high] - length

    def fitted() -> Shape:
        x0, y0, x1, y1 = known
        if isinstance(mark.shape, Polygon) and (x0 == x1 or y0 == y1):
            raise DrawingError("A polygon needs a width and a height; type another number.")
        return mark.shape.fitted((x0, y0, x1, y1))

    _try(desk, place, mark, fitted)


def _retyped(desk: Desk, edition: int, side: str, place: int) -> None:
    if edition != desk.edition:
        return
    text = st.session_state[_key(desk, f"{side}-points", place)]
    mark = desk.drawing.marks[place]

    def read() -> Polygon:
        pairs = _PAIR.findall(text)
        if _PAIR.sub("", text).strip():
            raise DrawingError(
                "The corners hold something that is no x,y; type pairs such as 10,20 30,20 30,40."
            )
        return Polygon(tuple((float(x), float(y)) for x, y in pairs))

    _try(desk, place, mark, read)


def _scored(desk: Desk, edition: int, place: int) -> None:
    score = st.session_state.get(_key(desk, "score", place))
    if score is not None and edition == desk.edition:
        mark = replace(desk.drawing.marks[place], score=score)
        desk.change(desk.drawing.replaced(place, mark), typed=True)


def _try(desk: Desk, place: int, mark: Mark, make) -> None:
    try:
        desk.change(desk.drawing.replaced(place, replace(mark, shape=make())), typed=True)
    except (DrawingError, ValueError) as error:
        st.session_state["iou problem"] = str(error)


def _to_polygon(desk: Desk, edition: int, place: int) -> None:
    if edition != desk.edition:
        return
    mark = desk.drawing.marks[place]
    desk.change(desk.drawing.replaced(place, replace(mark, shape=Polygon(mark.shape.outline()))))


def _add(stage: Stage, desk: Desk, side: str) -> None:
    (first,) = (mark for mark in default_boxes(stage.size).marks if mark.side == side)
    count = len(desk.drawing.side(side))
    step = max(1, round(min(stage.size) / 20)) * count
    x0, y0, x1, y1 = first.shape.bounds()
    right, down = (step % max(1.0, room) for room in (stage.size[1] - x1, stage.size[0] - y1))
    box = Box(x0 + right, y0 + down, x1 + right, y1 + down)
    try:
        desk.change(desk.drawing.added(with_score(Mark(side, box), desk.drawing.marks)))
    except DrawingError as error:
        st.session_state["iou problem"] = str(error)


def _remove(desk: Desk, edition: int, place: int) -> None:
    if edition == desk.edition:
        desk.change(desk.drawing.removed(place))
