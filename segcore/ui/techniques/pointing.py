"""Seeds and box: drawn on the picture with the pointer, or typed as numbers."""

from __future__ import annotations

from math import floor
from typing import Any

import streamlit as st

from segcore import images
from segcore.drawing import TARGET, Box, Drawing, DrawingError, Mark
from segcore.drawing.fabric import LINE, from_canvas, style, to_canvas
from segcore.drawing.tellings import Tellings
from segcore.techniques import Prompts
from segcore.ui.embedded import data_address
from segcore.ui.measure import column_width
from segcore.ui.techniques import settings
from segcore.ui.techniques.ground import Ground

TOOLS = {"seed": ":material/ads_click: Seeds", "box": ":material/rectangle: Box"}
SEED = "rgba(214, 40, 57, 1)"
RADIUS = 5  # of a seed, in pixels of the canvas
MAX_HEIGHT = 420


def edit(ground: Ground) -> None:
    """Show canvas and numbers; what they say becomes a setting."""
    now = settings.prompts(ground.prompts)
    with st.expander(
        "Point at the object: seeds and box", icon=":material/ads_click:", expanded=True
    ):
        with st.container(horizontal=True, vertical_alignment="center"):
            tool = st.segmented_control(
                "Tool",
                list(TOOLS),
                format_func=TOOLS.__getitem__,
                default="seed",
                required=True,
                label_visibility="collapsed",
                key="techniques-tool",
            )
            st.button("Start over", on_click=_reset, icon=":material/restart_alt:", type="tertiary")
            st.button(
                "Remove seeds",
                on_click=lambda: _put(Prompts((), now.box), ground),
                type="tertiary",
                icon=":material/delete:",
            )
        _canvas(ground, now, tool or "seed")
        _numbers(ground, settings.prompts(ground.prompts))


def _reset() -> None:
    settings.put("seeds", None)
    settings.put("box", None)
    _tell()


def _tell() -> None:
    """Make the canvas take over what was not drawn there."""
    st.session_state["techniques version"] = st.session_state.get("techniques version", 0) + 1


def _put(new: Prompts, ground: Ground) -> None:
    default = ground.prompts
    seeds = settings.seeds_text(new.seeds)
    box = settings.box_text(new.box)
    settings.put(
        "seeds", None if seeds == settings.seeds_text(default.seeds) else seeds or settings.NO_SEEDS
    )
    settings.put("box", None if box == settings.box_text(default.box) else box)
    _tell()


# === Numbers ===


def _numbers(ground: Ground, now: Prompts) -> None:
    for name, text in (
        ("seeds", settings.seeds_text(now.seeds)),
        ("box", settings.box_text(now.box)),
    ):
        st.session_state[f"techniques-typed-{name}"] = text
    left, right = st.columns(2)
    left.text_input(
        "Seeds, x,y each",
        key="techniques-typed-seeds",
        on_change=_typed,
        args=(ground, "seeds"),
        help="In pixels of the picture, from its upper left corner: 120,80 200,95",
    )
    right.text_input(
        "Box: x_min,y_min,x_max,y_max",
        key="techniques-typed-box",
        on_change=_typed,
        args=(ground, "box"),
        help="In pixels of the picture, from its upper left corner",
    )
    if problem := st.session_state.pop("techniques problem", None):
        st.warning(problem, icon=":material/edit:")


def _typed(ground: Ground, name: str) -> None:
    text = st.session_state[f"techniques-typed-{name}"].replace(";", " ").strip()
    if name == "box":
        text = text.replace(" ", "")
    if text and not settings.readable(name, text):
        st.session_state["techniques problem"] = (
            "These are no seeds; type pairs such as 120,80 200,95."
            if name == "seeds"
            else "This is no box; type four numbers such as 20,30,200,180, smaller ones first."
        )
        return
    settings.put(name, text or (settings.NO_SEEDS if name == "seeds" else None))
    _put(settings.prompts(ground.prompts), ground)


# === Canvas ===


def _canvas(ground: Ground, now: Prompts, tool: str) -> None:
    width = column_width("techniques")
    if width is None:  # the browser tells it in a moment
        return
    scale = min(width / ground.size[1], MAX_HEIGHT / ground.size[0])
    size = max(1, round(ground.size[0] * scale)), max(1, round(ground.size[1] * scale))
    key = f"techniques-canvas-{ground.key}-{size[1]}"
    told = (key, st.session_state.get("techniques version", 0))
    memory = st.session_state.setdefault("techniques canvas", {"tellings": Tellings()})
    if memory.get("told") != told or key not in st.session_state:
        memory.update(told=told, sent=memory["tellings"].tell(_to_canvas(now, scale)))
    from streamlit_drawable_canvas import st_canvas  # importable in a running app only

    line, fill = style(TARGET, "box")
    jpeg = images.encode_jpeg(images.resize(ground.picture(), size))
    result = st_canvas(
        fill_color=SEED if tool == "seed" else fill,
        stroke_width=LINE,
        stroke_color=SEED if tool == "seed" else line,
        background_image=data_address(jpeg),
        height=size[0],
        width=size[1],
        drawing_mode="point" if tool == "seed" else "rect",
        point_display_radius=RADIUS,
        initial_drawing=memory["sent"],
        key=key,
    )
    if result.json_data is None or result.json_data == memory.get("seen"):
        return
    memory["seen"] = result.json_data
    if memory["tellings"].late(result.json_data):
        return
    drawn = from_drawn(result.json_data, scale, now)
    if drawn != now:
        several = sum(o.get("type") == "Rect" for o in result.json_data["objects"]) > 1
        _put(drawn, ground)
        if not several:  # the canvas shows it already; of two boxes the older must go
            st.session_state["techniques version"] -= 1
        st.rerun()


def _to_canvas(prompts: Prompts, scale: float) -> dict[str, Any]:
    drawing = to_canvas(Drawing((Mark(TARGET, Box(*prompts.box)),)), scale)
    for x, y in prompts.seeds:
        drawing["objects"].append(
            {
                "type": "Circle",
                "left": (x + 0.5) * scale,
                "top": (y + 0.5) * scale,
                "originX": "center",
                "originY": "center",
                "radius": RADIUS,
                "fill": SEED,
                "stroke": SEED,
                "strokeWidth": LINE,
            }
        )
    return drawing


def from_drawn(data: dict[str, Any], scale: float, now: Prompts) -> Prompts:
    """Return the prompts that the canvas shows, whole pixels; the last box counts."""
    seeds = []
    for entry in data.get("objects", []):
        if entry.get("type") == "Circle":
            reach = float(entry.get("radius", 0)) + float(entry.get("strokeWidth", 0)) / 2
            shift = {"left": reach, "top": reach, "center": 0.0, "right": -reach, "bottom": -reach}
            x = float(entry["left"]) + shift[entry.get("originX", "left")]
            y = float(entry["top"]) + shift[entry.get("originY", "top")]
            seeds.append((float(floor(x / scale)), float(floor(y / scale))))
    box = now.box
    try:
        marks = from_canvas(data, scale, Drawing((Mark(TARGET, Box(*now.box)),))).marks
        boxes = [mark.shape.bounds() for mark in marks if isinstance(mark.shape, Box)]
        if boxes:
            x0, y0, x1, y1 = boxes[-1]
            box = (float(round(x0)), float(round(y0)), float(round(x1)), float(round(y1)))
    except DrawingError:
        pass  # the box stays as it was
    rounded = tuple((float(floor(x + 0.5)), float(floor(y + 0.5))) for x, y in now.seeds)
    kept = now.seeds if tuple(seeds) == rounded else tuple(seeds[: settings.MAX_SEEDS])
    near = all(abs(a - b) <= 1 for a, b in zip(box, now.box, strict=True))
    return Prompts(kept, now.box if near or box[0] >= box[2] or box[1] >= box[3] else box)
