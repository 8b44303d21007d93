"""Controls that the lessons of the page share."""

from __future__ import annotations

import streamlit as st


def slider(label: str, low: float, high: float, value: float, step: float, key: str) -> float:
    """Show a narrow slider, two beside each other on a phone; its value is in the address."""
    return st.slider(label, low, high, value, step, key=key, bind="query-params", width=164)
