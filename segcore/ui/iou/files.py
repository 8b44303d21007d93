"""Drawings saved and loaded, the comparison as a picture, the numbers as files."""

from __future__ import annotations

from functools import partial

import streamlit as st

from segcore import images, region_picture
from segcore.comparison import Comparison, regions
from segcore.drawing import DrawingError
from segcore.drawing.notation import from_json, to_json
from segcore.exporters.comparison import to_csv, to_json_figures
from segcore.objects import union
from segcore.ui.iou import memory
from segcore.ui.iou.desk import Desk
from segcore.ui.iou.sources import Side
from segcore.ui.iou.stage import Stage


def show(stage: Stage, desk: Desk, both: Comparison, sides: tuple[Side, Side], fits: bool) -> None:
    """Show the buttons; `fits` says whether the address carries the drawing."""
    threshold = memory.kept("match", 0.5)
    st.markdown(":material/download: **Save**")
    with st.container(horizontal=True, gap="small"):
        for label, data, name, kind in (
            ("Drawing, JSON", partial(to_json, desk.drawing, stage.size), "drawing.json", "json"),
            ("Comparison, PNG", partial(_png, stage, sides), "comparison.png", "png"),
            ("Numbers, CSV", partial(to_csv, both, threshold), "iou.csv", "csv"),
            ("Numbers, JSON", partial(to_json_figures, both, threshold), "iou.json", "json"),
        ):
            st.download_button(
                label,
                data,
                name,
                {"json": "application/json", "png": "image/png", "csv": "text/csv"}[kind],
                on_click="ignore",
                key=f"iou-save-{name}",
            )
    st.file_uploader(
        "Load a drawing",
        ["json"],
        key="iou-drawing",
        on_change=_load,
        args=(stage, desk),
        help="A drawing that was saved here. Undo brings the present one back.",
    )
    if not stage.shareable:
        st.caption("Your own picture stays yours: the address does not carry it. Save the drawing.")
    elif fits:
        if any(side.key.startswith("file ") for side in sides):
            st.caption("The page's address carries what is drawn, not the mask file: send it too.")
        else:
            st.caption(":material/link: The page's address carries all of this: copy it to share.")
    else:
        st.caption("This drawing is too long for an address: save it as JSON to share it.")


def _load(stage: Stage, desk: Desk) -> None:
    file = st.session_state.get("iou-drawing")
    if file is None:
        return
    try:
        drawing, size = from_json(file.getvalue())
    except DrawingError as error:
        st.session_state["iou problem"] = str(error)
        return
    desk.change(drawing)
    if size != stage.size:
        st.session_state["iou problem"] = (
            f"The drawing was made for {size[1]} × {size[0]} pixels, this picture has "
            f"{stage.size[1]} × {stage.size[0]}; its shapes keep their numbers."
        )


def _png(stage: Stage, sides: tuple[Side, Side]) -> bytes:
    """Return the comparison at the picture's own size; small squared paper is enlarged."""
    masks = [union(side.objects(), stage.size) for side in sides]
    codes = regions(masks[0], masks[1])
    if stage.squared:
        square = 40
        drawn = region_picture.draw(region_picture.paper(stage.size, square), codes)
        return images.encode_png(region_picture.squares(drawn, square))
    return images.encode_png(region_picture.draw(stage.full(), codes, 0.6))
