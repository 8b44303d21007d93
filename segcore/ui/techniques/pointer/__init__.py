"""A picture to point at: clicks, boxes and steps come back as numbered acts.

The component shows the picture with a mask over it, draws each act at once and reports it until
it is answered; `segcore.prompting.history` has the other end of the numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from segcore.prompting.acts import Acts, Frame, Point
from segcore.prompting.history import History
from segcore.ui.embedded import data_address

_FOLDER = Path(__file__).parent
KEY = "techniques-pointer"


def _text(suffix: str) -> str:
    return (_FOLDER / f"pointer.{suffix}").read_text("utf-8")


_component = st.components.v2.component(
    "segcore.pointer", html=_text("html"), css=_text("css"), js=_text("js")
)


def message() -> dict[str, Any] | None:
    """Return what the browser reported in this run, for callbacks; None if it reported nothing."""
    state = st.session_state.get(KEY)
    reported = state.get("acts") if state else None
    return reported if isinstance(reported, dict) else None


def show(
    picture_key: str,
    picture: Callable[[], bytes],
    size: tuple[int, int],
    overlay: bytes,
    alt: str,
    history: History,
    answered: tuple[str, int],
    on_acts: Callable[[], None],
    *,
    labels: Sequence[dict[str, Any]] = (),
) -> None:
    """Show the component.

    Parameters
    ----------
    picture_key : str
        Tells the picture from others.
    picture : callable
        Returns it as a JPEG file; called when the browser hasn't got it.
    size : (height, width)
        Of the picture that the acts' coordinates belong to.
    overlay : bytes
        A PNG file with transparency, of the same proportions; empty for none.
    alt : str
        The picture with its mask in words.
    history : History
        Its acts are drawn.
    answered : (str, int)
        Which mount of the component, and the number of its last act that was applied.
    on_acts : callable
        Called before the run that acts cause; it finds them with `message`.
    labels : sequence of dict
        ``text``, ``x``, ``y`` and ``colour`` of what is written on the picture.
    """
    told = message() or {}
    here = told.get("has") == picture_key and not told.get("needs")
    _component(
        key=KEY,
        data={
            "key": picture_key,
            "picture": None if here else data_address(picture()),
            "size": [size[1], size[0]],
            "overlay": data_address(overlay) if overlay else "",
            "alt": alt,
            "labels": list(labels),
            "report": told.get("report", 0),
            "answered": {"who": answered[0], "n": answered[1]},
            "can": {
                "undo": bool(history.past or history.acts),
                "redo": bool(history.future),
                "clear": bool(history.acts),
            },
            **drawn(history.acts),
        },
        on_acts_change=on_acts,
    )


def drawn(acts: Acts) -> dict[str, Any]:
    """Return the points and the box that count, as the component draws them."""
    frames = [act for act in acts if isinstance(act, Frame)]
    return {
        "points": [[act.x, act.y, act.adds] for act in acts if isinstance(act, Point)],
        "box": list(frames[-1].corners) if frames else None,
    }
