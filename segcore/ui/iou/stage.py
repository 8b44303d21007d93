"""What is drawn on: a blank sheet, a sample, or the visitor's own picture."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image

from segcore import images, region_picture
from segcore.drawing import PREDICTION, TARGET, Box, Drawing, Mark, default_boxes
from segcore.memory import give_back
from segcore.sample_pictures import sample_pictures
from segcore.ui.iou import memory
from segcore.ui.pictures import Picture, credit
from segcore.ui.text import plain

SQUARES, SHEET, OWN = "squares", "sheet", "own"
BLANK = {SQUARES: (16, 24), SHEET: (480, 640)}  # (height, width)
PREVIEW_SIDE = 1280
DEFAULT = "kitten"
_KITTEN = Drawing(
    (
        Mark(TARGET, Box(427, 140, 850, 648)),
        Mark(PREDICTION, Box(480, 180, 930, 600), score=0.9),
    )
)


@dataclass(frozen=True)
class Stage:
    """The ground of a comparison.

    Attributes
    ----------
    key : str
        Tells it from any other: a sample's or sheet's name, an upload's unguessable id.
    title, alt : str
    size : (height, width)
        In pixels.
    preview : callable
        Returns (h, w, 3) uint8, the picture at most `PREVIEW_SIDE` wide and high.
    picture : Picture or None
        None for a blank sheet.
    """

    key: str
    title: str
    alt: str
    size: tuple[int, int]
    preview: Callable[[], np.ndarray]
    picture: Picture | None = None

    @property
    def squared(self) -> bool:
        """Whether its pixels are shown as squares."""
        return self.key == SQUARES

    @property
    def shareable(self) -> bool:
        """Whether another visitor has it too."""
        return self.picture is None or self.picture.sample is not None

    def full(self) -> np.ndarray:
        """Return (height, width, 3) uint8 at full size."""
        return self.picture.decode() if self.picture else region_picture.paper(self.size, 1)

    def first_drawing(self) -> Drawing:
        """Return what is drawn before the visitor draws."""
        return _KITTEN if self.key == DEFAULT else default_boxes(self.size)


def choose() -> str:
    """Show the picker; return a sheet's or sample's name, or `OWN`."""
    titles = {SQUARES: "Squared paper, 24 × 16", SHEET: "Blank sheet, 640 × 480"}
    titles |= {name: sample.title for name, sample in sample_pictures().items()}
    titles[OWN] = "Your own picture"
    accept = memory.one_of([name for name in titles if name != OWN])
    key, chosen = memory.restore("picture", DEFAULT, accept)
    chosen = st.selectbox(
        "Picture",
        list(titles),
        list(titles).index(chosen),
        format_func=titles.__getitem__,
        key=key,
        width=280,
    )
    memory.keep("picture", chosen, chosen if chosen not in (DEFAULT, OWN) else None)
    return chosen


def stage(chosen: str) -> Stage | None:
    """Return what to draw on, None if the visitor has not brought a picture yet."""
    if chosen == OWN:
        return _own()
    if chosen in BLANK:
        return Stage(chosen, "Blank sheet", "A blank sheet", BLANK[chosen], _paper(chosen))
    sample = sample_pictures()[chosen]
    picture = Picture(chosen, sample.file_name, sample.alt, sample.data, sample)
    jpeg, size = _shared(chosen, picture)
    return Stage(chosen, sample.title, sample.alt, size, _opened(jpeg), picture)


def show_credit(stage: Stage) -> None:
    """Name a sample's author and licence."""
    if stage.picture and stage.picture.sample:
        st.caption(f"Photo: {credit(stage.picture.sample)}")


def _own() -> Stage | None:
    st.file_uploader(
        "Your picture",
        sorted(images.SUFFIXES),
        key="iou-upload",
        on_change=_keep_upload,
        help="JPEG, PNG, WebP, BMP, GIF or TIFF, up to 20 MB and 40 megapixels. It stays in this "
        "server's memory while this page is open, and nobody else sees it.",
    )
    file = st.session_state.get("iou kept upload")
    if file is None:
        st.info("Add a picture, or choose another one above.", icon=":material/upload:")
        return None
    picture = Picture(file.file_id, file.name, f"Your picture {file.name}", file.getvalue)
    answer = _private(picture.key, picture)
    if isinstance(answer, str):
        st.error(plain(answer), icon=":material/broken_image:")
        return None
    jpeg, size = answer
    st.caption(f"{plain(file.name)}, {size[1]} × {size[0]} pixels")
    return Stage(picture.key, file.name, picture.alt, size, _opened(jpeg), picture)


def _keep_upload() -> None:
    """Remember the upload: Streamlit drops it with the widget when another is shown."""
    st.session_state["iou kept upload"] = st.session_state["iou-upload"]


def _paper(name: str) -> Callable[[], np.ndarray]:
    return lambda: region_picture.paper(BLANK[name], 40 if name == SQUARES else 1)


def _opened(jpeg: bytes) -> Callable[[], np.ndarray]:
    return lambda: np.asarray(Image.open(io.BytesIO(jpeg)))


@st.cache_data(show_spinner=False, max_entries=32)
def _shared(key: str, _picture: Picture) -> tuple[bytes, tuple[int, int]]:
    return _small(_picture)


@st.cache_data(show_spinner=False, max_entries=4, scope="session")
def _private(key: str, _picture: Picture) -> tuple[bytes, tuple[int, int]] | str:
    try:
        return _small(_picture)
    except images.PictureError as error:
        return str(error)
    finally:
        give_back()


def _small(picture: Picture) -> tuple[bytes, tuple[int, int]]:
    pixels = picture.decode()
    jpeg = images.encode_jpeg(images.fit(pixels, PREVIEW_SIDE))
    return jpeg, (pixels.shape[0], pixels.shape[1])
