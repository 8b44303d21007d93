"""Figures beside a segmentation: areas and times."""

from __future__ import annotations

import streamlit as st

from segcore.labels import Segmentation
from segcore.ui.analysis import Analysis


def areas(results: dict[str, Analysis], threshold: float) -> None:
    """Show each picture's size and the foreground's area in pixels and percent, by name."""
    rows = []
    for name, analysis in results.items():
        height, width = analysis.result.size
        pet = analysis.area(threshold)
        rows.append(
            {
                "Picture": name,
                "Size": f"{width} × {height}",
                "Pet, pixels": pet,
                "Pet, %": round(100 * pet / (height * width), 2),
                "Background, pixels": height * width - pet,
            }
        )
    st.dataframe(rows, hide_index=True, width="stretch", alt="Area of pet and background")


def stages(result: Segmentation) -> None:
    """Show the time of each stage and the device."""
    total = sum(result.seconds.values())
    with st.expander(f"{1000 * total:.0f} ms on {result.device}", icon=":material/timer:"):
        st.caption("Measured when this picture was segmented; since then it is remembered.")
        st.table(
            {
                "Stage": [stage.capitalize() for stage in result.seconds],
                "Time": [f"{1000 * seconds:.1f} ms" for seconds in result.seconds.values()],
            },
            hide_index=True,
        )
