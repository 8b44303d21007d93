"""What the page remembers: across reruns, other pages and, in the address, reloads.

Streamlit forgets a widget that is not shown, and leaving a page clears the address. So
each setting is kept a second time in the session; a value in the address comes first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

_KEPT = "iou kept"


def restore(name: str, default: Any, accept: Callable[[str], Any]) -> tuple[str, Any]:
    """Return a widget's key, and what to give it as its default.

    A default is told in each run; what is set in the session, in one run only. A busy browser
    that sees the second of two quick runs alone would answer with the first of the options.

    Parameters
    ----------
    name : str
        Of the setting: its parameter in the address.
    default : object
    accept : callable
        Turns the address's text into a value; raises `ValueError` for nonsense.
    """
    key = f"iou-{name}"
    value = st.session_state.get(key)
    return key, from_address(name, accept, kept(name, default)) if value is None else value


def from_address(name: str, accept: Callable[[str], Any], otherwise: Any) -> Any:
    """Return a parameter of the address, `otherwise` if it is absent or nonsense."""
    text = st.query_params.get(name)
    if text is None:
        return otherwise
    try:
        return accept(text)
    except ValueError:
        return otherwise


def keep(name: str, value: Any, text: str | None) -> None:
    """Remember a setting; `text` goes into the address, None takes it out."""
    st.session_state.setdefault(_KEPT, {})[name] = value
    if text is None:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != text:
        st.query_params[name] = text


def kept(name: str, default: Any = None) -> Any:
    """Return a remembered setting."""
    return st.session_state.get(_KEPT, {}).get(name, default)


def one_of(options) -> Callable[[str], str]:
    """Return an `accept` for a choice."""

    def accept(text: str) -> str:
        if text not in options:
            raise ValueError(text)
        return text

    return accept


def whole(low: int, high: int) -> Callable[[str], int]:
    """Return an `accept` for whole numbers from low to high."""

    def accept(text: str) -> int:
        number = int(text)
        if not low <= number <= high:
            raise ValueError(text)
        return number

    return accept


def fraction(text: str) -> float:
    """An `accept` for numbers from 0 to 1."""
    number = float(text)
    if not 0 <= number <= 1:
        raise ValueError(text)
    return number


def forget(*names: str) -> None:
    """Take parameters out of the address."""
    for name in names:
        st.query_params.pop(name, None)
