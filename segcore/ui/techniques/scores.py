"""The score table, its chart and its CSV file."""

from __future__ import annotations

import csv
import io

import plotly.graph_objects as go
import streamlit as st

from segcore.charts import COLOURS
from segcore.ui.techniques import findings
from segcore.ui.techniques.finding import Finding
from segcore.ui.techniques.ground import Ground
from segcore.ui.text import plain

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "star", "cross")  # of the families
PATTERNS = ("", "/", "x", ".", "-", "+")
COLUMNS = ("Method", "Family", "IoU", "Time, ms", "Foreground, %")


def rows(found: dict[str, Finding], ground: Ground) -> list[dict]:
    """Return a row for each method: IoU None without truth, all None without a result."""
    result = []
    for name, finding in found.items():
        broken = bool(finding.problem)
        values = (
            findings.title(name),
            findings.family(name),
            findings.iou(finding, ground),
            None if broken else round(1000 * finding.seconds, 1),
            None if broken else round(100 * float(finding.mask().mean()), 2),
        )
        result.append(dict(zip(COLUMNS, values, strict=True)))
    return result


def show(found: dict[str, Finding], ground: Ground) -> None:
    """Show the table, sortable by a click on a column, and beside it the chart."""
    table = rows(found, ground)
    scored = ground.truth is not None
    if scored:
        table.sort(key=lambda row: -(row["IoU"] if row["IoU"] is not None else -1))
    st.subheader("Scores" if scored else "Times", anchor=False)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.dataframe(
            table,
            hide_index=True,
            width="stretch",
            height=min(38 + 35 * len(table), 880),
            column_order=[c for c in COLUMNS if scored or c != "IoU"],
            column_config={
                "IoU": st.column_config.ProgressColumn(
                    "IoU", min_value=0.0, max_value=1.0, format="%.3f"
                ),
                "Time, ms": st.column_config.NumberColumn(format="%.0f"),
                "Foreground, %": st.column_config.NumberColumn(format="%.1f"),
            },
            alt="Methods with IoU, time and share of the foreground",
        )
        devices = sorted({finding.device for finding in found.values() if finding.device})
        networks = f" Networks ran on {plain(', '.join(devices))}." if devices else ""
        st.caption(
            "Press a column's name to sort. Times are of the computation at working size, on "
            f"this server, when it was made; since then it is remembered.{networks}"
        )
    with right:
        st.plotly_chart(
            chart(table, scored),
            config={"displayModeBar": False},
            key="techniques-chart",
            alt=_alt(table, scored),
        )


def _alt(table: list[dict], scored: bool) -> str:
    if not scored:
        return "Time of each method"
    best = next((row for row in table if row["IoU"] is not None), None)
    text = "IoU against time"
    return f"{text}; best is {best['Method']} with {best['IoU']:.3f}" if best else text


def chart(table: list[dict], scored: bool) -> go.Figure:
    """Draw IoU over time, a point a method; without a truth the times as bars."""
    figure = go.Figure()
    looks = zip(COLOURS, SYMBOLS, PATTERNS, findings.families(), strict=True)
    for colour, symbol, pattern, family in looks:
        part = [r for r in table if r["Family"] == family and r["Time, ms"] is not None]
        if not part:
            continue
        times, names = [max(row["Time, ms"], 0.1) for row in part], [row["Method"] for row in part]
        if scored:
            figure.add_scatter(
                x=times,
                y=[row["IoU"] for row in part],
                text=names,
                mode="markers",
                marker={"color": colour, "symbol": symbol, "size": 12},
                name=family,
                hovertemplate=f"%{{text}}<br>{family}<br>"
                "IoU %{y:.3f}<br>%{x:.0f} ms<extra></extra>",
            )
        else:
            figure.add_bar(
                x=times,
                y=names,
                orientation="h",
                marker={"color": colour, "pattern": {"shape": pattern}},
                name=family,
            )
    figure.update_layout(
        height=max(320, 24 * len(table)) if not scored else 420,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "y": -0.2, "x": 0},
        xaxis={"type": "log", "dtick": 1, "title": {"text": "Time, ms"}},
        yaxis={"title": {"text": "IoU"}, "range": [-0.03, 1.03]} if scored else {},
    )
    return figure


def to_csv(found: dict[str, Finding], ground: Ground) -> bytes:
    """Return the table as a CSV file with IoU to four digits."""
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows(found, ground):
        score = row["IoU"]
        writer.writerow(row | {"IoU": "" if score is None else f"{score:.4f}"})
    return file.getvalue().encode()
