"""The app: ``streamlit run app.py``. Navigation only; each page stands alone."""

import streamlit as st

st.navigation(
    [
        st.Page("pages/segment.py", title="Segment", icon=":material/content_cut:", default=True),
    ]
).run()
