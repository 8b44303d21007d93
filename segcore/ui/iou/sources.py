"""Where each side comes from: drawn, a mask file, a model, or a sample's own outline."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from segcore.drawing import SIDES, TARGET, Drawing, Mark
from segcore.drawing.objects import drawn_objects
from segcore.images import PictureError
from segcore.inference import zoo
from segcore.mask_files import ACCEPTED, SUFFIXES, MaskFileError, read
from segcore.objects import MaskedObject, Patch, trimmed
from segcore.sample_outlines import sample_outlines
from segcore.ui.analysis import analyse
from segcore.ui.iou import memory, numbers
from segcore.ui.iou.desk import Desk
from segcore.ui.iou.stage import Stage
from segcore.ui.text import plain

DRAWN, FILE, MODEL, TRUTH = "Drawn", "Mask file", "Model", "Ground truth"


@dataclass(frozen=True)
class Side:
    """One side of the comparison.

    Attributes
    ----------
    key : str
        Tells its objects from any others, for caches.
    objects : callable
        Returns the list of `MaskedObject`.
    """

    key: str
    objects: Callable[[], list[MaskedObject]]


def offered(stage: Stage, side: str) -> list[str]:
    """Return the sources that a side can have on a picture."""
    sources = [DRAWN, FILE]
    if stage.picture and zoo.names_for("binary"):
        sources.append(MODEL)
    if side == TARGET and stage.key in sample_outlines():
        sources.append(TRUTH)
    return sources


def chosen(stage: Stage, side: str) -> str:
    """Return the source of a side, before its picker is shown."""
    return _restored(stage, side)[1]


def drawn_sides(stage: Stage) -> tuple[str, ...]:
    """Return the sides that are drawn on the canvas."""
    return tuple(side for side in SIDES if chosen(stage, side) == DRAWN)


def panel(stage: Stage, desk: Desk, side: str, device: str) -> Side:
    """Show a side's source with its settings; return its objects."""
    key, source = _restored(stage, side)
    options = offered(stage, side)
    source = st.selectbox("Comes from", options, options.index(source), key=key)
    st.session_state.setdefault("iou sources", {})[stage.key, side] = source
    memory.keep(f"{side}-from", source, None if source in (DRAWN, FILE) else source)
    if source != MODEL:
        memory.forget(f"{side}-model", f"{side}-threshold")
    if source == FILE:
        return _from_file(stage, side)
    if source == MODEL:
        return _from_model(stage, side, device)
    if source == TRUTH:
        outline = Drawing((Mark(side, sample_outlines()[stage.key]),))
        st.caption("Outlined by hand for this app, corner by corner; whiskers are left out.")
        return Side(f"truth {stage.key}", lambda: drawn_objects(outline, side, stage.size))
    numbers.edit(stage, desk, side)
    marks = tuple(mark for _, mark in desk.drawing.side(side))
    return Side(repr(marks), lambda: drawn_objects(Drawing(marks), side, stage.size))


def _restored(stage: Stage, side: str) -> tuple[str, str]:
    """Return the picker's key, each picture has one, and its default; see `memory.restore`."""
    key, sources = f"iou-{side}-from-{stage.key}", offered(stage, side)
    value = st.session_state.get(key)
    if value in sources:
        return key, value
    kept = st.session_state.get("iou sources", {}).get((stage.key, side))
    asked = memory.from_address(f"{side}-from", memory.one_of(sources), DRAWN)
    return key, kept if kept in sources else asked


# === Files ===


def _from_file(stage: Stage, side: str) -> Side:
    st.file_uploader(
        "Mask file",
        SUFFIXES,
        key=_uploader(stage, side),
        on_change=_keep_file,
        args=(stage, side),
        help=f"{ACCEPTED}, of the picture's own size, {stage.size[1]} × {stage.size[0]} pixels.",
    )
    kept = st.session_state.get("iou files", {}).get((stage.key, side))
    if kept is None:
        st.caption(f"Bring {ACCEPTED}.")
        return Side("empty", list)
    name, data = kept
    key = hashlib.sha256(data).hexdigest()
    picture = stage.picture.name if stage.picture else ""
    answer = _read(key, name, stage.size, picture, data)
    if isinstance(answer, str):
        st.error(plain(answer), icon=":material/broken_image:")
        return Side("empty", list)
    st.caption(f"{plain(name)}: {len(answer)} {'object' if len(answer) == 1 else 'objects'}")
    if st.session_state[_uploader(stage, side)] is None:  # Streamlit forgot it on another page
        st.button(
            f"Remove {plain(name)}",
            icon=":material/close:",
            on_click=_keep_file,
            args=(stage, side),
            key=f"iou-remove-file-{side}",
        )
    return Side(f"file {key} {picture}", lambda: answer)


def _uploader(stage: Stage, side: str) -> str:
    return f"iou-file-{side}-{stage.key}"


def _keep_file(stage: Stage, side: str) -> None:
    file = st.session_state[_uploader(stage, side)]
    files = st.session_state.setdefault("iou files", {})
    files[stage.key, side] = (file.name, file.getvalue()) if file else None


@st.cache_data(show_spinner=False, max_entries=4, scope="session")
def _read(
    key: str, name: str, size: tuple[int, int], picture: str, _data: bytes
) -> list[MaskedObject] | str:
    try:
        return read(_data, name, size, picture)
    except MaskFileError as error:
        return str(error)


# === Models ===


def _from_model(stage: Stage, side: str, device: str) -> Side:
    names = zoo.names_for("binary")
    key, name = memory.restore(f"{side}-model", names[0], memory.one_of(names))
    name = st.selectbox("Model", names, names.index(name) if name in names else 0, key=key)
    memory.keep(f"{side}-model", name, name if name != names[0] else None)
    key, threshold = memory.restore(f"{side}-threshold", 0.5, memory.fraction)
    threshold = st.slider("Threshold", 0.0, 1.0, threshold, 0.01, key=key)
    memory.keep(f"{side}-threshold", threshold, f"{threshold:g}" if threshold != 0.5 else None)
    try:
        card = zoo.card(name)
        if problem := zoo.problem(card):
            raise zoo.ModelUnavailable(problem)
        if stage.picture is None:
            return Side("empty", list)
        analysis = analyse(stage.picture, card, device, False)
    except (zoo.ModelUnavailable, PictureError) as error:
        st.error(plain(str(error)), icon=":material/error:")
        return Side("empty", list)
    st.caption(f"{card.title}: all pixels it marks as pet are one object.")

    def objects() -> list[MaskedObject]:
        patch = trimmed(Patch(0, 0, analysis.result.mask(threshold)))
        return [MaskedObject(patch)] if patch.mask.size else []

    return Side(f"model {card.fingerprint} {threshold} {stage.key}", objects)
