"""The frame around every page: title, one sentence, the device in the sidebar."""

from __future__ import annotations

import streamlit as st

from segcore.inference import runtime
from segcore.ui.navigation import navigate


def set_up(title: str, icon: str, sentence: str) -> None:
    """Start a page; every page calls this first, so that it also stands alone.

    Parameters
    ----------
    title : str
        The page's heading and, with the app's name, the tab's title.
    icon : str
        A Material icon, ``:material/NAME:``.
    sentence : str
        What the page does, in one sentence.
    """
    if "navigated" not in st.session_state:
        # A fresh server sends its first visitor at a page's own address here at once, past
        # app.py; from the next run on it knows the navigation.
        navigate()
        st.rerun()
    st.set_page_config(page_title=f"{title} · segcore", page_icon=icon, layout="wide")
    st.title(f"{icon} {title}", anchor=False)
    st.markdown(sentence)


def device_picker() -> str:
    """Show the device picker in the sidebar and return the choice."""
    try:
        preset = runtime.default_device()
    except ValueError as error:
        st.sidebar.error(str(error), icon=":material/memory:")
        preset = "auto"
    return st.sidebar.selectbox(
        "Device",
        runtime.DEVICES,
        index=runtime.DEVICES.index(preset),
        format_func={"auto": "Automatic", "cpu": "CPU", "gpu": "GPU"}.__getitem__,
        help="Networks run on a GPU if there is one, otherwise on the CPU.",
    )


def device_in_use(device: str, wanted: str) -> None:
    """Name the device that did the work, and say why it is not the one wished for."""
    st.sidebar.caption(f"In use: {device}")
    device_trouble(wanted)


def device_trouble(wanted: str) -> None:
    """Say why the device that is wished for is not the one in use, if that is so."""
    if problem := runtime.gpu_problem(wanted):
        st.sidebar.warning(problem, icon=":material/memory:")
