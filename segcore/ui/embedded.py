"""Pictures whose bytes come with the page."""

from __future__ import annotations

import base64
from typing import Literal

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from segcore import images

_PNG = b"\x89PNG"


def data_address(file: bytes) -> str:
    """Return the address that holds a PNG or JPEG file itself (RFC 2397)."""
    kind = "png" if file.startswith(_PNG) else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(file).decode()}"


def embedded_picture(
    picture: NDArray[np.uint8] | bytes,
    alt: str,
    *,
    lossless: bool = False,
    width: int | Literal["stretch", "content"] = "stretch",
) -> None:
    """Show a picture of a page that often runs again.

    Streamlit's own way is an address that the browser fetches. A run that the next one
    overtakes has let go of the file; a browser that was slower to ask keeps a broken picture
    if the next run shows the same one.

    Parameters
    ----------
    picture : (height, width, 3) uint8, (height, width) uint8 if lossless, or bytes
        Pixels, or a PNG or JPEG file.
    alt : str
        What it shows, for those who do not see it.
    lossless : bool
        Send pixels as PNG instead of JPEG.
    width
        As of `streamlit.image`.
    """
    if not isinstance(picture, bytes):
        picture = images.encode_png(picture) if lossless else images.encode_jpeg(picture)
    st.image(data_address(picture), width=width, alt=alt)
