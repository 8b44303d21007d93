"""How wide a column is: the server cannot know, so the browser says it."""

from __future__ import annotations

import streamlit as st

STEP = 20  # pixels; smaller changes of a window are not worth a new run
HTML = '<div class="ruler"></div>'
CSS = ".ruler { width: 100%; height: 1px; }"
JS = """
export default function ({ data, parentElement, setStateValue }) {
  const ruler = parentElement.querySelector(".ruler");
  let told = data.known;
  const observer = new ResizeObserver(() => {
    const width = Math.floor(ruler.clientWidth / data.step) * data.step;
    if (width > 0 && width !== told) {
      told = width;
      setStateValue("width", width);
    }
  });
  observer.observe(ruler);
  return () => observer.disconnect();
}
"""
_component = st.components.v2.component("segcore.measure", html=HTML, css=CSS, js=JS)


def column_width(name: str, before: int = 320) -> int:
    """Return the width of the column this stands in, in CSS pixels, rounded down.

    Parameters
    ----------
    name : str
        Tells one column from another.
    before : int
        What to return until the browser has answered; then the script runs again.
    """
    known = st.session_state.get("column widths", {}).get(name)
    answer = _component(
        key=f"measure-{name}",
        data={"step": STEP, "known": known or 0},
        default={"width": known or before},
        on_width_change=lambda: None,
        height=1,
    )
    width = int(answer.get("width") or known or before)
    width = min(4000, max(160, width))
    if width != before or known:
        st.session_state.setdefault("column widths", {})[name] = width
    return width
