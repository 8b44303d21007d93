"""Download buttons; the files are made when they are asked for, at full size."""

from __future__ import annotations

from functools import partial

import streamlit as st

from segcore import render
from segcore.exporters.pictures import FORMATS, encode, file_name, unique_names, zip_files
from segcore.labels import Segmentation
from segcore.ui.analysis import Analysis
from segcore.ui.pictures import Picture

TITLES = {"mask": "Mask", "overlay": "Overlay", "cutout": "Cut-out"}


def buttons(
    picture: Picture,
    result: Segmentation,
    threshold: float,
    colour: render.Colour,
    opacity: float,
) -> None:
    """Show a download button for each format of one picture."""
    st.markdown(":material/download: Download as PNG, full size")
    with st.container(horizontal=True):
        for kind in FORMATS:
            st.download_button(
                TITLES[kind],
                partial(_make, kind, picture, result, threshold, colour, opacity),
                file_name(picture.name, kind),
                "image/png",
                on_click="ignore",
                width="stretch",
                key=f"download-{kind}",
            )


def archive(
    results: list[tuple[Picture, Analysis]],
    threshold: float,
    colour: render.Colour,
    opacity: float,
) -> None:
    """Offer all pictures in one ZIP, made with a progress bar."""
    kinds = st.pills(
        "In the ZIP",
        FORMATS,
        selection_mode="multi",
        default=["mask"],
        format_func=TITLES.__getitem__,
    )
    if st.button("Make ZIP of all", icon=":material/folder_zip:", disabled=not kinds):
        bar, names, contents = st.progress(0.0), [], []
        for i, (picture, analysis) in enumerate(results):
            bar.progress(i / len(results), f"{picture.name} ({i + 1}/{len(results)})")
            pixels = picture.decode()
            for kind in kinds:
                content = encode(kind, pixels, analysis.result, threshold, colour, opacity)
                names.append(file_name(picture.name, kind))
                contents.append(content)
        bar.empty()
        st.download_button(
            "Download ZIP",
            zip_files(zip(unique_names(names), contents, strict=True)),
            "segmentations.zip",
            "application/zip",
            icon=":material/download:",
            on_click="ignore",
        )


def _make(
    kind: str,
    picture: Picture,
    result: Segmentation,
    threshold: float,
    colour: render.Colour,
    opacity: float,
) -> bytes:
    return encode(kind, picture.decode(), result, threshold, colour, opacity)
