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


def column_width(name: str) -> int | None:
    """Return the width of the column this stands in, in CSS pixels, rounded down.

    Parameters
    ----------
    name : str
        Tells one column from another.

    Returns
    -------
    int or None
        160 to 4000. None until the browser has answered; then the script runs again.
    """
    widths: dict[str, int] = st.session_state.setdefault("column widths", {})
    answer = _component(
        key=f"measure-{name}",
        data={"step": STEP, "known": widths.get(name, 0)},
        default={"width": widths.get(name)},
        on_width_change=lambda: None,
        height=1,
    )
    if width := answer.get("width"):
        widths[name] = min(4000, max(160, int(width)))
    return widths.get(name)
