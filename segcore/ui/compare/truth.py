"""The ground truth of the picture: the sample's, or files that the visitor brings."""

from __future__ import annotations

import hashlib

import streamlit as st

from segcore.mask_files import MaskFileError
from segcore.mask_files.truth import ACCEPTED, File, read
from segcore.memory import give_back
from segcore.scenes.sample_truth import described, sample_truth
from segcore.scenes.truth import Truth
from segcore.ui.pictures import Picture
from segcore.ui.text import plain


def choose(picture: Picture, size: tuple[int, int]) -> Truth | None:
    """Show the uploader; return what is labelled in the picture, None if nothing is.

    Parameters
    ----------
    picture : Picture
    size : (height, width)
        Its own.
    """
    with st.expander("Ground truth", icon=":material/fact_check:"):
        files = st.file_uploader(
            "Your own ground truth: one file, or two that belong together",
            ["json", "png"],
            accept_multiple_files=True,
            key=f"truth {picture.key}",
            help=f"{ACCEPTED}, of the picture's own size. They stay in this server's memory while "
            "this page is open, and nobody else sees them.",
        )
        if not files:
            return _of_sample(picture, size)
        given = tuple((file.name, file.getvalue()) for file in files)
        answer = _read(_key(given), size, picture.name, given)
        if isinstance(answer, str):
            st.error(plain(answer), icon=":material/broken_image:")
            return None
        st.caption("The ground truth is yours.")
        return answer


def _of_sample(picture: Picture, size: tuple[int, int]) -> Truth | None:
    truth = sample_truth(picture.key, size) if picture.sample else None
    if truth is None:
        st.caption("Nobody has labelled this picture, so there are no scores.")
        return None
    st.caption(described()[picture.key]["made"])
    return truth


def _key(files: tuple[File, ...]) -> str:
    return " ".join(f"{name} {hashlib.sha256(data).hexdigest()}" for name, data in files)


@st.cache_data(show_spinner=False, max_entries=2, scope="session")
def _read(key: str, size: tuple[int, int], picture: str, _files: tuple[File, ...]) -> Truth | str:
    try:
        return read(_files, size, picture)
    except MaskFileError as error:
        return str(error)
    finally:
        give_back()
