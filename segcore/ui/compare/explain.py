"""The page's words: what each task answers, and what it leaves open."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from segcore.labels import UNLABELLED, ClassMap, Instances


@dataclass(frozen=True)
class Words:
    """What is said of a view.

    Attributes
    ----------
    title : str
    note : str
        Below it; ``{unlabelled}`` is the part of the picture without a label.
    nothing : str
        Of an unlabelled pixel.
    """

    title: str
    note: str
    nothing: str


VIEWS = {
    "semantic": Words(
        "Semantic",
        "A class for every pixel; objects of one class flow together.",
        "no class",
    ),
    "instance": Words(
        "Instance",
        "{unlabelled} of the pixels belong to no object and stay unlabelled.",
        "no object, unlabelled",
    ),
    "panoptic": Words(
        "Panoptic",
        "A class for every pixel and a number for every object; {unlabelled} unlabelled.",
        "unlabelled",
    ),
    "truth": Words(
        "Ground truth",
        "What people labelled; {unlabelled} of the pixels they left out.",
        "not labelled by people",
    ),
    "errors": Words(
        "Errors of the panoptic result",
        "Yellow: missed object. Blue: false object. Orange: other class or object. Grey: not "
        "labelled. What is right ({unlabelled}) has no colour.",
        "right",
    ),
}

TASKS = {
    "Semantic segmentation": "It answers which class each pixel belongs to, sky and road as "
    "well as dog. It cannot say how many dogs there are: two that touch are one region.",
    "Instance segmentation": "It answers which pixels belong to which countable object, each with "
    "a score, and masks may overlap. Whatever cannot be counted, such as sky, water or a wall, "
    "stays unlabelled.",
    "Panoptic segmentation": "It answers both at once: every pixel has one class and, if it "
    "belongs to an object, that object's number. Nothing may overlap, so objects compete for "
    "pixels and some lose.",
}


def tasks() -> None:
    """Show two sentences on each task."""
    for column, (title, text) in zip(st.columns(3), TASKS.items(), strict=True):
        column.markdown(f"**{title}**")
        column.markdown(text)


def known(semantic: ClassMap, instances: Instances, score: float) -> None:
    """Say so if there is no object in the picture that the models know."""
    if any(thing.score >= score for thing in instances.objects):
        return
    st.info(no_object(semantic, instances, score), icon=":material/search_off:")


def no_object(semantic: ClassMap, instances: Instances, score: float) -> str:
    """Return the sentence on a picture in which no object reaches the score."""
    best = max(instances.objects, key=lambda thing: thing.score, default=None)
    if best:
        return (
            f"No object reaches the score {score:.2f}; the best is a {best.label} with "
            f"{best.score:.2f}: lower the score threshold to see it."
        )
    names = semantic.class_set.names
    seen = [names[i] for i in sorted(set(semantic.classes.ravel().tolist()) - {UNLABELLED})]
    stuff = f" It shows {', '.join(seen)}." if seen else ""
    return f"There is no object in this picture that the models know.{stuff}"
