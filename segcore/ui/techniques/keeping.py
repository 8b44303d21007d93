"""The objects that a visitor keeps of a picture: name, rename, remove, take up again, export."""

from __future__ import annotations

from math import isnan
from typing import Any

import streamlit as st

from segcore.prompting import kept as objects
from segcore.prompting.acts import to_text
from segcore.prompting.history import History
from segcore.prompting.kept import Kept
from segcore.prompting.replay import Reply
from segcore.ui.techniques import object_files, settings
from segcore.ui.techniques.ground import Ground
from segcore.ui.techniques.promptable import Encoded
from segcore.ui.text import plain

_KEPT, _CHOSEN = "techniques kept", "techniques-object"
_CORRECTED = "techniques corrected"  # picture, number of its object, and the prompts before
PICTURES = 5  # of which objects are remembered


def kept(ground: Ground) -> tuple[Kept, ...]:
    """Return the objects of this picture."""
    return st.session_state.get(_KEPT, {}).get(ground.key, ())


def put(ground: Ground, new: tuple[Kept, ...]) -> None:
    """Replace the objects of this picture."""
    store: dict[str, tuple[Kept, ...]] = st.session_state.setdefault(_KEPT, {})
    store.pop(ground.key, None)
    store[ground.key] = new
    while len(store) > PICTURES:
        store.pop(next(iter(store)))


def labels(things: tuple[Kept, ...], ground: Ground, encoded: Encoded) -> list[dict[str, Any]]:
    """Return the numbers to write on the picture, at its own pixels."""
    x, y = ground.size[1] / encoded.size[1], ground.size[0] / encoded.size[0]
    found = []
    for thing in things:
        middle = thing.middle()
        colour = "#" + bytes(thing.colour).hex()
        found.append(
            {"text": str(thing.number), "x": middle[0] * x, "y": middle[1] * y, "colour": colour}
        )
    return found


def keep(ground: Ground, encoded: Encoded, now: History, reply: Reply | None) -> None:
    """Show the name field and the button that keeps the mask and begins the next object."""
    corrected = _corrected(ground, now)
    if corrected:
        st.caption(f"Correcting object {corrected}: what you keep replaces it.")
    empty = reply is None or not reply.mask.any()
    full = len(kept(ground)) >= objects.MOST and not corrected
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input(
            "Name", key="techniques-keep-name", placeholder="object", max_chars=objects.LONGEST_NAME
        )
        st.button(
            "Keep",
            key="techniques-keep",
            icon=":material/add_photo_alternate:",
            type="primary",
            disabled=empty or full,
            on_click=_keep,
            args=(ground, now, reply),
            help="Keep this object and begin the next one"
            if not full
            else f"There are {objects.MOST} objects, the most there can be; remove some",
        )


def _corrected(ground: Ground, now: History) -> int:
    """Return the number of the object being corrected, 0 for none.

    Who starts over, or goes back to what was pointed at before, is at another object.
    """
    picture, number, before = st.session_state.get(_CORRECTED, ("", 0, ""))
    if number and (picture != ground.key or to_text(now.acts) in ("", before)):
        del st.session_state[_CORRECTED]
        return 0
    return number


def _keep(ground: Ground, now: History, reply: Reply) -> None:
    name = st.session_state["techniques-keep-name"]
    things = objects.remove(kept(ground), _corrected(ground, now))
    st.session_state.pop(_CORRECTED, None)
    put(ground, objects.keep(things, name, reply.mask, reply.score, to_text(now.acts)))
    settings.put("prompts", None)
    st.session_state["techniques-keep-name"] = ""


def show(ground: Ground, encoded: Encoded, now: History) -> None:
    """Show the objects that are kept, what can be done with each, and their files."""
    things = kept(ground)
    if not things:
        return
    numbers = {thing.number: thing for thing in things}
    if st.session_state.get(_CHOSEN) not in numbers:  # removed, or another picture's
        st.session_state.pop(_CHOSEN, None)
    chosen = st.pills(
        f"{len(things)} kept",
        list(numbers),
        format_func=lambda number: plain(numbers[number].title),
        key=_CHOSEN,
    )
    if chosen in numbers and chosen != _corrected(ground, now):
        _one(ground, encoded, numbers[chosen])
    object_files.show(ground, encoded, things)
    st.caption("Kept in this tab only: download them before you close or reload it.")


def _one(ground: Ground, encoded: Encoded, thing: Kept) -> None:
    share = 100 * float(thing.patch.mask.sum()) / (encoded.size[0] * encoded.size[1])
    expected = "" if isnan(thing.score) else f" · predicted IoU {thing.score:.2f}"
    st.caption(f"{share:.1f} % of the picture{expected}")
    key = f"techniques-name-{thing.number}"
    st.session_state[key] = thing.name
    st.text_input(
        "Its name",
        key=key,
        on_change=lambda: _rename(ground, thing.number, st.session_state[key]),
        max_chars=objects.LONGEST_NAME,
    )
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Remove",
            key="techniques-remove",
            icon=":material/delete:",
            on_click=lambda: put(ground, objects.remove(kept(ground), thing.number)),
        )
        st.button(
            "Correct",
            key="techniques-again",
            icon=":material/edit:",
            on_click=_again,
            args=(ground, thing),
            disabled=not thing.prompts,
            help="Take its prompts up again; what you keep next replaces it",
        )


def _rename(ground: Ground, number: int, name: str) -> None:
    put(ground, objects.rename(kept(ground), number, name))
    st.session_state[_CHOSEN] = number  # Streamlit knows options by their words, which are new


def _again(ground: Ground, thing: Kept) -> None:
    before = settings.get("prompts", "")
    st.session_state[_CORRECTED] = (ground.key, thing.number, before)
    settings.put("prompts", thing.prompts)
    st.session_state["techniques-keep-name"] = thing.name
