"""The models of the zoo as methods of the bench, by what they were trained for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from time import perf_counter

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from segcore import images
from segcore.class_sets import SCENES
from segcore.inference import zoo
from segcore.inference.foreground import THINGS, foreground, regions
from segcore.inference.predictor import segment
from segcore.inference.zoo import Card
from segcore.labels import ClassMap, Instances, Panoptic
from segcore.techniques import Choice, Prompts
from segcore.techniques.channels import coloured
from segcore.techniques.families import DEEP, INTERACTIVE
from segcore.techniques.types import Parameter, Value
from segcore.ui.techniques.finding import Finding

MODEL = "model:"
_ENCODED = "techniques encoded for seeds"
SCENE_TASKS = ("panoptic", "instance", "semantic")
KINDS = {
    "binary": "A trained network, foreground against background: nothing to set here.",
    "semantic": "A trained network that gives each pixel one of 31 classes.",
    "instance": "A trained network that finds objects of 21 classes, each with its mask.",
    "panoptic": "A trained network that gives each pixel an object or a kind of stuff.",
    "prompt": "A trained network that is told where to look; the view Interactive lets you click.",
}
FOREGROUND = Choice(
    "foreground",
    "Foreground",
    THINGS,
    {THINGS: "All things"} | {name: name.capitalize() for name in SCENES.names},
    "The network names what it finds; which of it is the object is a choice of its own.",
)
PROMPT = Choice(
    "prompt",
    "Prompt",
    "each",
    {
        "each": "An object at each seed",
        "seeds": "All seeds on one object",
        "box": "The box",
        "both": "The box and the seeds",
    },
    "What the network is told of seeds and box.",
)


def card(name: str) -> Card | None:
    """Return the card behind ``model:NAME``, None if it cannot be read."""
    try:
        return zoo.card(name.removeprefix(MODEL))
    except zoo.ModelUnavailable:
        return None


def task(name: str) -> str:
    """Return what a model is used for here, one of `KINDS`."""
    known = card(name)
    if known is None:
        return "binary"
    return next((t for t in ("prompt", *SCENE_TASKS) if t in known.tasks), "binary")


def family(name: str) -> str:
    """Return a model's family."""
    return INTERACTIVE if task(name) == "prompt" else DEEP


def parameters(name: str) -> tuple[Parameter, ...]:
    """Return what can be set of a model."""
    what = task(name)
    if what == "prompt":
        return (PROMPT,)
    return (FOREGROUND,) if what in SCENE_TASKS else ()


def find(
    name: str,
    device: str,
    picture: NDArray[np.uint8],
    values: Mapping[str, Value],
    prompts: Prompts,
) -> Finding:
    """Run a model.

    Parameters
    ----------
    name : str
        ``model:NAME``.
    device : str
    picture : (h, w, 3) uint8
    values : mapping
        Of its `parameters`, where they are not the default.
    prompts : Prompts
        In pixels of `picture`.

    Raises
    ------
    ModelUnavailable
        If it cannot be loaded or fails on this picture.
    """
    chosen = {p.name: p.default for p in parameters(name)} | dict(values)
    model = zoo.card(name.removeprefix(MODEL))
    what = task(name)
    if what == "prompt":
        return _at_prompts(model, device, picture, str(chosen["prompt"]), prompts)
    if what in SCENE_TASKS:
        return _of_scene(model, what, device, picture, str(chosen["foreground"]))
    return _binary(model, device, picture)


def _binary(model: Card, device: str, picture: NDArray[np.uint8]) -> Finding:
    result = segment(picture, model, device=device)
    steps = (("Probability", images.encode_png(result.probability())),)
    return Finding(
        images.encode_png(result.mask()), _worked(result.seconds), steps, device=result.device
    )


def _of_scene(
    model: Card, what: str, device: str, picture: NDArray[np.uint8], wanted: str
) -> Finding:
    from segcore.inference import scenes

    run: dict[str, Callable[..., ClassMap | Instances | Panoptic]] = {
        "panoptic": scenes.panoptic,
        "instance": scenes.instances,
        "semantic": scenes.semantic,
    }
    result = run[what](picture, model, device)
    small = images.resize(picture, result.shape)
    title = "Classes" if what == "semantic" else "Objects" if what == "instance" else "Segments"
    steps = ((title, images.encode_png(coloured(regions(result), small))),)
    mask = foreground(result, wanted)
    return Finding(images.encode_png(mask), _worked(result.seconds), steps, device=result.device)


def _at_prompts(
    model: Card, device: str, picture: NDArray[np.uint8], how: str, prompts: Prompts
) -> Finding:
    from segcore.inference.prompt import PromptPredictor

    predictor = PromptPredictor(model, device)
    predictor.embedding = embedding = _embedding(picture, model, device)
    began = perf_counter()
    mask = prompted(predictor, (picture.shape[0], picture.shape[1]), how, prompts)
    seconds = perf_counter() - began + _worked(embedding.seconds)
    return Finding(images.encode_png(mask), seconds, device=embedding.device)


def _embedding(picture: NDArray[np.uint8], model: Card, device: str):
    """Encode a picture once for all that is pointed at in it."""
    from segcore.inference.prompt import embed

    pixels = hashlib.sha256(picture.tobytes()).hexdigest()
    key = (pixels, picture.shape, model.fingerprint, device)
    known, embedding = st.session_state.get(_ENCODED, (None, None))
    if known != key:
        embedding = embed(picture, model, device)
        st.session_state[_ENCODED] = (key, embedding)
    return embedding


def prompted(predictor, size: tuple[int, int], how: str, prompts: Prompts) -> NDArray[np.bool_]:
    """Return the best masks of a predictor whose picture is set.

    Parameters
    ----------
    predictor : PromptPredictor
    size : (height, width)
        Of its picture.
    how : str
        An option of `PROMPT`.
    prompts : Prompts
        In pixels of that picture.
    """
    seeds = [np.array([seed], np.float32) for seed in prompts.seeds]
    box = np.asarray(prompts.box, np.float32)
    tries: list[tuple[NDArray[np.float32] | None, NDArray[np.float32] | None]]
    if how == "box" or not seeds:
        tries = [(None, box)]
    elif how == "each":
        tries = [(seed, None) for seed in seeds]
    else:
        tries = [(np.concatenate(seeds), box if how == "both" else None)]
    mask = np.zeros(size, bool)
    for points, corners in tries:
        labels = None if points is None else np.ones(len(points), np.int64)
        mask |= predictor.predict(points, labels, corners, multimask_output=False).masks[0]
    return mask


def _worked(seconds: Mapping[str, float]) -> float:
    return sum(value for stage, value in seconds.items() if stage != "load model")
