"""Tables that need no data frame: areas, times and whatever else is small."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Literal

import streamlit as st

from segcore.labels import Segmentation
from segcore.ui.analysis import Analysis
from segcore.ui.text import table

TALL = 12  # rows beyond which a table scrolls
HEIGHT = 480  # pixels it has then


def show(columns: Mapping[str, Sequence[str]], right: Collection[str] = ()) -> None:
    """Show a table as of `segcore.ui.text.table`; it scrolls by itself where it is too large."""
    rows = len(next(iter(columns.values())))
    height: int | Literal["content"] = HEIGHT if rows > TALL else "content"
    with st.container(horizontal=True, wrap=False, height=height, border=False):
        st.markdown(table(columns, right), width="content")


def areas(results: Mapping[str, Analysis], threshold: float) -> None:
    """Show each picture's size and the foreground's area in pixels and percent, by name."""
    rows = [
        (name, *analysis.result.size[::-1], analysis.area(threshold))
        for name, analysis in results.items()
    ]
    columns = {
        "Picture": [name for name, *_ in rows],
        "Size": [f"{width} × {height}" for _, width, height, _ in rows],
        "Pet, pixels": [f"{pet:,}" for *_, pet in rows],
        "Pet, %": [f"{100 * pet / (w * h):.2f}" for _, w, h, pet in rows],
        "Background, pixels": [f"{w * h - pet:,}" for _, w, h, pet in rows],
    }
    show(columns, right=columns.keys() - {"Picture"})
    st.download_button(
        "Areas as CSV",
        partial(areas_csv, rows),
        "areas.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        type="tertiary",
    )


def areas_csv(rows: Sequence[tuple[str, int, int, int]]) -> bytes:
    """Return names, widths, heights and pet pixels as CSV, marked as UTF-8 for spreadsheets."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("picture", "width", "height", "pet_pixels", "pet_percent"))
    writer.writerows((*row, f"{100 * row[3] / (row[1] * row[2]):.4f}") for row in rows)
    return text.getvalue().encode("utf-8-sig")


def stages(result: Segmentation) -> None:
    """Show the time of each stage and the device."""
    total = sum(result.seconds.values())
    with st.expander(f"{1000 * total:.0f} ms on {result.device}", icon=":material/timer:"):
        st.caption("Measured when this picture was segmented; since then it is remembered.")
        columns = {
            "Stage": [stage.capitalize() for stage in result.seconds],
            "Time": [f"{1000 * seconds:.1f} ms" for seconds in result.seconds.values()],
        }
        show(columns, right={"Time"})
