"""The app: ``streamlit run app.py``. Navigation only; each page stands alone."""

import streamlit as st

SEGMENT = {"page": "pages/segment.py", "title": "Segment", "icon": ":material/content_cut:"}

# The default page answers at / only; the hidden one lets /segment be opened and shared as well.
st.navigation(
    [
        st.Page(**SEGMENT, url_path="home", default=True),
        st.Page(**SEGMENT, url_path="segment", visibility="hidden"),
    ]
).run()
