"""The views, the sliders over them and what they say: all that reruns without a network."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import streamlit as st
from PIL import Image

from segcore import images
from segcore.labels import ClassMap, Instances
from segcore.scenes.assembly import STUFF_AREA
from segcore.scenes.drawing import LOOKS
from segcore.scenes.error_layer import error_layer
from segcore.scenes.errors import error_map
from segcore.scenes.layers import (
    Layer,
    instance_layer,
    panoptic_layer,
    same_numbers,
    semantic_layer,
    truth_layer,
)
from segcore.scenes.legend import legend
from segcore.scenes.merge import Merged, merge
from segcore.scenes.scaling import scaled
from segcore.scenes.truth import Truth
from segcore.ui.compare import downloads, explain, figures, ladder
from segcore.ui.compare.choice import Answers
from segcore.ui.compare.payload import View, payload, percent, summary
from segcore.ui.compare.viewer import viewer

ISOLATED = "isolate"  # the parameter of the address
_SHOWN = "compare shown"


@dataclass(frozen=True)
class Scene:
    """What the page is about, with all that no slider changes worked out once.

    Attributes
    ----------
    key, name, alt : str
        Of the picture: for caches, its file's name, what it shows.
    jpeg : bytes
        The picture at viewing size.
    answers : Answers
    truth : Truth or None
        At any size.
    read : callable
        Returns the picture at its own size, (height, width, 3) uint8.
    """

    key: str
    name: str
    alt: str
    jpeg: bytes
    answers: Answers
    truth: Truth | None
    read: Callable[[], np.ndarray]

    @property
    def shape(self) -> tuple[int, int]:
        """Of the views, (h, w): that of the objects the panoptic result is merged of."""
        return self.answers.things.shape

    @cached_property
    def small(self) -> np.ndarray:
        """The picture at the ladder's size, (h, w, 3) uint8."""
        pixels = np.asarray(Image.open(io.BytesIO(self.jpeg)))
        return np.ascontiguousarray(images.fit(pixels, ladder.SIDE))

    @cached_property
    def semantic(self) -> ClassMap:
        """The semantic result at the size of the views."""
        return scaled(self.answers.semantic, self.shape)

    @cached_property
    def semantic_view(self) -> Layer:
        """The view of the semantic result."""
        return semantic_layer(self.semantic)

    @cached_property
    def scaled_truth(self) -> Truth | None:
        """The truth at the size of the views."""
        return scaled(self.truth, self.shape) if self.truth else None

    @cached_property
    def truth_view(self) -> Layer | None:
        """The view of the truth, numbered by itself."""
        truth = self.scaled_truth
        return truth_layer(truth, self.semantic.class_set) if truth else None


@st.fragment
def show(scene: Scene) -> None:
    """Show the ladder, the sliders, the views and everything below them."""
    _forget_isolated(scene.key)
    above = st.container()
    score, overlap, area = _sliders()
    answers = scene.answers
    merged = merge(answers.stuff, answers.things, score, overlap, area)
    kept = tuple(thing for thing in answers.instances.objects if thing.score >= score)
    instances = scaled(replace(answers.instances, objects=kept), scene.shape)
    with above:
        ladder.show(scene.small, answers.instances, score, scene.alt)
    explain.known(scene.semantic, answers.instances, score)
    layers = _layers(scene, instances, merged)
    look, names = _look()
    views = _views(scene, layers)
    viewer(
        payload(
            scene.key,
            scene.jpeg,
            scene.shape,
            views,
            legend({k: v for k, v in layers.items() if k != "errors"}, scene.semantic.class_set),
            look=look,
            names=names,
            isolated=st.query_params.get(ISOLATED, ""),
        ),
        isolate,
    )
    figures.changes(merged.changes, scene.shape)
    if scene.scaled_truth:
        figures.quality(scene.scaled_truth, scene.semantic, instances, merged.panoptic)
    downloads.show(
        downloads.Bundle(
            scene.name, scene.read, scene.semantic, instances, merged.panoptic, layers, look, names
        )
    )


def isolate(key: str) -> None:
    """Put the row that is shown alone into the address; empty for none."""
    if key:
        st.query_params[ISOLATED] = key
    else:
        st.query_params.pop(ISOLATED, None)


def _forget_isolated(key: str) -> None:
    """Take the row out of the address when another picture is shown."""
    if st.session_state.get(_SHOWN, key) != key:
        isolate("")
    st.session_state[_SHOWN] = key


def _sliders() -> tuple[float, float, float]:
    with st.container(horizontal=True, gap="medium"):
        score = _slider("Score threshold", "score", 0.3, "Objects with a lower score are dropped.")
        overlap = _slider(
            "Overlap threshold",
            "overlap",
            0.5,
            "In the panoptic result each pixel belongs to one segment. Objects with higher scores "
            "come first; one of which more than this part is taken already is dropped.",
        )
        area = st.slider(
            "Minimum area of stuff, % of the picture",
            0.0,
            10.0,
            100 * STUFF_AREA,
            0.5,
            key="area",
            bind="query-params",
            help="Stuff with fewer pixels is left unlabelled in the panoptic result.",
        )
    return score, overlap, area / 100


def _slider(label: str, key: str, default: float, words: str) -> float:
    return st.slider(label, 0.0, 1.0, default, 0.05, key=key, bind="query-params", help=words)


def _look() -> tuple[str, bool]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        look = st.segmented_control(
            "Show as",
            [look.capitalize() for look in LOOKS],
            default=LOOKS[0].capitalize(),
            required=True,
            key="view",
            bind="query-params",
        )
        names = st.toggle("Names", key="names", bind="query-params")
    return (look or LOOKS[0]).lower(), names


def _layers(scene: Scene, instances: Instances, merged: Merged) -> dict[str, Layer]:
    panoptic = panoptic_layer(merged.panoptic)
    layers = {
        "semantic": scene.semantic_view,
        "instance": same_numbers(instance_layer(instances), panoptic),
        "panoptic": panoptic,
    }
    if scene.scaled_truth and scene.truth_view:
        layers["truth"] = same_numbers(scene.truth_view, panoptic)
        layers["errors"] = error_layer(error_map(scene.scaled_truth, merged.panoptic))
    return layers


def _views(scene: Scene, layers: dict[str, Layer]) -> list[View]:
    views = [View("picture", "Picture", None, "", scene.alt)]
    for key, layer in layers.items():
        words = explain.VIEWS[key]
        note = words.note.format(unlabelled=percent(layer.unlabelled))
        alt = f"{scene.alt}. {words.title}: {summary(layer)}."
        views.append(View(key, words.title, layer, note, alt, words.nothing))
    return views
