"""Where the pictures of a page come from: samples, uploads or the camera."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import streamlit as st

from segcore import images
from segcore.sample_pictures import SamplePicture, sample_pictures
from segcore.ui.text import plain

SOURCES = {"Samples": "photo_library", "Upload": "upload", "Camera": "photo_camera"}
MAX_PICTURES = 100
THUMBNAIL = (61, 92)  # height and width as shown


@dataclass(frozen=True)
class Picture:
    """A picture that a visitor chose.

    Attributes
    ----------
    key : str
        Its name in caches: a sample's name, or the unguessable id of an upload.
    name : str
        The file's name.
    alt : str
        What it shows, as far as we know.
    read : callable
        Returns the file's bytes.
    sample : SamplePicture or None
        The sample it is, None for a visitor's own.
    """

    key: str
    name: str
    alt: str
    read: Callable[[], bytes]
    sample: SamplePicture | None = None

    def decode(self) -> np.ndarray:
        """Return (height, width, 3) uint8; a `PictureError` says what is wrong."""
        return images.decode(self.read(), self.name)


def pick(page: str = "segment", several: bool = True) -> list[Picture]:
    """Show the source switch and its widget; return what was chosen, a sample at first.

    Parameters
    ----------
    page : str
        Whose samples are shown.
    several : bool
        Whether more than one picture can be uploaded.
    """
    source = st.segmented_control(
        "Pictures from" if several else "Picture from",
        list(SOURCES),
        default="Samples",
        required=True,
        format_func=lambda name: f":material/{SOURCES[name]}: {name}",
        key="source",
    )
    if source == "Upload":
        return _uploads(several)
    if source == "Camera":
        photo = st.camera_input("Take a photo")
        return [_uploaded(photo)] if photo else []
    return [_sample_gallery(page)]


def _uploads(several: bool) -> list[Picture]:
    st.file_uploader(
        "One or more pictures" if several else "Your picture",
        sorted(images.SUFFIXES),
        accept_multiple_files=several,
        key="uploads",
        on_change=_keep_uploads,
        help="JPEG, PNG, WebP, BMP, GIF or TIFF, up to 20 MB and 40 megapixels each. "
        "Pictures stay in this server's memory while this page is open.",
    )
    kept = st.session_state.get("kept_uploads", [])[: None if several else 1]
    if kept and not st.session_state.uploads:
        with st.container(horizontal=True, vertical_alignment="center"):
            names = ", ".join(file.name for file in kept)
            st.caption(f"Still here from before: {plain(names)}")
            st.button("Remove", on_click=_keep_uploads, icon=":material/delete:")
    if len(kept) > MAX_PICTURES:
        st.warning(
            f"{len(kept)} pictures were given and up to {MAX_PICTURES} are taken; "
            "the others are left out. Bring them in a second go, or use the command line."
        )
    return [_uploaded(file) for file in kept[:MAX_PICTURES]]


def _keep_uploads() -> None:
    """Remember the uploads: Streamlit drops them with the widget when another source is shown."""
    given = st.session_state.uploads or []
    st.session_state.kept_uploads = given if isinstance(given, list) else [given]


def _uploaded(file) -> Picture:
    return Picture(file.file_id, file.name, f"Your picture {file.name}", file.getvalue)


def _sample_gallery(page: str) -> Picture:
    samples = sample_pictures(page)
    chosen = st.query_params.get("sample")
    if chosen not in samples:
        chosen = next(iter(samples))
    with st.container(horizontal=True, wrap=False, gap="small", key="samples"):
        for (name, sample), small in zip(samples.items(), _thumbnails(page), strict=True):
            with st.container(width=THUMBNAIL[1], gap="xxsmall"):
                st.image(small, width="stretch", alt=sample.alt)
                st.button(
                    f"**{sample.title}**" if name == chosen else sample.title,
                    key=f"sample-{name}",
                    type="secondary" if name == chosen else "tertiary",
                    width="stretch",
                    on_click=st.query_params.__setitem__,
                    args=("sample", name),
                )
    sample = samples[chosen]
    return Picture(chosen, sample.file_name, sample.alt, sample.data, sample)


@st.cache_data(show_spinner=False)
def _thumbnails(page: str) -> list[bytes]:
    """Return the middle of each sample as a JPEG file, sharp on screens of two pixels a point."""

    def made(sample: SamplePicture) -> bytes:
        return images.encode_jpeg(sample.middle((2 * THUMBNAIL[0], 2 * THUMBNAIL[1])), 88)

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(made, sample_pictures(page).values()))


def credit(sample: SamplePicture) -> str:
    """Return a sample's origin and licence as Markdown."""
    licence = f"[{sample.licence}]({sample.licence_url})" if sample.licence_url else sample.licence
    source = f"[{sample.source}]({sample.source_url})" if sample.source_url else sample.source
    return " · ".join(filter(None, (sample.author, licence, source, sample.changes)))
