"""One run: what it is doing, its figures and its curves, up to date each second."""

from __future__ import annotations

import time

import numpy as np
import streamlit as st

from segcore import charts
from segcore.charts import Look
from segcore.training.control import Status
from segcore.training.curves import steps_per_epoch
from segcore.training.logs import Log, Table, rows
from segcore.training.names import RunError
from segcore.training.verdict import best_epoch, overfitting, time_left
from segcore.ui.text import duration, plain
from segcore.ui.training.library import ICONS, Item, control

SILENCE = 120  # seconds without a word after which a running training is said to be silent
WORDS = {
    "waiting": "Waits for its turn",
    "loading": "Loads its data",
    "running": "Trains",
    "stopping": "Stops after this step",
    "stopped": "Stopped; it can be resumed",
    "finished": "Finished",
    "failed": "Failed",
    "orphaned": "Its process is gone; it can be resumed from its last epoch",
}


def live(item: Item, look: Look) -> None:
    """Show a run; while it is active, this part alone runs again each second."""
    active = item.status.active

    @st.fragment(run_every="1s" if active else None)
    def part() -> None:
        try:
            if not item.shipped:
                control().advance()
            now = item.again()
            status = now.status
        except RunError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        if active and not status.active:
            st.rerun()
        _state(now, status, now.log)
        _charts(item.key, now.log, look)

    part()


def _state(item: Item, status: Status, log: Log) -> None:
    epochs = item.epochs
    done = rows(log.epochs)
    words = WORDS[status.state]
    if status.place > 1:
        words += f": number {status.place} in the queue"
    text = f":material/{ICONS[status.state]}: {words}"
    if epochs and status.state in ("running", "stopping"):
        each = steps_per_epoch(log)
        part = status.step / each if each > 0 else 0
        done_part = min(1.0, (max(0, status.epoch - 1) + min(1, part)) / epochs)
        st.progress(done_part, f"{text} · epoch {status.epoch} of {epochs}, step {status.step}")
    else:
        st.markdown(f"{text}{f' · {done} of {epochs} epochs' if epochs else ''}")
    if status.message:
        st.error(plain(status.message), icon=":material/error:")
    if status.state == "running" and status.time and time.time() - status.time > SILENCE:
        st.warning("It has written nothing for two minutes.", icon=":material/hourglass_disabled:")
    if item.problem:
        st.error(plain(item.problem), icon=":material/broken_image:")
    if log.damaged:
        st.warning(f"{log.damaged} lines of its log cannot be read and are left out.")
    _figures(item, status, log, epochs)
    if sentence := overfitting(log):
        st.warning(sentence, icon=":material/trending_up:")


def _figures(item: Item, status: Status, log: Log, epochs: int) -> None:
    table, best = log.epochs, best_epoch(log)
    shown: dict[str, str] = {}
    if "loss" in table:
        shown["Loss"] = f"{table['loss'][-1]:.4f}"
    if "val_loss" in table:
        shown["Validation loss"] = f"{table['val_loss'][-1]:.4f}"
    if best and "val_mean_iou" in table:
        value = float(table["val_mean_iou"][table["epoch"] == best][0])
        shown[f"Best validation mean IoU, epoch {best}"] = f"{value:.4f}"
    if "learning_rate" in log.steps:
        shown["Learning rate"] = f"{log.steps['learning_rate'][-1]:.2g}"
    if "pictures_per_second" in table:
        shown["Pictures a second"] = f"{table['pictures_per_second'][-1]:.1f}"
    if elapsed := last(table, "elapsed"):
        shown["Time so far" if status.active else "Time"] = duration(elapsed)
    if status.state == "running" and (left := time_left(log, epochs)) is not None:
        shown["Time left"] = duration(left)
    if not item.shipped and status.active and (used := control().figures(item.entry.name)):
        shown["Memory"] = f"{used.memory:,.0f} MB"
        shown["CPU"] = f"{used.cpu:.0f} %"
    if not shown:
        return
    with st.container(horizontal=True, gap="small"):
        for name, figure in shown.items():
            with st.container(border=True, width="content", gap=None):
                st.caption(name)
                st.markdown(f"**{figure}**")


def _charts(key: str, log: Log, look: Look) -> None:
    names = [name for name in charts.metrics(log) if name != "learning_rate"]
    if not rows(log.epochs) and not rows(log.steps):
        st.caption("There are no figures yet; the first come after the first step.")
        return
    columns = st.columns(2, gap="medium")
    for i, name in enumerate(names):
        with columns[i % 2]:
            chart({"": log}, name, look, key)
    if "learning_rate" in log.steps or "learning_rate" in log.epochs:
        with st.expander("Learning rate", icon=":material/speed:"):
            rate = Look("step" if look.unit == "epoch" else look.unit, 0.0, look.logarithmic)
            chart({"": log}, "learning_rate", rate, key)


def chart(logs: dict[str, Log], metric: str, look: Look, of: str) -> None:
    """Draw one metric; `of` tells apart what it is of, so that each keeps its own zoom."""
    names = ", ".join(filter(None, logs))
    st.plotly_chart(
        charts.curves(logs, metric, look, of),
        key=f"chart-{metric}-{of}",
        config={"displaylogo": False, "modeBarButtonsToRemove": ["lasso2d", "select2d"]},
        alt=f"{charts.title(metric)} by {look.unit}" + (f" of {names}" if names else ""),
    )


def last(table: Table, name: str) -> float | None:
    """Return the last number in a column, None if it has none."""
    values = table.get(name, np.empty(0))
    finite = values[np.isfinite(values)]
    return float(finite[-1]) if len(finite) else None


def look_picker() -> Look:
    """Show the settings of the charts."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        unit = st.segmented_control(
            "Horizontal axis",
            ("Epoch", "Step", "Time"),
            default="Epoch",
            required=True,
            key="axis",
            bind="query-params",
        )
        smoothing = st.slider(
            "Smoothing", 0.0, 0.95, 0.0, 0.05, key="smoothing", bind="query-params", width=200
        )
        logarithmic = st.toggle("Logarithmic", key="log", bind="query-params")
    return Look((unit or "Epoch").lower(), smoothing, logarithmic)
