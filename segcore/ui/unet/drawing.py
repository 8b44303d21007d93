"""A drawing in SVG that goes with the page's colours and scrolls where the screen is narrow."""

from __future__ import annotations

import streamlit as st

HTML = '<div class="drawing"></div>'
CSS = """
.drawing { overflow-x: auto; color: var(--st-text-color); font-family: var(--st-font); }
.drawing svg { display: block; width: 100%; min-width: 720px; max-width: 1100px; height: auto; }
"""
JS = """
export default function ({ data, parentElement }) {
  parentElement.querySelector(".drawing").innerHTML = data.svg;
}
"""
_component = st.components.v2.component("segcore.drawing", html=HTML, css=CSS, js=JS)


def drawing(svg: str, key: str) -> None:
    """Show an ``<svg>`` element of our own making; its ``<title>`` elements show at the pointer."""
    _component(data={"svg": svg}, key=key)
