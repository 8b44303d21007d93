"""What each method finds in a picture: computed once, kept small, scored when shown."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from segcore import images
from segcore.inference import zoo
from segcore.inference.predictor import segment
from segcore.techniques import FAMILIES, Prompts, methods, run, score
from segcore.techniques.families import DEEP
from segcore.techniques.types import Value
from segcore.ui.techniques import settings
from segcore.ui.techniques.ground import Ground

MODEL = "model:"
_at_once = threading.BoundedSemaphore(2)  # other visitors' clicks need the processor too
_WITH_PROMPTS = ("growing", "grabcut")


@dataclass(frozen=True)
class Finding:
    """A method's result, about 100 KB.

    Attributes
    ----------
    mask_png : bytes
        At working size.
    seconds : float
        When it was computed; since then it is remembered.
    steps : tuple of (title, PNG)
    histogram : (256,) int64 or None
        Of the channel that was thresholded.
    thresholds : tuple of float
    problem : str
        Why there is no result, empty if there is one.
    """

    mask_png: bytes = b""
    seconds: float = 0.0
    steps: tuple[tuple[str, bytes], ...] = ()
    histogram: NDArray[np.int64] | None = None
    thresholds: tuple[float, ...] = ()
    problem: str = ""

    def mask(self) -> NDArray[np.bool_]:
        """Return the (h, w) bool mask at working size."""
        return np.asarray(Image.open(io.BytesIO(self.mask_png))) > 127


def all_names() -> list[str]:
    """Return the names of all methods: the classical ones, then ``model:NAME`` of the zoo."""
    return [*methods(), *(MODEL + name for name in zoo.names_for("binary"))]


def title(name: str) -> str:
    """Return a method's name for people."""
    if name in methods():
        return methods()[name].title
    try:
        return zoo.card(name.removeprefix(MODEL)).title
    except zoo.ModelUnavailable:
        return name.removeprefix(MODEL)


def family(name: str) -> str:
    """Return a method's family."""
    return methods()[name].family if name in methods() else DEEP


def families() -> list[str]:
    """Return all families in their order."""
    return [*FAMILIES, DEEP]


def points_at(name: str) -> bool:
    """Say whether seeds or box change what a method finds now."""
    if name not in methods():
        return False
    pick = (methods()[name].defaults() | settings.values(name)).get("pick")
    return name in _WITH_PROMPTS or pick in ("box", "seeds")


def find(name: str, ground: Ground, device: str) -> Finding:
    """Run a method with its parameters as set; a repeated call answers from the cache."""
    pointed = settings.prompts(ground.prompts) if points_at(name) else None
    chosen = settings.values(name) if name in methods() else {}
    remember = _shared if ground.sample else _private
    model = _fingerprint(name)
    return remember(
        ground.key,
        name,
        model,
        device if model else "",
        tuple(sorted(chosen.items())),
        pointed,
        ground,
    )


def find_all(names: Iterable[str], ground: Ground, device: str) -> dict[str, Finding]:
    """Run several methods under a progress bar."""
    names = list(names)
    found = {}
    bar = st.empty()
    began = perf_counter()
    for i, name in enumerate(names):
        if perf_counter() - began > 0.3:  # what is remembered needs no bar
            bar.progress(i / len(names), f"{title(name)} ({i + 1} of {len(names)})")
        found[name] = find(name, ground, device)
    bar.empty()
    return found


def iou(finding: Finding, ground: Ground) -> float | None:
    """Return the IoU with the truth, None where there is none."""
    if ground.truth is None or finding.problem:
        return None
    return score(finding.mask(), ground.truth)


def _fingerprint(name: str) -> str:
    if name in methods():
        return ""
    try:
        return zoo.card(name.removeprefix(MODEL)).fingerprint
    except zoo.ModelUnavailable:
        return "unavailable"


@st.cache_data(show_spinner=False, max_entries=256)
def _shared(
    key: str,
    name: str,
    model: str,
    device: str,
    chosen: tuple[tuple[str, Value], ...],
    pointed: Prompts | None,
    _ground: Ground,
) -> Finding:
    return _compute(name, device, dict(chosen), pointed, _ground)


@st.cache_data(show_spinner=False, max_entries=64, scope="session")
def _private(
    key: str,
    name: str,
    model: str,
    device: str,
    chosen: tuple[tuple[str, Value], ...],
    pointed: Prompts | None,
    _ground: Ground,
) -> Finding:
    return _compute(name, device, dict(chosen), pointed, _ground)


def _compute(
    name: str, device: str, chosen: dict[str, Value], pointed: Prompts | None, ground: Ground
) -> Finding:
    picture = ground.picture()
    with _at_once:
        if name not in methods():
            return _by_model(name, device, picture)
        factors = (picture.shape[1] / ground.size[1], picture.shape[0] / ground.size[0])
        result = run(name, picture, (pointed or ground.prompts).scaled(*factors), chosen)
    answer = result.answer
    histogram = None
    if answer.channel is not None:
        histogram = np.bincount(answer.channel.ravel(), minlength=256)
    steps = tuple((step.title, images.encode_png(step.picture)) for step in answer.steps)
    return Finding(
        images.encode_png(answer.mask), result.seconds, steps, histogram, answer.thresholds
    )


def _by_model(name: str, device: str, picture: NDArray[np.uint8]) -> Finding:
    try:
        card = zoo.card(name.removeprefix(MODEL))
        result = segment(picture, card, device=device)
    except zoo.ModelUnavailable as error:
        return Finding(problem=str(error))
    seconds = sum(value for stage, value in result.seconds.items() if stage != "load model")
    steps = (("Probability", images.encode_png(result.probability())),)
    return Finding(images.encode_png(result.mask()), seconds, steps)
