"""Drawing with the pointer: streamlit-drawable-canvas around our own shapes."""

from __future__ import annotations

import streamlit as st

from segcore import images, region_picture
from segcore.drawing import PREDICTION, SIDES, TARGET, Drawing, DrawingError
from segcore.drawing.fabric import LINE, TOOLS, from_canvas, style, to_canvas
from segcore.ui.embedded import data_address, embedded_picture
from segcore.ui.iou import memory
from segcore.ui.iou.desk import Desk
from segcore.ui.iou.stage import Stage
from segcore.ui.measure import column_width

MAX_HEIGHT = 600
SIDE_TITLES = {
    TARGET: ":blue[:material/square:] Target",
    PREDICTION: ":red[:material/square:] Prediction",
}
TOOL_TITLES = {
    "box": ":material/rectangle: Box",
    "polygon": ":material/polyline: Polygon",
    "freehand": ":material/gesture: Freehand",
    "brush": ":material/brush: Brush",
    "eraser": ":material/ink_eraser: Eraser",
}
HOW = {
    "box": "Drag from corner to corner.",
    "polygon": "Click corner after corner, then the first one again to close.",
    "freehand": "Draw around a region in one go; its ends are joined.",
    "brush": "Paint; strokes that touch belong together.",
    "eraser": "Rub out what this side has so far.",
}


def edit(stage: Stage, desk: Desk, sides: tuple[str, ...]) -> None:
    """Show tools and canvas; what was drawn goes to the desk.

    `sides` are those that are drawn; marks of the other side rest meanwhile.
    """
    key, side = memory.restore("side", TARGET, memory.one_of(SIDES))
    if sides and side not in sides:
        side = st.session_state[key] = sides[0]
    tool_key, tool = memory.restore("tool", "box", memory.one_of(TOOLS))
    with st.container(horizontal=True, vertical_alignment="center", key="iou-tools"):
        side = st.segmented_control(
            "Whose shape to draw",
            list(SIDES),
            format_func=SIDE_TITLES.__getitem__,
            default=side,
            required=True,
            label_visibility="collapsed",
            key=key,
        )
        buttons = st.container(horizontal=True, gap="xxsmall", width="content")
        tool = st.segmented_control(
            "Tool",
            list(TOOLS),
            format_func=TOOL_TITLES.__getitem__,
            default=tool,
            required=True,
            label_visibility="collapsed",
            wrap=True,
            key=tool_key,
        )
        side, tool = side or TARGET, tool or "box"
    memory.keep("side", side, None)
    memory.keep("tool", tool, None)
    width = _brush_width(stage, tool, st.empty())
    with st.container(key="iou-canvas", gap="xxsmall"):
        _sheet(stage, desk, side, tool, width, sides)
    with buttons:  # after the canvas: what was just drawn can be undone
        _buttons(desk, side, drawn=bool(sides))


def _sheet(
    stage: Stage, desk: Desk, side: str, tool: str, brush: int, sides: tuple[str, ...]
) -> None:
    """Show the canvas, or the plain picture where there is nothing to draw."""
    available = column_width("iou")
    if available is None:
        # The browser tells the width in a moment.
        embedded_picture(stage.preview(), stage.alt, width="content")
        return
    if not sides:
        embedded_picture(stage.preview(), stage.alt, width=_canvas_size(stage, available)[1])
        st.caption("Neither side comes from the canvas now: see below.")
        return
    _canvas(stage, desk, side, tool, brush, available, sides)
    elsewhere = "".join(
        f"The {other} does not come from the canvas now: see below. "
        for other in SIDES
        if other not in sides
    )
    st.caption(
        f"{elsewhere}{HOW[tool]} To move, reshape or delete, point at the picture and press the "
        "pencil that appears above it. No pointer? Type the numbers below."
    )


def _brush_width(stage: Stage, tool: str, place) -> int:
    """Show the width in its place, which stays when empty, so that the canvas never moves."""
    longest = max(stage.size)
    usual = max(1, longest // 25)
    key = f"brush {stage.key}"
    if tool not in ("brush", "eraser"):
        return memory.kept(key, usual)
    width = place.slider(
        f"Width of the {tool}, pixels",
        1,
        max(2, longest // 5),
        memory.kept(key, usual),
        key=f"iou-brush-{stage.key}",
    )
    memory.keep(key, width, None)
    return width


def _buttons(desk: Desk, side: str, drawn: bool) -> None:
    st.button(
        ":material/undo:",
        on_click=desk.undo,
        disabled=not desk.done,
        help="Undo",
        key="iou-undo",
    )
    st.button(
        ":material/redo:",
        on_click=desk.redo,
        disabled=not desk.undone,
        help="Redo",
        key="iou-redo",
    )
    st.button(
        ":material/delete: Clear",
        on_click=lambda: desk.change(desk.drawing.cleared(side)),
        disabled=not (drawn and desk.drawing.side(side)),
        help=f"Remove everything of the {side}",
        key="iou-clear",
    )


def _canvas(
    stage: Stage,
    desk: Desk,
    side: str,
    tool: str,
    brush: int,
    available: int,
    sides: tuple[str, ...],
) -> None:
    height, width, scale = _canvas_size(stage, available)
    key = f"iou-canvas-{stage.key}-{width}"
    shown = Drawing(tuple(mark for mark in desk.drawing.marks if mark.side in sides))
    hidden = tuple(mark for mark in desk.drawing.marks if mark.side not in sides)
    now = (f"{key} {sides}", desk.version)
    if desk.told != now or desk.sent is None or key not in st.session_state:
        desk.told, desk.sent = now, desk.tellings.tell(to_canvas(shown, scale))
    line, fill = style(side, tool)
    from streamlit_drawable_canvas import st_canvas  # importable in a running app only

    result = st_canvas(
        fill_color=fill or line,
        stroke_width=max(1, round(brush * scale)) if tool in ("brush", "eraser") else LINE,
        stroke_color=line,
        background_image=_background(stage, width, height),
        height=height,
        width=width,
        drawing_mode={"box": "rect", "polygon": "polygon"}.get(tool, "freedraw"),
        initial_drawing=desk.sent,
        key=key,
    )
    if result.json_data == desk.seen:
        return
    desk.seen = result.json_data
    if desk.tellings.late(result.json_data):
        return
    try:
        drawn = from_canvas(result.json_data, scale, shown)
        if drawn != shown:  # else the hidden marks keep their places
            desk.change(Drawing((*hidden, *drawn.marks)), tell=False)
    except DrawingError as error:
        st.warning(str(error), icon=":material/draw:")


def _canvas_size(stage: Stage, available: int) -> tuple[int, int, float]:
    """Return height, width and canvas pixels per picture pixel; squares get whole ones."""
    scale = min(available / stage.size[1], MAX_HEIGHT / stage.size[0])
    if stage.squared:
        scale = max(1, int(scale))
    return max(1, round(stage.size[0] * scale)), max(1, round(stage.size[1] * scale)), scale


def _background(stage: Stage, width: int, height: int) -> str:
    """Return the picture as a data address: the canvas package would keep bytes for all."""
    if stage.squared:
        sheet = region_picture.paper(stage.size, height // stage.size[0])
        return data_address(images.encode_png(sheet))
    jpeg = (
        _scaled(stage.key, (height, width), stage)
        if stage.shareable
        else _scaled_private(stage.key, (height, width), stage)
    )
    return data_address(jpeg)


@st.cache_data(show_spinner=False, max_entries=64)
def _scaled(key: str, size: tuple[int, int], _stage: Stage) -> bytes:
    return images.encode_jpeg(images.resize(_stage.preview(), size))


@st.cache_data(show_spinner=False, max_entries=8, scope="session")
def _scaled_private(key: str, size: tuple[int, int], _stage: Stage) -> bytes:
    return images.encode_jpeg(images.resize(_stage.preview(), size))
