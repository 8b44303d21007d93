"""The promptable models of the zoo, and the pictures that they have encoded, visitor by visitor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from segcore import images
from segcore.inference import zoo
from segcore.inference.zoo import Card
from segcore.labels import Instances
from segcore.prompting.acts import ActError
from segcore.prompting.replay import Predictor, Replay
from segcore.scenes.scaling import scaled
from segcore.ui.techniques import findings
from segcore.ui.techniques.ground import Ground

_ENCODED = "techniques encoded"


@dataclass(frozen=True)
class Encoded:
    """A picture that a promptable model has encoded; it stays in the visitor's session.

    Attributes
    ----------
    key : tuple
        Picture, model and device.
    size : (height, width)
        At which it is pointed at, and at which masks come back.
    jpeg : bytes
        The picture, for the browser.
    predictor : Predictor
    replay : Replay
    """

    key: tuple[str, str, str]
    size: tuple[int, int]
    jpeg: bytes
    predictor: Predictor
    replay: Replay


def cards() -> list[Card]:
    """Return the cards of the promptable models that can be used."""
    found = []
    for name in zoo.names():
        try:
            card = zoo.card(name)
        except zoo.ModelUnavailable:
            continue
        if "prompt" in card.tasks and zoo.problem(card) is None:
            found.append(card)
    return found


def make_predictor(card: Card, device: str) -> Predictor:
    """Return a predictor without a picture."""
    from segcore.inference.prompt import PromptPredictor

    return PromptPredictor(card, device)


def encoded(ground: Ground, card: Card, device: str) -> Encoded:
    """Return the encoded picture, encoding it if it is another one than before.

    Raises
    ------
    ModelUnavailable
        If the model cannot be loaded or fails on this picture.
    """
    key = (ground.key, card.fingerprint, device)
    known: Encoded | None = st.session_state.get(_ENCODED)
    if known is not None and known.key == key:
        return known
    picture = ground.large()
    size = picture.shape[0], picture.shape[1]
    predictor = make_predictor(card, device)
    predictor.set_image(picture)
    factors = size[1] / ground.size[1], size[0] / ground.size[0]
    replay = Replay(
        predictor,
        factors,
        _beginning(ground, device, size, predictor),
        lambda method: findings.settings_of(method, ground),
    )
    new = Encoded(key, size, images.encode_jpeg(picture), predictor, replay)
    st.session_state[_ENCODED] = new
    return new


def everything(
    encoded: Encoded,
    card: Card,
    device: str,
    least: float,
    progress: Callable[[int, int], bool],
) -> Instances:
    """Return all objects at the size of the encoded picture.

    Parameters
    ----------
    encoded, card, device
    least : float
        Predicted IoU of the masks that are kept.
    progress : callable
        Called with clicks done and all; False stops.
    """
    from segcore.inference.everything import Filter, everything

    keep = Filter(iou=least)
    found = everything(encoded.predictor.embedding, card, device, keep=keep, progress=progress)
    return scaled(found, encoded.size)


def _beginning(
    ground: Ground, device: str, size: tuple[int, int], predictor: Predictor
) -> Callable[[str], tuple[NDArray[np.bool_], NDArray[np.float32]]]:
    """Return the function that brings another method's mask to the promptable model."""

    def begin(method: str) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
        if method not in findings.all_names():
            raise ActError(f"There is no method {method[:40]} to begin from; choose another.")
        finding = findings.find(method, ground, device)
        if finding.problem:
            raise ActError(finding.problem)
        mask = finding.mask()
        if mask.shape != size:
            mask = images.resize(mask * np.uint8(255), size) >= 128
        return mask, predictor.mask_input(mask)

    return begin
