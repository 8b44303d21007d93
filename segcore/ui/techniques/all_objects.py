"""Segment everything: a search with a progress bar; what it finds is kept as objects."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from segcore.inference.zoo import Card
from segcore.labels import Instances
from segcore.metrics import mask_iou
from segcore.objects import MaskedObject, cut
from segcore.prompting import kept as objects
from segcore.prompting.kept import Kept
from segcore.ui.techniques import keeping, promptable, settings
from segcore.ui.techniques.ground import Ground
from segcore.ui.techniques.promptable import Encoded
from segcore.ui.text import plain

_SEARCH, _SAID = "techniques everything", "techniques found"
LEAST = 0.4  # predicted IoU
SAME = 0.6  # IoU from which a mask is an object that is kept already
EVERY = 0.4  # seconds between two looks at a search
_at_once = threading.Semaphore(1)  # a search takes seconds, other visitors' clicks none


@dataclass
class Search:
    """A search in a thread of its own: clicks on the picture and reruns leave it alone.

    Attributes
    ----------
    key : tuple
        Of the encoded picture.
    done, total : int
        Clicks, 0 before the first.
    stopped : bool
        Set to end it after the clicks it is at; what was found counts.
    result : Instances or None
    problem : str
        Why there is no result.
    seconds : float
    """

    key: tuple[str, str, str]
    done: int = 0
    total: int = 0
    stopped: bool = False
    result: Instances | None = None
    problem: str = ""
    seconds: float = 0.0
    thread: threading.Thread | None = field(default=None, repr=False)

    def begin(self, encoded: Encoded, card: Card, device: str, least: float) -> None:
        """Start the thread."""
        args = (encoded, card, device, least)
        self.thread = threading.Thread(target=self._run, args=args, daemon=True)
        self.thread.start()

    def _run(self, encoded: Encoded, card: Card, device: str, least: float) -> None:
        while not _at_once.acquire(timeout=0.2):
            if self.stopped:
                return
        began = perf_counter()
        try:
            if not self.stopped:
                self.result = promptable.everything(encoded, card, device, least, self._note)
        except Exception as error:  # nothing else would tell the visitor
            self.problem = str(error)
        finally:
            _at_once.release()
        self.seconds = perf_counter() - began

    def _note(self, done: int, total: int) -> bool:
        self.done, self.total = done, total
        return not self.stopped

    def stop(self) -> None:
        """End it soon."""
        self.stopped = True

    def ended(self) -> bool:
        """Say whether it has ended, with a moment's patience."""
        if self.thread:
            self.thread.join(0.1)
        return self.thread is None or not self.thread.is_alive()


def show(ground: Ground, encoded: Encoded, card: Card, device: str) -> None:
    """Show the button and the least predicted IoU; wait for a search that is under way."""
    search: Search | None = st.session_state.get(_SEARCH)
    if search and search.key != encoded.key:
        search.stop()
        st.session_state[_SEARCH] = search = None
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        least = settings.bound(
            st.number_input,
            "Leave out IoU below",
            "least",
            _least(),
            lambda value: None if value == LEAST else f"{value:.2f}",
            min_value=0.0,
            max_value=1.0,
            step=0.05,
            help="Masks of which the model expects a smaller IoU; less finds more",
            width=140,
        )
        st.button(
            "Segment everything",
            icon=":material/grid_view:",
            key="techniques-everything",
            on_click=_begin,
            args=(encoded, card, device, least),
            disabled=search is not None,
            help="Clicks on a grid of points and keeps every object that comes of it",
        )
    if search is not None:
        _watch(ground, encoded)
    elif said := st.session_state.pop(_SAID, ""):
        st.caption(plain(said))


def _least() -> float:
    try:
        return min(1.0, max(0.0, float(settings.get("least", str(LEAST)))))
    except ValueError:
        return LEAST


def _begin(encoded: Encoded, card: Card, device: str, least: float) -> None:
    if st.session_state.get(_SEARCH):  # pressed twice before the button was grey
        return
    st.session_state[_SEARCH] = search = Search(encoded.key)
    search.begin(encoded, card, device, least)


@st.fragment(run_every=EVERY)
def _watch(ground: Ground, encoded: Encoded) -> None:
    """Show how far the search is; runs of its own, as no click interrupts a fragment."""
    search: Search | None = st.session_state.get(_SEARCH)
    if search is None:
        return
    if search.ended():
        _keep(ground, encoded, search)
        st.rerun()
    share = search.done / search.total if search.total else 0.0
    text = f"{search.done} of {search.total} clicks" if search.total else "Waiting"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(share, "Stopping" if search.stopped else text)
        st.button(
            "Stop",
            key="techniques-everything-stop",
            icon=":material/stop_circle:",
            on_click=search.stop,
            disabled=search.stopped,
        )


def _best(
    kept: Sequence[Kept], found: Sequence[MaskedObject], size: tuple[int, int]
) -> NDArray[np.float64]:
    """Return the largest IoU that each found object has with a kept one, (n,); 0 without any."""
    masks = cut(objects.at_size(kept, size, size), size)
    return mask_iou(masks, cut(found, size)).max(axis=0, initial=0)


def _keep(ground: Ground, encoded: Encoded, search: Search) -> None:
    st.session_state[_SEARCH] = None
    before = things = keeping.kept(ground)
    found = search.result.objects if search.result else ()
    shared = _best(before, found, encoded.size)
    new = [thing for thing, iou in zip(found, shared, strict=True) if iou < SAME]
    for thing in sorted(new, key=lambda thing: -np.count_nonzero(thing.patch.mask)):
        things = objects.keep_patch(things, "", thing.patch, thing.score)
    keeping.put(ground, things)
    added = len(things) - len(before)
    count = "1 object" if added == 1 else f"{added} objects"
    said = (
        f"Stopped after {search.done} of {search.total} clicks: {count} more"
        if search.stopped
        else f"{count} more in {search.seconds:.1f} s"
    )
    if len(new) < len(found):
        said += f"; {len(found) - len(new)} kept already"
    if added < len(new):
        said += f"; no room for {len(new) - added}, as {objects.MOST} are the most there can be"
    st.session_state[_SAID] = search.problem or f"{said}."
