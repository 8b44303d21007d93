"""Curves of trainings as Plotly figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from segcore.training.curves import axis, downsample, smooth
from segcore.training.logs import Log
from segcore.training.verdict import best_epoch

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")  # Okabe and Ito
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
AXES = {"step": "Step", "epoch": "Epoch", "time": "Minutes of training"}
NO_METRICS = ("epoch", "step", "seconds", "elapsed", "pictures_per_second")
HEIGHT = 300  # pixels
LEGEND_LINE = 19


@dataclass(frozen=True)
class Look:
    """How curves are drawn.

    Attributes
    ----------
    unit : {"epoch", "step", "time"}
        What the x axis counts.
    smoothing : float
        Weight of what came before, 0 to below 1; see `segcore.training.curves.smooth`.
    logarithmic : bool
        Of the y axis.
    """

    unit: str = "epoch"
    smoothing: float = 0.0
    logarithmic: bool = False


def metrics(log: Log) -> list[str]:
    """Return the names of a log's metrics without ``val_``, the loss first."""
    names = dict.fromkeys(
        name.removeprefix("val_")
        for table in (log.epochs, log.steps)
        for name in table
        if name not in NO_METRICS
    )
    return sorted(names, key=lambda name: (name != "loss", name != "mean_iou", name))


def title(metric: str) -> str:
    """Return a metric's name for people."""
    return {"mean_iou": "Mean IoU"}.get(metric, metric.replace("_", " ").capitalize())


def curves(logs: Mapping[str, Log], metric: str, look: Look = Look(), of: str = "") -> go.Figure:
    """Draw a metric of one run or of several.

    Parameters
    ----------
    logs : mapping of str to Log
        By the name to show. One run: training and validation in two colours and a star at
        the best epoch. Several: a colour and a dash each; validation where there is one.
    metric : str
        A column of the epochs or steps, also found as ``val_`` and that.
    look : Look
    of : str
        Tells apart what is drawn: a zoom stays while this and the axes do.

    Returns
    -------
    plotly.graph_objects.Figure
        Its lines have at most `segcore.training.curves.POINTS` points.
    """
    figure = go.Figure()
    single = len(logs) == 1
    for i, (name, log) in enumerate(logs.items()):
        parts = [("", "Training"), ("val_", "Validation")]
        if not single and f"val_{metric}" in log.epochs:
            parts = parts[1:]
        if single and metric in log.steps and look.unit != "epoch":
            _line(figure, log, "steps", metric, look, "Each step", COLOURS[4], "dot", width=1)
        for j, (prefix, part) in enumerate(parts):
            kind = "epochs" if prefix + metric in log.epochs else "steps"
            number = j if single else i
            _line(
                figure,
                log,
                kind,
                prefix + metric,
                look,
                part if single else name,
                COLOURS[number % len(COLOURS)],
                DASHES[(1 - j if single else i) % len(DASHES)],
            )
        if single:
            _mark_best(figure, log, f"val_{metric}", look)
    figure.update_layout(
        title={"text": title(metric), "font": {"size": 16}},
        height=HEIGHT + LEGEND_LINE * (0 if single else len(logs)),
        margin={"l": 8, "r": 8, "t": 36, "b": 56 + LEGEND_LINE * (1 if single else len(logs))},
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0},
        hovermode="x unified" if single else "closest",
        uirevision=f"{of} {metric} {look.unit} {look.logarithmic}",
        xaxis={"title": {"text": AXES[look.unit]}, "rangemode": "tozero"},
        yaxis={"type": "log" if look.logarithmic else "linear", "tickformat": "~g"},
    )
    return figure


def _places(log: Log, kind: str, unit: str) -> np.ndarray:
    places = axis(log, kind, unit)
    return places / 60 if unit == "time" else places


def _line(
    figure: go.Figure,
    log: Log,
    kind: str,
    column: str,
    look: Look,
    name: str,
    colour: str,
    dash: str,
    width: float = 2.5,
) -> None:
    table = log.epochs if kind == "epochs" else log.steps
    if column not in table:
        return
    x, y = downsample(_places(log, kind, look.unit), smooth(table[column], look.smoothing))
    figure.add_scatter(
        x=x,
        y=y,
        name=name,
        mode="lines" if len(x) > 1 else "markers",
        line={"color": colour, "dash": dash, "width": width},
        hovertemplate="%{y:.4f}",
    )


def _mark_best(figure: go.Figure, log: Log, column: str, look: Look) -> None:
    best = best_epoch(log)
    if best is None or column not in log.epochs:
        return
    row = int(np.flatnonzero(log.epochs["epoch"] == best)[0])
    value = float(smooth(log.epochs[column], look.smoothing)[row])
    figure.add_scatter(
        x=[_places(log, "epochs", look.unit)[row]],
        y=[value],
        name=f"Best epoch, {best}",
        mode="markers",
        marker={"symbol": "star", "size": 13, "color": COLOURS[5]},
        hovertemplate="%{y:.4f}",
    )
