"""Figures below the views: what the rules dropped, and how good the results are."""

from __future__ import annotations

import math

import streamlit as st

from segcore.labels import ClassMap, Instances, Panoptic
from segcore.scenes import scoring
from segcore.scenes.merge import Change, Changes
from segcore.scenes.truth import Truth
from segcore.ui.compare.payload import percent


def changes(dropped: Changes, shape: tuple[int, int]) -> None:
    """Say what each rule of the merge took away."""
    st.markdown(f":material/rule: **What changed:** {changes_text(dropped, shape)}")


def changes_text(dropped: Changes, shape: tuple[int, int]) -> str:
    """Return the line: objects and pixels by rule.

    Examples
    --------
    >>> none = Change(0, 0)
    >>> changes_text(Changes(Change(1, 12), none, none, none, none), (10, 20))
    'the score threshold dropped 1 object (12 pixels, 6.0 %).'
    """
    rules = (
        (dropped.score, "the score threshold dropped {} object{s}"),
        (dropped.overlap, "the overlap threshold dropped {} object{s}"),
        (dropped.trimmed, "{} object{s} lost pixels to better ones"),
        (dropped.stuff, "the minimum area dropped {} kind{s} of stuff"),
        (dropped.unclaimed, "{} class{es} of things had pixels that no object claimed"),
    )
    parts = [_change(change, text, shape) for change, text in rules if change.pixels]
    return "; ".join(parts) + "." if parts else "no rule dropped anything."


def _change(change: Change, text: str, shape: tuple[int, int]) -> str:
    many = change.objects != 1
    words = text.format(change.objects, s="s" * many, es="es" * many)
    part = percent(change.pixels / (shape[0] * shape[1]))
    return f"{words} ({change.pixels:,} pixels, {part})"


def quality(truth: Truth, semantic: ClassMap, instances: Instances, panoptic: Panoptic) -> None:
    """Show the figures of this picture against what people labelled."""
    figures = scoring.quality(truth, semantic, instances, panoptic)
    counts = figures.panoptic
    with st.container(horizontal=True, gap="medium"):
        st.metric("Semantic: mIoU", _figure(figures.miou), width="content")
        st.metric("Instance: AP50", _figure(figures.ap50), width="content")
        if counts:
            st.metric("Panoptic: PQ = SQ × RQ", _figure(counts.pq), width="content")
            st.metric("SQ, mean IoU of the matches", _figure(counts.sq), width="content")
            st.metric(
                f"RQ: {counts.tp} matched, {counts.fp} false, {counts.fn} missed",
                _figure(counts.rq),
                width="content",
            )
    st.caption(
        "Of this picture alone, at the size the networks work on; PQ is of all segments together."
    )


def _figure(value: float | None) -> str:
    return "not defined" if value is None or math.isnan(value) else f"{value:.3f}"
