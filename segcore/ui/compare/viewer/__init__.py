"""The viewer: several views of one picture with linked zoom, one point and one legend."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from typing import Any

import streamlit as st


def _file(name: str) -> str:
    return (resources.files(__package__) / name).read_text("utf-8")


_component = st.components.v2.component(
    "segcore.compare",
    html=_file("viewer.html"),
    css=_file("viewer.css"),
    js="\n".join(_file(name) for name in ("pixels.js", "legend.js", "viewer.js")),
)


def viewer(data: dict[str, Any], isolate: Callable[[str], None], key: str = "viewer") -> None:
    """Show the views.

    Parameters
    ----------
    data : dict
        From `payload.payload`.
    isolate : callable
        Gets the key of the row that the visitor isolated, empty for none.
    """

    def changed() -> None:
        isolate(st.session_state[key].get("isolated") or "")

    _component(data=data, key=key, on_isolated_change=changed)
