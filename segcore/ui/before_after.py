"""A slider between two pictures of the same size: drag, or use the arrow keys."""

from __future__ import annotations

import streamlit as st

from segcore.ui.embedded import data_address

HTML = """
<div class="frame">
  <img class="after"><img class="before">
  <div class="line"></div>
  <input type="range" min="0" max="100" value="50" step="1">
</div>
"""
CSS = """
.frame { position: relative; line-height: 0; --place: 50%; border-radius: .5rem; overflow: hidden; }
img { width: 100%; user-select: none; }
.before { position: absolute; inset: 0; clip-path: inset(0 calc(100% - var(--place)) 0 0); }
.line { position: absolute; top: 0; bottom: 0; left: var(--place); width: 4px;
  margin-left: -2px; background: white; box-shadow: 0 0 4px rgba(0,0,0,.7); pointer-events: none; }
input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0;
  cursor: ew-resize; touch-action: pan-y; }
.frame:has(input:focus-visible) { outline: 3px solid var(--st-primary-color); }
"""
JS = """
export default function ({ data, parentElement }) {
  const find = (name) => parentElement.querySelector(name);
  const input = find("input");
  find(".before").src = data.before;
  find(".before").alt = data.before_alt;
  find(".after").src = data.after;
  find(".after").alt = data.after_alt;
  input.ariaLabel = "Share of the picture that is shown without the result, percent";
  input.oninput = () => find(".frame").style.setProperty("--place", input.value + "%");
}
"""
_component = st.components.v2.component("segcore.before_after", html=HTML, css=CSS, js=JS)


def before_after(before: bytes, after: bytes, *, before_alt: str, after_alt: str) -> None:
    """Show two JPEG files of the same size with a slider between them."""
    _component(
        data={
            "before": data_address(before),
            "after": data_address(after),
            "before_alt": before_alt,
            "after_alt": after_alt,
        },
        key="before-after",
    )
