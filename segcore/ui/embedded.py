"""Pictures that change with every run of a page."""

from __future__ import annotations

import base64
from typing import Literal

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from segcore import images


def live_picture(
    picture: NDArray[np.uint8],
    alt: str,
    *,
    lossless: bool = False,
    width: int | Literal["stretch", "content"] = "stretch",
) -> None:
    """Show a picture whose bytes come with the page.

    Streamlit's own way is an address that the browser fetches. A run that is overtaken by
    the next takes that file away; a browser that was slower to ask keeps a broken picture
    if the next run shows the same one.

    Parameters
    ----------
    picture : (height, width, 3) uint8, or (height, width) if lossless
    alt : str
        What it shows, for those who do not see it.
    lossless : bool
        As PNG instead of JPEG.
    width
        As of `streamlit.image`.
    """
    kind = "png" if lossless else "jpeg"
    content = images.encode_png(picture) if lossless else images.encode_jpeg(picture)
    address = f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
    st.image(address, width=width, alt=alt)
