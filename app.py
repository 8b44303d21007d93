"""The app: ``streamlit run app.py``. Navigation only; each page stands alone."""

from functools import partial

import streamlit as st

segment = partial(st.Page, "pages/segment.py", title="Segment", icon=":material/content_cut:")

# The default page answers at / only; the hidden one lets /segment be opened and shared as well.
st.navigation(
    [
        segment(url_path="home", default=True),
        segment(url_path="segment", visibility="hidden"),
        st.Page("pages/iou.py", title="IoU calculator", icon=":material/join_inner:"),
        st.Page("pages/training.py", title="Training", icon=":material/monitoring:"),
    ]
).run()
