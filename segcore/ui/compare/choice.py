"""Which model answers each of the three tasks."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from segcore.inference.zoo import Card
from segcore.labels import ClassMap, Instances
from segcore.scenes.components import components
from segcore.ui.compare import results
from segcore.ui.pictures import Picture

COMPONENTS = "connected parts"
MERGED = "merge of both"
TITLES = {
    COMPONENTS: "No network: connected parts of the semantic result",
    MERGED: "No network: the semantic and the instance result, merged",
}


@dataclass(frozen=True)
class Choice:
    """The models.

    Attributes
    ----------
    semantic : Card
    instance : Card or None
        None: the connected parts of the semantic result.
    panoptic : Card or None
        None: the merge of the other two.
    """

    semantic: Card
    instance: Card | None
    panoptic: Card | None


@dataclass(frozen=True)
class Answers:
    """What the networks said, before any threshold.

    Attributes
    ----------
    semantic : ClassMap
    instances : Instances
    stuff, things : ClassMap, Instances
        What the panoptic result is merged of.
    """

    semantic: ClassMap
    instances: Instances
    stuff: ClassMap
    things: Instances


def pick() -> Choice | None:
    """Show the three pickers; None, with a sentence, if there is no model for scenes."""
    semantic = results.models("semantic")
    if not semantic:
        st.error(
            "There is no model for scenes in weights/ that can be used; fetch the repository "
            "again, or train one.",
            icon=":material/error:",
        )
        return None
    instance, panoptic = results.models("instance"), results.models("panoptic")
    left, middle, right = st.columns(3)
    with left:
        first = _picker("Semantic model", "semantic", dict(semantic))
    with middle:
        second = _picker("Instance model", "instance", {**instance, COMPONENTS: None})
    with right:
        third = _picker("Panoptic model", "panoptic", {MERGED: None, **panoptic})
    return Choice(semantic[first], instance.get(second), panoptic.get(third))


def answers(picture: Picture, choice: Choice, device: str) -> Answers:
    """Run what has not run yet for this picture; raises as `results.semantic`."""
    semantic = results.semantic(picture, choice.semantic, device)
    if choice.instance:
        instances = results.instances(picture, choice.instance, device)
    else:
        instances = components(semantic)
    if not choice.panoptic:
        return Answers(semantic, instances, semantic, instances)
    stuff, things = semantic, instances
    if choice.panoptic != choice.semantic:
        stuff = results.semantic(picture, choice.panoptic, device)
    if choice.panoptic != choice.instance:
        things = results.instances(picture, choice.panoptic, device)
    return Answers(semantic, instances, stuff, things)


def _picker(label: str, key: str, options: dict[str, Card | None]) -> str:
    with st.container(gap="xxsmall"):
        name = st.selectbox(label, list(options), key=key, bind="query-params")
        card = options[name]
        st.caption(card.title if card else TITLES[name])
    return name
