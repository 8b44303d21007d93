"""Logs of other programs in the same charts; they stay in the visitor's session."""

from __future__ import annotations

import streamlit as st

from segcore.training.foreign_logs import open_files
from segcore.training.logs import Log
from segcore.training.names import RunError
from segcore.ui.text import plain


def pick() -> dict[str, Log]:
    """Show the uploader; return the logs by name."""
    with st.expander("Open a log from elsewhere", icon=":material/upload_file:"):
        files = st.file_uploader(
            "CSV files of Keras' CSVLogger, or a folder of TensorBoard's event files",
            accept_multiple_files="directory",
            key="foreign_folder",
            help="A folder keeps training and validation apart, as Keras writes them.",
        )
        more = st.file_uploader("Single files", accept_multiple_files=True, key="foreign_files")
    given = {file.name: file.getvalue() for file in [*(files or []), *(more or [])]}
    if given:
        try:
            st.session_state.foreign_logs = open_files(given)
        except RunError as error:
            st.error(plain(str(error)), icon=":material/error:")
    return st.session_state.get("foreign_logs", {})
