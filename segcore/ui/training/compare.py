"""Several runs side by side: what differs in their settings, their results, their curves."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from segcore import charts
from segcore.charts import Look
from segcore.training.changes import OPTIONS
from segcore.training.logs import Log
from segcore.training.verdict import best_epoch
from segcore.ui.text import duration, plain
from segcore.ui.training import foreign as foreign_logs
from segcore.ui.training.foreign import MOST_COMPARED
from segcore.ui.training.library import PREFIX, Item
from segcore.ui.training.watch import chart, last

LECTURE = [f"{PREFIX}lecture-{size}" for size in ("32x25", "32x30", "64x40")]


def show(runs: dict[str, Item], foreign: dict[str, Log], look: Look) -> None:
    """Show the picker and, of the runs picked, tables and curves."""
    lecture = [key for key in LECTURE if key in runs]
    if "compared" not in st.session_state:
        asked = [key for key in st.query_params.get_all("with") if key in runs]
        st.session_state.compared = (
            list(dict.fromkeys(asked))[:MOST_COMPARED] or lecture or list(runs)[:3]
        )
    known = set(runs) | set(foreign)
    st.session_state.compared = [key for key in st.session_state.compared if key in known]
    picked = st.multiselect(
        "Runs to compare",
        [*runs, *foreign],
        format_func=lambda key: _title(key, runs),
        key="compared",
        max_selections=MOST_COMPARED,
    )
    st.button("The lecture's three runs", on_click=_pick, args=(lecture,), icon=":material/school:")
    st.query_params["with"] = [key for key in picked if key in runs]
    if not picked:
        st.info("Pick two runs or more.", icon=":material/compare_arrows:")
        return
    labels = _labels(picked, runs)
    logs = {labels[key]: runs[key].log if key in runs else foreign[key] for key in picked}
    chosen = {labels[key]: runs[key] for key in picked if key in runs}
    for label, item in chosen.items():
        if item.problem:
            st.error(plain(f"{label}: {item.problem}"), icon=":material/broken_image:")
    columns = st.columns(2, gap="medium")
    metrics = dict.fromkeys(name for log in logs.values() for name in charts.metrics(log))
    for i, metric in enumerate(m for m in metrics if m != "learning_rate"):
        with columns[i % 2]:
            chart(logs, metric, look, " ".join(picked))
    st.caption("The curves are those of the validation, or of the training where a run has none.")
    _results(logs, chosen)
    _differences(chosen)


def _pick(keys: list[str]) -> None:
    st.session_state.compared = keys


def _title(key: str, runs: dict[str, Item]) -> str:
    return runs[key].label if key in runs else foreign_logs.name(key)


def _labels(picked: list[str], runs: dict[str, Item]) -> dict[str, str]:
    """Return a name for each run, with its key where two are called the same."""
    titles = {
        key: runs[key].entry.title if key in runs else foreign_logs.name(key) for key in picked
    }
    same = [title for title in titles.values() if list(titles.values()).count(title) > 1]
    return {key: f"{title} ({key})" if title in same else title for key, title in titles.items()}


def _results(logs: dict[str, Log], chosen: dict[str, Item]) -> None:
    st.markdown("#### Results")
    rows = []
    for label, log in logs.items():
        row: dict[str, Any] = {"Run": label}
        if label in chosen:
            row["Parameters"] = chosen[label].entry.settings.get("parameters")
        best = best_epoch(log)
        if best:
            at = np.flatnonzero(log.epochs["epoch"] == best)[0]
            row["Best epoch"] = best
            for name, title in (
                ("val_mean_iou", "Validation mean IoU"),
                ("val_loss", "Validation loss then"),
            ):
                if name in log.epochs:
                    row[title] = round(float(log.epochs[name][at]), 4)
        if elapsed := last(log.epochs, "elapsed"):
            row["Time"] = duration(elapsed)
        if "pictures_per_second" in log.epochs:
            row["Pictures a second"] = round(float(np.median(log.epochs["pictures_per_second"])), 1)
        if label in chosen:
            row["Machine"] = chosen[label].entry.settings.get("machine")
        rows.append(row)
    numbers = {"Parameters": st.column_config.NumberColumn(format="localized")}
    st.dataframe(rows, hide_index=True, column_config=numbers, alt="Results of the runs")


def _differences(chosen: dict[str, Item]) -> None:
    """Show the settings, those that differ first and marked."""
    settings = {label: _settings(item) for label, item in chosen.items()}
    keys = list(dict.fromkeys(key for values in settings.values() for key in values))
    differ = [k for k in keys if len({str(v.get(k, "")) for v in settings.values()}) > 1]
    if len(chosen) > 1:
        st.markdown("#### What differs")
        if not differ:
            st.caption("Nothing: the settings are the same.")
    for part, title in ((differ, ""), ([k for k in keys if k not in differ], "What is the same")):
        if not part:
            continue
        table = {"Setting": [key.replace("_", " ").replace("options.", "") for key in part]}
        for label, values in settings.items():
            table[label] = [str(values.get(key, "–")) for key in part]
        if title and len(chosen) > 1:
            with st.expander(title, icon=":material/equal:"):
                st.table(table, hide_index=True)
        else:
            st.table(table, hide_index=True)


def _settings(item: Item) -> dict[str, Any]:
    """Return a run's settings, flat."""
    if not (recipe := item.recipe):
        return {}
    values: dict[str, Any] = {"data": " + ".join(map(str, item.entry.settings.get("data", [])))}
    values |= {k: v for k, v in vars(recipe).items() if k not in ("name", "options")}
    values["normalisation"] = f"({recipe.normalisation.mean:g}, {recipe.normalisation.std:g})"
    values["augmentation"] = (
        ", ".join(f"{k} {v}" for k, v in vars(recipe.augmentation).items() if v)
        if recipe.augmentation
        else "none"
    )
    options = OPTIONS.get(recipe.architecture, {}) | recipe.options
    return values | {f"options.{k}": v for k, v in options.items()}
