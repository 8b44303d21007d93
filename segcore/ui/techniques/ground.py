"""The picture of the bench and its truth: a sample's or the visitor's own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from segcore import images
from segcore.mask_files import ACCEPTED, SUFFIXES, MaskFileError, read
from segcore.memory import give_back
from segcore.objects import union
from segcore.techniques import WORKING_SIDE, Prompts, working_size
from segcore.techniques.samples import BenchSample, bench_samples, prompts_of
from segcore.ui.pictures import credit
from segcore.ui.techniques import settings
from segcore.ui.text import plain

OWN = "own"
DEFAULT = "coins"
LARGE = 640  # pixels of the longer side where the picture is pointed at


@dataclass(frozen=True)
class Ground:
    """What all methods work on.

    Attributes
    ----------
    key : str
        Tells it from any other, for caches.
    name, alt : str
    size : (height, width)
        Of the picture itself.
    picture, large : callable
        Return it at working size and at up to `LARGE` pixels a side, (h, w, 3) uint8.
    truth : (h, w) bool or None
        At working size.
    note : str
        On the truth.
    prompts : Prompts
        Before the visitor sets any, in pixels of the picture itself.
    sample : BenchSample or None
        None for a visitor's own, which no other session's cache may keep.
    """

    key: str
    name: str
    alt: str
    size: tuple[int, int]
    picture: Callable[[], NDArray[np.uint8]]
    large: Callable[[], NDArray[np.uint8]]
    truth: NDArray[np.bool_] | None
    note: str
    prompts: Prompts
    sample: BenchSample | None = None

    @property
    def file(self) -> str:
        """The name of the picture's file: the visitor's, or the one that a download gets."""
        return f"{self.key}.png" if self.sample else self.name


def pick() -> str:
    """Show the picker; return the name of a sample, or `OWN`."""
    samples = bench_samples()
    titles = {
        name: f"{sample.title} (scored)" if sample.truth else sample.title
        for name, sample in samples.items()
    } | {OWN: "Your own picture"}
    chosen = settings.get("sample", DEFAULT)
    chosen = chosen if chosen in titles else DEFAULT

    def write(name: str) -> str | None:
        settings.forget_picture()
        return None if name == DEFAULT else name

    return settings.bound(
        st.selectbox,
        "Picture",
        "sample",
        chosen,
        write,
        options=list(titles),
        format_func=titles.__getitem__,
        width=260,
    )


def load(name: str) -> Ground | None:
    """Return what was picked; for the visitor's own show where to give it, None without one."""
    return _own() if name == OWN else _of_sample(bench_samples()[name])


def about(ground: Ground, *, at_working_size: bool) -> None:
    """Say how large the picture is, where its truth is from, and whose it is.

    Parameters
    ----------
    ground : Ground
    at_working_size : bool
        Say at what size methods work on it, too.
    """
    small = working_size(ground.size)
    notes = [f"{ground.size[1]} × {ground.size[0]} pixels"]
    if at_working_size and small != ground.size:
        notes[0] += (
            f", worked on and scored at {small[1]} × {small[0]} so that every method answers soon "
            f"(longest side {WORKING_SIDE})"
        )
    notes.append(ground.note or "No ground truth, so no scores.")
    if ground.sample and ground.sample.photo:
        notes.append(f"Photo: {credit(ground.sample.photo)}")
    st.caption(" · ".join(notes))


# === Samples ===


def _of_sample(sample: BenchSample) -> Ground:
    picture, size, truth = _prepared(sample.name)
    return Ground(
        sample.name,
        sample.title,
        sample.alt,
        size,
        lambda: picture,
        lambda: images.fit(sample.picture(), LARGE),
        truth,
        sample.truth_note,
        prompts_of(sample, size),
        sample,
    )


@st.cache_data(show_spinner=False, max_entries=16)
def _prepared(name: str):
    sample = bench_samples()[name]
    picture = sample.picture()
    size = picture.shape[0], picture.shape[1]
    small = working_size(size)
    truth = images.resize_mask(sample.truth(), small) if sample.truth else None
    return images.fit(picture, WORKING_SIDE), size, truth


# === The visitor's own ===


def _own() -> Ground | None:
    left, right = st.columns(2)
    number = st.session_state.get("techniques truth number", 0)
    with left:
        st.file_uploader(
            "Your picture",
            sorted(images.SUFFIXES),
            key="techniques-upload",
            on_change=_keep,
            args=("picture", "techniques-upload"),
            help="JPEG, PNG, WebP, BMP, GIF or TIFF, up to 20 MB and 40 megapixels. It stays in "
            "this server's memory until you close this tab, and nobody else sees it.",
        )
        kept = st.session_state.get("techniques files", {})
        if kept.get("picture") and st.session_state["techniques-upload"] is None:
            st.button(
                f"Remove the picture {plain(kept['picture'][0])}",
                icon=":material/delete:",
                type="tertiary",
                key="techniques-picture-remove",
                on_click=_forget_picture,
            )
    with right:
        st.file_uploader(
            "Its true mask, for the scores (optional)",
            SUFFIXES,
            key=f"techniques-truth-{number}",
            on_change=_keep,
            args=("mask", f"techniques-truth-{number}"),
            help=f"{ACCEPTED}, of the picture's own size; all its objects count as one mask.",
        )
        if kept.get("mask") and st.session_state[f"techniques-truth-{number}"] is None:
            st.button(
                f"Remove the mask {plain(kept['mask'][0])}",
                icon=":material/delete:",
                type="tertiary",
                key="techniques-truth-remove",
                on_click=_forget_mask,
            )
    if kept.get("picture") is None:
        st.info(
            "Add a picture, or choose a sample above; one of your own is no part of the address.",
            icon=":material/upload:",
        )
        return None
    name, data = kept["picture"]
    key = hashlib.sha256(data).hexdigest()
    answer = _decoded(key, name, data)
    if isinstance(answer, str):
        st.error(plain(answer), icon=":material/broken_image:")
        return None
    picture, size = answer
    truth = _own_truth(kept.get("mask"), size, name)
    note = "The truth is your mask." if truth is not None else ""
    default = prompts_of(None, size)
    return Ground(
        f"own {key}",
        name,
        f"Your picture {name}",
        size,
        lambda: picture,
        lambda: images.fit(images.decode(data, name), LARGE),
        truth,
        note,
        default,
    )


def _own_truth(file, size: tuple[int, int], picture: str) -> NDArray[np.bool_] | None:
    if file is None:
        return None
    name, data = file
    answer = _mask(hashlib.sha256(data).hexdigest(), name, size, picture, data)
    if isinstance(answer, str):
        st.error(plain(answer), icon=":material/broken_image:")
        return None
    return answer


def _keep(what: str, key: str) -> None:
    """Remember a file: Streamlit drops it with the uploader when a sample is shown."""
    file = st.session_state[key]
    files = st.session_state.setdefault("techniques files", {})
    another = what == "picture" and files.get("picture") is not None
    files[what] = (file.name, file.getvalue()) if file else None
    if what == "picture":
        settings.forget_picture()
    if another:
        _forget_mask()


def _forget_picture() -> None:
    st.session_state["techniques files"]["picture"] = None
    settings.forget_picture()
    _forget_mask()


def _forget_mask() -> None:
    """Drop the true mask: it was of another picture, or is not wanted any more."""
    st.session_state["techniques files"]["mask"] = None
    number = st.session_state.get("techniques truth number", 0)
    st.session_state["techniques truth number"] = number + 1  # a new uploader, which is empty


@st.cache_data(show_spinner=False, max_entries=2, scope="session")
def _decoded(key: str, name: str, _data: bytes):
    try:
        pixels = images.decode(_data, name)
        return images.fit(pixels, WORKING_SIDE), (pixels.shape[0], pixels.shape[1])
    except images.PictureError as error:
        return str(error)
    finally:
        give_back()


@st.cache_data(show_spinner=False, max_entries=2, scope="session")
def _mask(key: str, name: str, size: tuple[int, int], picture: str, _data: bytes):
    try:
        return images.resize_mask(union(read(_data, name, size, picture), size), working_size(size))
    except MaskFileError as error:
        return str(error)
    finally:
        give_back()
