"""Behind the first figures: boxes from their corners, outlines, several objects."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from segcore.comparison import MAX_OUTLINE, BoxFigures, Comparison
from segcore.ui.iou import memory
from segcore.ui.iou.results import formula, number

THRESHOLDS = [round(0.5 + 0.05 * i, 2) for i in range(10)]


def show(both: Comparison) -> None:
    """Show the tabs."""
    steps, boxes, outlines, objects = st.tabs(
        ["Step by step", "Boxes", "Outlines", "Several objects"]
    )
    with steps:
        formula(both)
    with boxes:
        _boxes(both)
    with outlines:
        _outlines(both)
    with objects:
        _objects(both)


# === Boxes ===


def _boxes(both: Comparison) -> None:
    if both.boxes is None:
        st.caption("These figures are for one box against one box; there is something else here.")
        return
    f = both.boxes
    with st.container(horizontal=True, gap="small"):
        for name, value in (("IoU", f.iou), ("GIoU", f.giou), ("DIoU", f.diou), ("CIoU", f.ciou)):
            st.metric(name, number(value), border=True, width=132)
    st.markdown(_corners(f))
    st.caption(
        "From the corners, within the picture, without pixels: for corners between pixels the "
        "IoU above differs a little. GIoU takes away the share of the box around both that "
        "neither fills (Rezatofighi et al. 2019), DIoU the squared distance of the centres over "
        "that box's squared diagonal, CIoU also a penalty for another aspect ratio (Zheng et al. "
        "2020). All three say how far apart boxes are that do not meet."
    )


def _corners(f: BoxFigures) -> str:
    a, b = f.target, f.prediction
    width, height = f.shared
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    shared = width * height
    return (
        f"1. Intersection, width: min({a[2]:g}, {b[2]:g}) − max({a[0]:g}, {b[0]:g}) = "
        f"**{width:g}**{_none(width)}\n"
        f"2. Intersection, height: min({a[3]:g}, {b[3]:g}) − max({a[1]:g}, {b[1]:g}) = "
        f"**{height:g}**{_none(height)}\n"
        f"3. Intersection: {width:g} × {height:g} = **{shared:g}**\n"
        f"4. Union: {areas[0]:g} + {areas[1]:g} − {shared:g} = **{sum(areas) - shared:g}**\n"
        f"5. IoU: {shared:g} / {sum(areas) - shared:g} = **{number(f.iou)}**"
    )


def _none(length: float) -> str:
    return "" if length else " (not above 0: they do not overlap)"


# === Outlines ===


def _outlines(both: Comparison) -> None:
    masks = both.masks
    values = {
        "Boundary IoU": number(masks.boundary_iou),
        "Hausdorff": _pixels(masks.hausdorff),
        "Hausdorff 95 %": _pixels(masks.hausdorff95),
        "Mean distance": _pixels(masks.mean_distance),
    }
    with st.container(horizontal=True, gap="small"):
        for name, text in values.items():
            st.metric(name, text, border=True, width=176)
    unit = "pixel" if masks.boundary_width == 1 else "pixels"
    st.caption(
        f"Boundary IoU (Cheng et al. 2021) looks only at pixels within {masks.boundary_width} "
        f"{unit} of each mask's own outline, 2 % of the picture's diagonal. The Hausdorff "
        "distance is the largest distance from one outline to the other, the 95 % one leaves out "
        "the farthest twentieth, the mean surface distance averages both ways; all in pixels."
    )
    if masks.hausdorff is None:
        st.caption(f"The outlines are longer than {MAX_OUTLINE:,} pixels: distances are left out.")


def _pixels(value: float | None) -> str:
    text = number(value, 2)
    return f"{text} px" if text[0].isdigit() else text


# === Several objects ===


def _objects(both: Comparison) -> None:
    key, threshold = memory.restore("match", 0.5, _threshold)
    threshold = st.select_slider(
        "IoU from which a prediction finds a target", THRESHOLDS, threshold, key=key
    )
    memory.keep("match", threshold, f"{threshold:g}" if threshold != 0.5 else None)
    matching = both.matching(threshold)
    table, figures = st.columns([3, 2], gap="medium")
    with table:
        st.dataframe(
            _rows(both, threshold),
            hide_index=True,
            width="stretch",
            alt="Which prediction goes with which target",
        )
        st.markdown(
            f"**TP** {matching.tp} · **FP** {matching.fp} · **FN** {matching.fn} → "
            f"precision {number(matching.precision, 3)}, recall {number(matching.recall, 3)}, "
            f"**F1 {number(matching.f1, 3)}**"
        )
        quality = both.panoptic
        st.markdown(
            f"**PQ = SQ × RQ**: {number(quality.sq, 3)} × {number(quality.rq, 3)} = "
            f"**{number(quality.pq, 3)}**"
        )
        st.caption(
            "Panoptic quality: the mean IoU of the matched pairs (SQ) times the F1 of the objects "
            "(RQ), matched above IoU 0.5 whatever the slider says; a pixel belongs to the object "
            "drawn last (Kirillov et al. 2019)."
        )
    with figures:
        _curve(both, threshold)


def _rows(both: Comparison, threshold: float) -> list[dict[str, str]]:
    matching = both.matching(threshold)
    rows = []
    for t, p in matching.pairs:
        rows.append(_row(f"T{t + 1}", f"P{p + 1}", both.overlaps[t, p], both.scores[p], "TP"))
    for p in matching.unmatched_predictions:
        column = both.overlaps[:, p]
        best = float(column.max()) if column.size else 0.0
        rows.append(_row("–", f"P{p + 1}", best, both.scores[p], "FP"))
    for t in matching.unmatched_targets:
        line = both.overlaps[t]
        rows.append(_row(f"T{t + 1}", "–", float(line.max()) if line.size else 0.0, None, "FN"))
    return rows


def _row(
    target: str, prediction: str, iou: float, score: float | None, kind: str
) -> dict[str, str]:
    names = {"TP": "TP, found", "FP": "FP, made up", "FN": "FN, missed"}
    return {
        "Target": target,
        "Prediction": prediction,
        "Best IoU": f"{iou:.3f}",
        "Score": "" if score is None else f"{score:.2f}",
        "Counts as": names[kind],
    }


def _curve(both: Comparison, threshold: float) -> None:
    if not len(both.overlaps):
        st.caption("Without a target there is no recall, and no average precision.")
        return
    curve = both.curve(threshold)
    figure = go.Figure()
    figure.add_scatter(
        x=[i / 100 for i in range(101)],
        y=curve.interpolated,
        mode="lines",
        line={"shape": "vh", "width": 2, "color": "#0072b2"},
        fill="tozeroy",
        fillcolor="rgba(0, 114, 178, 0.15)",
        name="interpolated",
        hovertemplate="recall %{x:.2f}, precision %{y:.3f}<extra></extra>",
    )
    figure.add_scatter(
        x=curve.recall,
        y=curve.precision,
        mode="markers",
        marker={"size": 10, "symbol": "diamond", "color": "#d62839"},
        name="after each prediction",
        customdata=curve.scores,
        hovertemplate="score %{customdata:.2f}: recall %{x:.2f}, precision %{y:.3f}<extra></extra>",
    )
    figure.update_layout(
        height=260,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        showlegend=False,
        xaxis={"title": "Recall", "range": [-0.02, 1.05]},
        yaxis={"title": "Precision", "range": [0, 1.08]},
    )
    text = f"Precision against recall at IoU {threshold:g}; average precision {curve.ap:.3f}"
    st.plotly_chart(figure, width="stretch", alt=text, config={"displayModeBar": False})
    all_ = both.average_precision
    st.markdown(
        f"**AP at IoU {threshold:g}: {number(curve.ap, 3)}** · COCO's AP, mean over 0.50 to 0.95: "
        f"{number(all_['ap'], 3)}"
    )


def _threshold(text: str) -> float:
    value = float(text)
    if value not in THRESHOLDS:
        raise ValueError(text)
    return value
