"""A progress bar with a button that stops what it shows.

A press interrupts the script at its next call of Streamlit, and the callback is run before the
next one; so what is going on must say its progress often and keep what it has in the session.
No press interrupts a fragment: there, this is of no use.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import streamlit as st

PATIENCE = 0.3  # seconds; what is over sooner, or remembered, needs no bar


class Progress:
    """The bar; it appears once the work has taken `PATIENCE`.

    Parameters
    ----------
    key : str
        Of the button.
    on_stop : callable
        The button's callback.
    """

    def __init__(self, key: str, on_stop: Callable[[], None]):
        self._key, self._on_stop = key, on_stop
        self._began, self._shown = perf_counter(), False
        with st.container(horizontal=True, vertical_alignment="center"):
            self._bar, self._button = st.empty(), st.empty()

    def step(self, share: float, text: str) -> None:
        """Say how far it is, 0 to 1, and what comes now."""
        if perf_counter() - self._began < PATIENCE:
            return
        self._bar.progress(min(1.0, share), text)
        if not self._shown:
            self._shown = True
            self._button.button(
                "Stop", key=self._key, icon=":material/stop_circle:", on_click=self._on_stop
            )

    def end(self) -> None:
        """Take bar and button away."""
        self._bar.empty()
        self._button.empty()
