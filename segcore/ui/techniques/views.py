"""The three ways to look: a few side by side, one large, all of them small."""

from __future__ import annotations

from math import floor

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from segcore import images, render
from segcore.exporters.pictures import file_name
from segcore.techniques import methods
from segcore.ui.embedded import embedded_picture
from segcore.ui.techniques import findings, networks, pointing, scores, settings, sheet
from segcore.ui.techniques.finding import Finding
from segcore.ui.techniques.ground import Ground
from segcore.ui.text import plain

TRUTH = (230, 120, 0)
FEWEST, MOST = 2, 6
DEFAULTS = ["otsu", "watershed", "canny", "felzenszwalb"]


def drawn(ground: Ground, finding: Finding) -> NDArray[np.uint8]:
    """Return the picture with the mask laid over it, and the truth as an orange line."""
    picture = ground.picture()
    if not finding.problem:
        picture = render.overlay(picture, finding.mask(), opacity=0.55)
    if ground.truth is not None:
        picture = render.outline(picture, ground.truth, TRUTH, 1)
    return picture


def facts(finding: Finding, ground: Ground) -> str:
    """Return IoU and time in words."""
    if finding.problem:
        return finding.problem
    score = findings.iou(finding, ground)
    time = f"{1000 * finding.seconds:.0f} ms"
    if score is None:
        return time
    return f"IoU {score:.3f} · {time}" if score == score else f"IoU undefined (0/0) · {time}"


def tiles(found: dict[str, Finding], ground: Ground, width: int) -> None:
    """Show a tile a method, as many in a row as fit."""
    with st.container(horizontal=True, gap="small", key="techniques-tiles"):
        for name, finding in found.items():
            with st.container(width=width, gap="xxsmall"):
                title, text = findings.title(name), facts(finding, ground)
                small = images.fit(drawn(ground, finding), 2 * width)
                embedded_picture(small, f"{title}: {text}")
                st.button(
                    f"**{plain(title)}**",
                    key=f"techniques-open-{name}",
                    type="tertiary",
                    on_click=_open,
                    args=(name,),
                    help="Show it large, with its parameters and steps",
                )
                st.caption(plain(text))


def _open(name: str) -> None:
    settings.put("view", "one")
    settings.put("method", name)


def legend(ground: Ground) -> None:
    """Say what the colours mean."""
    truth = " The truth is outlined in :orange[**orange**]." if ground.truth is not None else ""
    st.caption(f"What a method takes for the object is :green[**green**].{truth}")


# === Side by side ===


def side_by_side(ground: Ground, device: str) -> None:
    """Show two to six methods with their times, and their scores."""
    known = findings.all_names()
    asked = dict.fromkeys(settings.get("methods", "").split(" "))
    chosen = [name for name in asked if name in known][:MOST]
    chosen = settings.bound(
        st.multiselect,
        f"Methods, {FEWEST} to {MOST}",
        "methods",
        chosen or DEFAULTS,
        lambda names: " ".join(names) if names and names != DEFAULTS else None,
        options=known,
        format_func=findings.title,
        max_selections=MOST,
    )
    if len(chosen) < FEWEST:
        st.info(f"Choose at least {FEWEST} methods to compare.", icon=":material/compare:")
    _compared(chosen, ground, device, 470 if len(chosen) < 5 else 310)


def everything(ground: Ground, device: str) -> None:
    """Show all methods small, with their parameters as set, and the table of all."""
    with st.container(horizontal=True, vertical_alignment="center"):
        changed = [name for name in findings.all_names() if settings.values(name)]
        st.button(
            "All with defaults",
            icon=":material/restart_alt:",
            on_click=settings.to_defaults,
            args=tuple(changed),
            disabled=not changed,
            help="Take every method's parameters back",
        )
        names = ", ".join(findings.title(name) for name in changed)
        st.caption(
            f"Changed by you: {plain(names)}" if changed else "Every method has its defaults."
        )
    _compared(findings.all_names(), ground, device, 180)


def _compared(names: list[str], ground: Ground, device: str, width: int) -> None:
    found = findings.find_all(names, ground, device)
    legend(ground)
    tiles(found, ground, width)
    scores.show(found, ground)
    stem = file_name(ground.name, "mask").rsplit("_mask", 1)[0].rsplit(".", 1)[0]
    with st.container(horizontal=True):
        st.download_button(
            "Comparison as PNG",
            lambda: sheet.draw(
                [(findings.title(n), facts(f, ground), drawn(ground, f)) for n, f in found.items()]
            ),
            f"{stem}_techniques.png",
            "image/png",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "Table as CSV",
            lambda: scores.to_csv(found, ground),
            f"{stem}_techniques.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )


# === One method ===


@st.fragment
def one(ground: Ground, device: str) -> None:
    """Show one method large with its parameters and steps; only this part runs anew with them."""
    known = findings.all_names()
    chosen = settings.get("method", "watershed")
    stage, panel = st.columns([5, 2], gap="medium")
    with panel:
        chosen = settings.bound(
            st.selectbox,
            "Method",
            "method",
            chosen if chosen in known else "watershed",
            lambda name: None if name == "watershed" else name,
            options=known,
            format_func=lambda name: f"{findings.title(name)} · {findings.family(name)}",
        )
        _parameters(chosen)
    with stage:
        if findings.points_at(chosen):
            pointing.edit(ground)
        with st.spinner(f"{findings.title(chosen)} is at work", show_time=True):
            finding = findings.find(chosen, ground, device)
        if finding.problem:
            st.error(plain(finding.problem), icon=":material/error:")
            return
        text = facts(finding, ground)
        embedded_picture(drawn(ground, finding), f"{findings.title(chosen)}: {text}")
        legend(ground)
    with panel:
        st.metric(
            "Result",
            text.split(" · ")[0],
            text.split(" · ")[1] if " · " in text else None,
            delta_color="off",
            delta_arrow="off",
        )
        if finding.device:
            st.caption(f"Computed on {plain(finding.device)}")
        st.download_button(
            "Mask as PNG, full size",
            lambda: images.encode_png(images.resize_mask(finding.mask(), ground.size)),
            file_name(ground.name, "mask"),
            "image/png",
            icon=":material/download:",
            on_click="ignore",
            width="stretch",
        )
    _steps(finding)


def _parameters(name: str) -> None:
    known = methods().get(name)
    st.caption(known.sentence if known else networks.KINDS[networks.task(name)])
    if not settings.parameters(name):
        return
    for parameter in settings.parameters(name):
        settings.control(name, parameter)
    st.button(
        "Defaults",
        icon=":material/restart_alt:",
        on_click=settings.to_defaults,
        args=(name,),
        disabled=not settings.values(name),
        key="techniques-defaults",
    )


def _steps(finding: Finding) -> None:
    st.subheader("Step by step", anchor=False)
    if finding.histogram is not None:
        st.plotly_chart(
            histogram(finding),
            config={"displayModeBar": False},
            key="techniques-histogram",
            alt="Histogram of the channel"
            + "".join(f", a threshold at {value:.4g}" for value in finding.thresholds),
        )
    with st.container(horizontal=True, gap="small", key="techniques-steps"):
        for number, (title, png) in enumerate(finding.steps, 1):
            with st.container(width=300, gap="xxsmall"):
                embedded_picture(png, title)
                st.caption(f"{number}. {title}")


def histogram(finding: Finding) -> go.Figure:
    """Draw how many pixels have each value, and the thresholds."""
    figure = go.Figure(go.Bar(y=finding.histogram, marker_color="#56b4e9", marker_line_width=0))
    for value in finding.thresholds:
        figure.add_vline(
            floor(value) + 0.5,  # what is above lies right of it
            line={"color": "#d55e00", "width": 2},
            annotation_text=f"{value:.4g}",
        )
    figure.update_layout(
        height=220,
        bargap=0,
        margin={"l": 8, "r": 8, "t": 20, "b": 8},
        xaxis={"title": {"text": "Value of the channel"}, "range": [-0.5, 255.5]},
        yaxis={"title": {"text": "Pixels"}},
    )
    return figure
