"""Segment everything: a search with a progress bar; what it finds is kept as objects."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

import streamlit as st

from segcore.inference.zoo import ModelUnavailable
from segcore.prompting import kept as objects
from segcore.prompting.everything import Everything
from segcore.ui.techniques import keeping, settings
from segcore.ui.techniques.ground import Ground
from segcore.ui.techniques.progress import Progress
from segcore.ui.techniques.promptable import Encoded
from segcore.ui.text import plain

_SEARCH, _SAID = "techniques everything", "techniques found"
LEAST = 0.8


@dataclass
class Search:
    """A search that is under way; a click on the picture meanwhile doesn't end it."""

    key: tuple[str, str, str]
    everything: Everything
    began: float
    stopped: bool = False


def show(ground: Ground, encoded: Encoded) -> None:
    """Show the button and the least predicted IoU; go on with a search that is under way."""
    search: Search | None = st.session_state.get(_SEARCH)
    if search and search.key != encoded.key:
        st.session_state[_SEARCH] = search = None
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        least = settings.bound(
            st.number_input,
            "Predicted IoU, at least",
            "least",
            _least(),
            lambda value: None if value == LEAST else f"{value:.2f}",
            min_value=0.0,
            max_value=1.0,
            step=0.05,
            help="Masks of which the model expects less are left out",
            width=150,
        )
        st.button(
            "Segment everything",
            icon=":material/grid_view:",
            key="techniques-everything",
            on_click=_begin,
            args=(encoded, least),
            disabled=search is not None,
            help="Clicks on a grid of points and keeps every object that comes of it",
        )
    if search is not None:
        _go_on(ground, encoded, search)
    elif said := st.session_state.pop(_SAID, ""):
        st.caption(said)


def _least() -> float:
    try:
        return min(1.0, max(0.0, float(settings.get("least", str(LEAST)))))
    except ValueError:
        return LEAST


def _begin(encoded: Encoded, least: float) -> None:
    everything = Everything(encoded.predictor, encoded.size, least)
    st.session_state[_SEARCH] = Search(encoded.key, everything, perf_counter())


def _go_on(ground: Ground, encoded: Encoded, search: Search) -> None:
    everything, problem = search.everything, ""
    progress = Progress("techniques-everything-stop", lambda: _stop(search), patience=0)
    try:
        progress.step(everything.done / everything.total, "Clicking all over the picture")
        for done in () if search.stopped else everything.steps():
            progress.step(done / everything.total, f"{done} of {everything.total} clicks")
    except ModelUnavailable as error:
        problem = str(error)
    progress.end()
    st.session_state[_SEARCH] = None
    before = keeping.kept(ground)
    things = before
    for found in everything.objects():
        things = objects.keep_patch(things, "", found.patch, found.score)
    keeping.put(ground, things)
    seconds = perf_counter() - search.began
    found_words = f"{len(things) - len(before)} objects"
    st.session_state[_SAID] = plain(problem) or (
        f"Stopped after {everything.done} of {everything.total} clicks: {found_words}."
        if search.stopped
        else f"{found_words} in {seconds:.1f} s."
    )
    st.rerun()


def _stop(search: Search) -> None:
    search.stopped = True
