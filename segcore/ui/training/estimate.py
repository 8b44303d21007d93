"""How long a training will take: two steps measured in a process of its own."""

from __future__ import annotations

import json

import streamlit as st

from segcore.training.measuring import measure
from segcore.training.names import RunError
from segcore.training.orders import Order
from segcore.ui.text import duration, plain

USUAL = 12  # seconds


def show(order: Order) -> None:
    """Show a button that measures, and what it found for these settings."""
    known: dict[str, dict] = st.session_state.setdefault("estimates", {})
    key = json.dumps(order.to_dict())
    if key not in known and st.button(
        "Estimate the time", icon=":material/timer:", width="stretch", disabled=not order.data[0]
    ):
        try:
            known[key] = _measure(order)
        except (RunError, OSError) as error:
            st.error(plain(str(error)), icon=":material/error:")
    if not (told := known.get(key)):
        return
    st.markdown(
        f":material/timer: About **{duration(told['seconds'])}** on this machine: "
        f"{told['steps']} steps an epoch of {1000 * told['step_seconds']:.0f} ms each, "
        f"{told['pictures']:,} pictures, {told['parameters']:,} parameters."
    )


def _measure(order: Order) -> dict:
    """Measure, with a bar; a rerun of the page ends it."""
    bar = st.progress(0.0, "Measuring two steps")

    def tell(seconds: float | None) -> None:
        if seconds is None:
            bar.progress(0.0, "Waiting for another visitor's measurement")
        else:
            bar.progress(min(0.95, seconds / USUAL), f"Measuring two steps, {seconds:.0f} s")

    try:
        return measure(order, tell)
    finally:
        bar.empty()
