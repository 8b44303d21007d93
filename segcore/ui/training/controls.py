"""Stop, resume, clone, rename, annotate, delete and take away a run."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal

import streamlit as st

from segcore.inference import zoo
from segcore.training import downloads
from segcore.training.exports import export_status, start_export
from segcore.training.names import RunError, folder_name
from segcore.ui.text import plain
from segcore.ui.training import filling
from segcore.ui.training.library import Item, control, store


def show(item: Item, allowed: bool) -> None:
    """Show what can be done with a run; the buttons that change it need permission."""
    name, status = item.entry.name, item.status
    with st.container(horizontal=True, gap="small"):
        if allowed and not item.shipped:
            if status.active:
                _button("Stop", "stop_circle", partial(control().stop, name), kind="primary")
            elif status.state in ("stopped", "failed", "orphaned"):
                _button("Resume", "play_arrow", partial(control().resume, name), kind="primary")
            if status.state == "stopping":
                force = partial(control().stop, name, force=True)
                _button("End at once", "dangerous", force)
        if allowed:
            _button("Clone with changes", "content_copy", partial(filling.clone, item))
        _take_away(item, allowed)
        if allowed and not item.shipped:
            _describe(item)
            _delete(item)
    if item.entry.notes:
        st.caption(plain(item.entry.notes))


def _button(
    label: str,
    icon: str,
    action: Callable[[], None],
    kind: Literal["primary", "secondary"] = "secondary",
) -> None:
    """Show a button; what the action refuses is said in one sentence after the rerun."""

    def act() -> None:
        try:
            action()
        except (RunError, ValueError) as error:
            st.session_state.training_problem = str(error)

    st.button(label, icon=f":material/{icon}:", on_click=act, type=kind)


def problem() -> None:
    """Show what the last action refused."""
    if sentence := st.session_state.pop("training_problem", None):
        st.error(plain(sentence), icon=":material/error:")


def _describe(item: Item) -> None:
    name = item.entry.name
    with st.popover("Name and notes", icon=":material/edit:"):
        st.text_input("Name", item.entry.title, max_chars=80, key=f"title-{name}")
        st.text_area("Notes", item.entry.notes, max_chars=20_000, key=f"notes-{name}")

        def save() -> None:
            store().rename(name, st.session_state[f"title-{name}"])
            store().set_notes(name, st.session_state[f"notes-{name}"])

        _button("Save", "save", save, kind="primary")


def _delete(item: Item) -> None:
    with st.popover("Delete", icon=":material/delete:", disabled=item.status.active):
        st.markdown(
            f"Delete **{plain(item.entry.title)}** with its checkpoints for good? "
            "There is no way back."
        )

        def delete() -> None:
            store().delete(item.entry.name)
            st.session_state.pop("picked_run", None)
            st.query_params.pop("run", None)

        _button("Yes, delete it", "delete_forever", delete, kind="primary")


# === After the training ===


def _take_away(item: Item, allowed: bool) -> None:
    folder, base = item.entry.folder, folder_name(item.entry.title)
    with st.popover("Download", icon=":material/download:"):
        for kind in ("epochs", "steps"):
            if table := getattr(item.log, kind):
                history = partial(downloads.history_csv, table)
                _download(f"History of the {kind}, CSV", history, f"{base}-{kind}.csv")
        _download("Run without weights, ZIP", partial(_zip, item), f"{base}.zip")
        _with_weights(item, base)
        for file in _exported(item):
            _download("Exported model, ONNX", file.read_bytes, f"{base}.onnx")
    if allowed and not item.shipped and (folder / "best.keras").is_file():
        with st.popover("Use on Segment", icon=":material/rocket_launch:"):
            _export(item)


def _with_weights(item: Item, base: str) -> None:
    """Offer what holds the network, if the run has one that can be read."""
    if not (item.entry.folder / "best.keras").is_file():
        return
    try:
        model = downloads.model_file(item.store, item.entry.name)
        open(model, "rb").close()
    except RunError as error:
        st.caption(plain(str(error)))
    except OSError as error:
        st.caption(plain(f"best.keras cannot be read ({error.strerror})."))
    else:
        everything = partial(_zip, item, weights=True)
        _download("Everything, with weights, ZIP", everything, f"{base}-with-weights.zip")
        _download("Best epoch, Keras", model.read_bytes, f"{base}.keras")


def _zip(item: Item, weights: bool = False) -> bytes:
    """Return the run's folder as a ZIP file; called only when its button is pressed."""
    with downloads.run_zip(item.store, item.entry.name, weights=weights) as file:
        return file.read()


def _download(label: str, make: Callable[[], bytes], file: str) -> None:
    kind = mimetypes.guess_type(file)[0] or "application/octet-stream"
    st.download_button(label, make, file, kind, on_click="ignore", key=f"get-{file}")


def _exported(item: Item) -> list[Path]:
    if item.shipped:
        return []
    export = export_status(store(), item.entry.name)
    folder = zoo.user_models() / export.model
    return [folder / "model.onnx"] if export.state == "finished" else []


def _export(item: Item) -> None:
    """Offer to make a model of the zoo from the run; says how it goes, once a second."""
    name = item.entry.name
    st.text_input(
        "Name of the model",
        f"my-{folder_name(item.entry.title)}"[:60],
        key=f"model-{name}",
        help="Small letters, digits, - and _. A model of yours with this name is replaced.",
    )
    st.caption("The best epoch becomes a model that the page Segment offers. It takes a minute.")
    running = export_status(store(), name).state == "running"

    def export() -> None:
        start_export(store(), name, st.session_state[f"model-{name}"], title=item.entry.title)

    _button("Export", "rocket_launch", export, kind="primary")

    @st.fragment(run_every="1s" if running else None)
    def progress() -> None:
        export = export_status(store(), name)
        if running and export.state != "running":
            st.rerun()
        if export.state == "running":
            st.progress(0.5, f"Exporting {export.model} and comparing both engines")
        elif export.state == "failed":
            st.error(plain(export.message), icon=":material/error:")
        elif export.state == "replaced":
            st.info(plain(export.message), icon=":material/swap_horiz:")
        elif export.state == "finished":
            st.success(f"{export.model} is ready.", icon=":material/check_circle:")
            st.page_link(
                "pages/segment.py",
                label="Open it on Segment",
                icon=":material/content_cut:",
                query_params={"model": export.model},
            )

    progress()
