"""How long a training will take: two steps measured in a process of its own."""

from __future__ import annotations

import json
import subprocess
import time

import streamlit as st

from segcore.training.orders import Order
from segcore.training.processes import PROGRAM, PROJECT
from segcore.ui.text import duration, plain

LIMIT = 120  # seconds
USUAL = 12


def show(order: Order) -> None:
    """Show a button that measures, and what it found for these settings."""
    known: dict[str, dict] = st.session_state.setdefault("estimates", {})
    key = json.dumps(order.to_dict())
    if key not in known and st.button(
        "Estimate the time", icon=":material/timer:", width="stretch", disabled=not order.data[0]
    ):
        known[key] = _measure(order)
    if not (told := known.get(key)):
        return
    if "problem" in told:
        st.error(plain(told["problem"]), icon=":material/error:")
        return
    st.markdown(
        f":material/timer: About **{duration(told['seconds'])}** on this machine: "
        f"{told['steps']} steps an epoch of {1000 * told['step_seconds']:.0f} ms each, "
        f"{told['pictures']:,} pictures, {told['parameters']:,} parameters."
    )


def _measure(order: Order) -> dict:
    """Run two steps in a child, with a bar; a rerun of the page ends it."""
    words = [w for w in order.words("") if not w.startswith(("--run=", "--watch=", "--init="))]
    child = subprocess.Popen(
        [*PROGRAM, *words, "--estimate"],
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    bar = st.progress(0.0, "Measuring two steps")
    began = time.monotonic()
    try:
        while child.poll() is None:
            taken = time.monotonic() - began
            if taken > LIMIT:
                return {"problem": f"Two steps took longer than {LIMIT} seconds; try less."}
            bar.progress(min(0.95, taken / USUAL), f"Measuring two steps, {taken:.0f} s")
            time.sleep(0.2)
        output, complaint = child.communicate()
    finally:
        child.kill()
        child.wait()
        bar.empty()
    if child.returncode:
        own = [line for line in complaint.splitlines() if line.startswith("segcore: ")]
        return {
            "problem": own[-1].removeprefix("segcore: ") if own else "It could not be measured."
        }
    return json.loads(output.splitlines()[-1])
