"""Logs of other programs in the same charts; they stay in the visitor's session."""

from __future__ import annotations

from itertools import count

import streamlit as st

from segcore.training.foreign_logs import open_files
from segcore.training.logs import Log
from segcore.training.names import RunError
from segcore.ui.text import plain

PREFIX = "file:"  # no name of a run holds a colon
MOST = 50
MOST_COMPARED = 6  # as many as there are colours


def pick() -> dict[str, Log]:
    """Show the uploaders and what came through them; return the logs by key."""
    logs: dict[str, Log] = st.session_state.setdefault("foreign_logs", {})
    turn = st.session_state.setdefault("foreign_turn", 0)
    with st.expander("Open a log from elsewhere", icon=":material/upload_file:"):
        folder, single = f"foreign-folder-{turn}", f"foreign-files-{turn}"
        st.file_uploader(
            "CSV files of Keras' CSVLogger, or a folder of TensorBoard's event files",
            accept_multiple_files="directory",
            key=folder,
            on_change=_take,
            args=(folder,),
            help="A folder keeps training and validation apart, as Keras writes them.",
        )
        st.file_uploader(
            "Single files",
            accept_multiple_files=True,
            key=single,
            on_change=_take,
            args=(single,),
        )
        if sentence := st.session_state.pop("foreign_problem", None):
            st.error(plain(sentence), icon=":material/error:")
        with st.container(horizontal=True, gap="small"):
            for key in logs:
                st.button(
                    plain(f"Remove {name(key)}"),
                    icon=":material/close:",
                    key=f"remove-{key}",
                    on_click=_remove,
                    args=(key,),
                )
    return logs


def name(key: str) -> str:
    """Return a log's name for people."""
    return f"{key.removeprefix(PREFIX)} (file)"


def _take(widget: str) -> None:
    """Read the files once, under names that are not taken, and pick them for the charts.

    The uploader is empty afterwards, as the logs are listed below it.
    """
    state = st.session_state
    logs: dict[str, Log] = state.foreign_logs
    given: dict[str, bytes] = {}
    for file in state[widget] or []:
        given[_free(file.name, given)] = file.getvalue()
    if not given:
        return
    state.foreign_turn += 1
    try:
        opened = open_files(given)
        if len(logs) + len(opened) > MOST:
            raise RunError(f"There are more than {MOST} logs; remove some before you open others.")
    except RunError as error:
        state.foreign_problem = str(error)
        return
    for title, log in opened.items():
        key = _free(PREFIX + title, logs)
        logs[key] = log
        if len(state.get("compared", ())) < MOST_COMPARED:
            state.compared = [*state.get("compared", ()), key]


def _remove(key: str) -> None:
    st.session_state.foreign_logs.pop(key, None)


def _free(wanted: str, taken: dict) -> str:
    """Return a name that is not taken, numbered before the ending of a file's name."""
    stem, dot, ending = wanted.rpartition(".")
    stem, ending = (stem, dot + ending) if "/" not in ending and stem else (wanted, "")
    numbered = (f"{stem} ({number}){ending}" for number in count(2))
    return wanted if wanted not in taken else next(n for n in numbered if n not in taken)
