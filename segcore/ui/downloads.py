"""Download buttons; the files are made when they are asked for, at full size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import streamlit as st

from segcore import render
from segcore.exporters.pictures import FORMATS, encode, file_name, zip_files
from segcore.labels import Segmentation
from segcore.ui.pictures import Picture

TITLES = {"mask": "Mask", "overlay": "Overlay", "cutout": "Cut-out"}


@dataclass(frozen=True)
class Style:
    """How masks are drawn: the settings that all files share."""

    threshold: float
    colour: render.Colour
    opacity: float

    def encode(self, kind: str, picture: Picture, result: Segmentation) -> bytes:
        """Return a PNG file of the picture's own size."""
        pixels = picture.decode()
        return encode(kind, pixels, result, self.threshold, self.colour, self.opacity)


def buttons(name: str, picture: Picture, result: Segmentation, style: Style) -> None:
    """Show a download button for each format of one picture."""
    st.markdown(":material/download: Download as PNG, full size")
    with st.container(horizontal=True):
        for kind in FORMATS:
            st.download_button(
                TITLES[kind],
                partial(style.encode, kind, picture, result),
                file_name(name, kind),
                "image/png",
                on_click="ignore",
                width="stretch",
                key=f"download-{kind}",
            )


def archive(results: dict[str, tuple[Picture, Segmentation]], style: Style) -> None:
    """Offer all pictures, by their unique names, in one ZIP made with a progress bar."""
    kinds = st.pills(
        "In the ZIP",
        FORMATS,
        selection_mode="multi",
        default=["mask"],
        format_func=TITLES.__getitem__,
    )
    if st.button("Make ZIP of all", icon=":material/folder_zip:", disabled=not kinds):
        bar = st.progress(0.0)

        def files() -> Iterator[tuple[str, bytes]]:
            for i, (name, (picture, result)) in enumerate(results.items()):
                bar.progress(i / len(results), f"{i + 1} of {len(results)} pictures")
                for kind in kinds:
                    yield file_name(name, kind), style.encode(kind, picture, result)

        content = zip_files(files())
        bar.empty()
        st.download_button(
            "Download ZIP",
            content,
            "segmentations.zip",
            "application/zip",
            icon=":material/download:",
            on_click="ignore",
        )
