"""Figures beside a segmentation: areas and times."""

from __future__ import annotations

import csv
import io

import streamlit as st

from segcore.labels import Segmentation
from segcore.ui.analysis import Analysis
from segcore.ui.text import table


def areas(results: dict[str, Analysis], threshold: float) -> None:
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
    with st.container(horizontal=True, wrap=False):  # scrolls by itself where it is too wide
        st.markdown(table(columns), width="content")
    if len(rows) > 1:
        st.download_button(
            "This table as CSV",
            _csv(rows),
            "areas.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            type="tertiary",
        )


def _csv(rows: list[tuple[str, int, int, int]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("picture", "width", "height", "pet_pixels"))
    writer.writerows(rows)
    return text.getvalue()


def stages(result: Segmentation) -> None:
    """Show the time of each stage and the device."""
    total = sum(result.seconds.values())
    with st.expander(f"{1000 * total:.0f} ms on {result.device}", icon=":material/timer:"):
        st.caption("Measured when this picture was segmented; since then it is remembered.")
        st.markdown(
            table(
                {
                    "Stage": [stage.capitalize() for stage in result.seconds],
                    "Time": [f"{1000 * seconds:.1f} ms" for seconds in result.seconds.values()],
                }
            )
        )
