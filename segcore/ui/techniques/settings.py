"""Every setting of the page as a short text, in the address and across pages.

Streamlit forgets widgets that are not shown and clears the address on another page, so the
texts are kept in the session as well; what the address says comes first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from segcore.techniques import Choice, Prompts, methods
from segcore.techniques.types import Parameter, Value
from segcore.ui.techniques import networks

_STORE = "techniques settings"
OF_PICTURE = ("seeds", "box", "prompts")  # they go when another picture comes
_PLAIN = ("sample", "view", "methods", "method", "with", "least", *OF_PICTURE)
MAX_SEEDS = 60
NO_SEEDS = "none"


def begin() -> None:
    """Take over the address, and put there what was set before; once a run."""
    store = st.session_state.setdefault(_STORE, {})
    store.update({name: text for name, text in st.query_params.items() if _known(name)})
    for name, text in store.items():
        if st.query_params.get(name) != text:
            st.query_params[name] = text


def get(name: str, default: str) -> str:
    """Return a setting's text."""
    return st.session_state[_STORE].get(name, default)


def put(name: str, text: str | None) -> None:
    """Change a setting; None takes it back to its default, and out of the address."""
    store = st.session_state[_STORE]
    if text is None:
        store.pop(name, None)
        st.query_params.pop(name, None)
    else:
        store[name] = st.query_params[name] = text


def put_with(name: str, text: str | None, key: str, value: Any) -> None:
    """Change a setting and, at once with it, an entry of the session.

    Streamlit may end a callback at each use of the session or the address, but not between
    the two changes here; the address then follows in the next run, by `begin` or `follow`.
    """
    store = st.session_state[_STORE]
    st.session_state[key] = value
    if text is None:
        store.pop(name, None)
    else:
        store[name] = text
    follow(name)


def follow(name: str) -> None:
    """Say in the address what a setting is."""
    text = st.session_state[_STORE].get(name)
    if st.query_params.get(name) != text:
        put(name, text)


def forget_picture() -> None:
    """Take back what was set for the picture that was shown."""
    for name in OF_PICTURE:
        put(name, None)


def bound(
    widget: Callable[..., Any],
    label: str,
    name: str,
    value: Any,
    write: Callable[[Any], Any],
    **options,
) -> Any:
    """Show a widget whose value is a setting.

    Parameters
    ----------
    widget : callable
        Of Streamlit.
    label, name : str
    value : object
        What it shows.
    write : callable
        Turns the widget's value into the setting's text, None for the default.
    """
    key = f"techniques-{name}"
    st.session_state[key] = value
    return widget(
        label, key=key, on_change=lambda: put(name, write(st.session_state[key])), **options
    )


# === Parameters of methods ===


def address(method: str, parameter: str) -> str:
    """Return a parameter's name in the address."""
    return f"{method}.{parameter}"


def parameters(method: str) -> tuple[Parameter, ...]:
    """Return the parameters of a method or of a model of the zoo."""
    return methods()[method].parameters if method in methods() else networks.parameters(method)


def values(method: str) -> dict[str, Value]:
    """Return a method's parameters that are set to something else than the default."""
    found = {}
    for parameter in parameters(method):
        value = _value(method, parameter)
        if value != parameter.default:
            found[parameter.name] = value
    return found


def control(method: str, parameter: Parameter) -> None:
    """Show the slider or the list of a parameter."""
    name = address(method, parameter.name)
    value = _value(method, parameter)

    def write(new: Value) -> str | None:
        return None if new == parameter.default else str(new)

    if isinstance(parameter, Choice):
        options = {"options": list(parameter.options), "format_func": parameter.options.__getitem__}
        bound(st.selectbox, parameter.title, name, value, write, help=parameter.help, **options)
        return
    kind = int if isinstance(parameter.step, int) else float
    bound(
        st.slider,
        parameter.title,
        name,
        kind(value),
        write,
        help=parameter.help,
        min_value=kind(parameter.low),
        max_value=kind(parameter.high),
        step=kind(parameter.step),
    )


def to_defaults(*names: str) -> None:
    """Take the parameters of some methods back to their defaults."""
    for name in names:
        for parameter in parameters(name):
            put(address(name, parameter.name), None)


def _value(method: str, parameter: Parameter) -> Value:
    text = get(address(method, parameter.name), "")
    try:
        return parameter.accept(text) if text else parameter.default
    except ValueError:
        return parameter.default


def _known(name: str) -> bool:
    method, _, parameter = name.rpartition(".")
    known = method in methods() or method.startswith(networks.MODEL)
    return name in _PLAIN or known and any(p.name == parameter for p in parameters(method))


# === Seeds and box ===


def prompts(default: Prompts) -> Prompts:
    """Return the seeds and the box that are set; the default's where the text is no such thing."""
    seeds = get("seeds", "")
    return Prompts(
        () if seeds == NO_SEEDS else _pairs(seeds) or default.seeds,
        _corners(get("box", "")) or default.box,
    )


def readable(name: str, text: str) -> bool:
    """Say whether a text gives ``seeds`` or a ``box``."""
    return bool(_pairs(text) if name == "seeds" else _corners(text))


def seeds_text(seeds: tuple[tuple[float, float], ...]) -> str:
    """Return seeds as ``x,y x,y``."""
    return " ".join(f"{x:.0f},{y:.0f}" for x, y in seeds)


def box_text(box: tuple[float, float, float, float]) -> str:
    """Return a box as ``x_min,y_min,x_max,y_max``."""
    return ",".join(f"{value:.0f}" for value in box)


def _pairs(text: str) -> tuple[tuple[float, float], ...]:
    try:
        pairs = [tuple(map(float, pair.split(","))) for pair in text.split()]
    except ValueError:
        return ()
    good = all(len(p) == 2 and all(abs(v) < 1e5 for v in p) for p in pairs)
    return tuple((p[0], p[1]) for p in pairs[:MAX_SEEDS]) if good else ()


def _corners(text: str) -> tuple[float, float, float, float] | None:
    try:
        x0, y0, x1, y1 = map(float, text.split(","))
    except ValueError:
        return None
    good = x0 < x1 and y0 < y1 and all(abs(v) < 1e5 for v in (x0, y0, x1, y1))
    return (x0, y0, x1, y1) if good else None
