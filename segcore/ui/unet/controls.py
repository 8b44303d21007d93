"""Controls that the lessons of the page share; what they set is in the address."""

from __future__ import annotations

import re

import streamlit as st

NUMBERS = 10_000  # a button for another number begins again at 0 after so many


def slider(label: str, low: float, high: float, value: float, step: float, key: str) -> float:
    """Show a narrow slider, two beside each other on a phone; its value is in the address."""
    return st.slider(label, low, high, value, step, key=key, bind="query-params", width=164)


def in_training(key: str) -> bool:
    """Show whether the network trains or predicts; True for training, the default."""
    mode = st.segmented_control(
        "Mode",
        ("Training", "Prediction"),
        default="Training",
        required=True,
        key=key,
        bind="query-params",
    )
    return mode != "Prediction"


def put(name: str, value: str, default: str) -> None:
    """Write a setting into the address, which holds all of them; the default leaves it."""
    if value == default:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = value


def number(name: str) -> int:
    """Return the number that `number_button` put into the address, 0 unless there is a right one.

    Parameters
    ----------
    name : str
        Of the parameter in the address.
    """
    text = st.query_params.get(name, "")
    return int(text) if re.fullmatch("[0-9]{1,4}", text) else 0


def number_button(label: str, name: str, disabled: bool = False) -> None:
    """Show a button that puts the next number into the address, where `number` finds it."""
    st.button(
        label,
        icon=":material/casino:",
        key=f"{name}-button",
        on_click=_put_next,
        args=(name,),
        disabled=disabled,
    )


def _put_next(name: str) -> None:
    put(name, str((number(name) + 1) % NUMBERS), "0")
