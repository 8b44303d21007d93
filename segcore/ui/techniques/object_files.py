"""The kept objects as files, at the picture's own size."""

from __future__ import annotations

import streamlit as st

from segcore import images
from segcore.exporters.pictures import file_name, unique_names, zip_files
from segcore.objects import union
from segcore.prompting.kept import Kept, at_size
from segcore.ui.techniques.ground import Ground
from segcore.ui.techniques.promptable import Encoded

FORMATS = {"png": "A mask each (PNG in ZIP)"}


def show(ground: Ground, encoded: Encoded, kept: tuple[Kept, ...]) -> None:
    """Show the format and its download button."""
    chosen = st.selectbox(
        "Format", list(FORMATS), format_func=FORMATS.__getitem__, key="techniques-format"
    )
    st.download_button(
        "Download",
        lambda: content(ground, encoded, kept),
        f"{stem(ground)}_masks.zip",
        "application/zip",
        icon=":material/download:",
        on_click="ignore",
        width="stretch",
        key="techniques-export",
    )


def stem(ground: Ground) -> str:
    """Return the begin of the files' names."""
    return file_name(ground.name, "").removesuffix("_.png")


def content(ground: Ground, encoded: Encoded, kept: tuple[Kept, ...]) -> bytes:
    things = at_size(kept, encoded.size, ground.size)
    names = unique_names(file_name(f"{thing.name}.x", "mask") for thing in kept)
    return zip_files(
        (name, images.encode_png(union([thing], ground.size)))
        for name, thing in zip(names, things, strict=True)
    )
