"""The app's pages, as the navigation shows them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import streamlit as st

PAGES = Path(__file__).parents[2] / "pages"


def navigate():
    """Show the navigation; return the page that the visitor wants."""
    segment = partial(st.Page, PAGES / "segment.py", title="Segment", icon=":material/content_cut:")
    st.session_state["navigated"] = True
    # The default page answers at / only; the hidden one lets /segment be shared as well.
    return st.navigation(
        [
            segment(url_path="home", default=True),
            segment(url_path="segment", visibility="hidden"),
            st.Page(PAGES / "compare.py", title="Compare", icon=":material/compare:"),
            st.Page(PAGES / "iou.py", title="IoU calculator", icon=":material/join_inner:"),
            st.Page(PAGES / "techniques.py", title="Techniques", icon=":material/science:"),
            st.Page(PAGES / "unet.py", title="U-Net", icon=":material/schema:"),
            st.Page(PAGES / "training.py", title="Training", icon=":material/monitoring:"),
        ]
    )
