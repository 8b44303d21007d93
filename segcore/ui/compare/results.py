"""What the networks make of a picture, remembered so that sliders never run them again."""

from __future__ import annotations

import threading

import streamlit as st

from segcore import images
from segcore.images import PictureError
from segcore.inference import zoo
from segcore.inference.zoo import Card
from segcore.labels import ClassMap, Instances
from segcore.memory import give_back
from segcore.ui.pictures import Picture

PREVIEW_SIDE = 1024
_at_once = threading.BoundedSemaphore(2)  # pictures decoded at a time: bounds the memory


def models(task: str) -> dict[str, Card]:
    """Return the cards by name of the models that can be used for a task."""
    cards = (zoo.card(name) for name in zoo.names_for(task))
    return {card.name: card for card in cards if not zoo.problem(card)}


def predict(task: str, pixels, card: Card, device: str) -> ClassMap | Instances:
    """Run a network; ``task`` is ``semantic`` or ``instance``."""
    from segcore.inference import scenes

    return (scenes.semantic if task == "semantic" else scenes.instances)(pixels, card, device)


def semantic(picture: Picture, card: Card, device: str) -> ClassMap:
    """Return the class map; a repeated call answers from the cache.

    A visitor's picture is remembered for that visitor's session only.

    Raises
    ------
    PictureError
        If the file is no picture we can read.
    ModelUnavailable
        If the model cannot be loaded or run.
    """
    return _answer(picture, card, device, "semantic")


def instances(picture: Picture, card: Card, device: str) -> Instances:
    """Return the objects, those of low scores as well; cached and raising as `semantic`."""
    return _answer(picture, card, device, "instance")


def preview(picture: Picture) -> tuple[bytes, tuple[int, int]]:
    """Return the picture as a JPEG file of at most `PREVIEW_SIDE` pixels a side, and its size."""
    remember = _shared_preview if picture.sample else _private_preview
    answer = remember(picture.key, picture)
    if isinstance(answer, str):
        raise PictureError(answer)
    return answer


def _answer(picture: Picture, card: Card, device: str, task: str):
    remember = _shared if picture.sample else _private
    answer = remember(picture.key, card.fingerprint, device, task, picture, card)
    if isinstance(answer, str):
        raise PictureError(answer)
    return answer


@st.cache_data(max_entries=48, show_spinner=False)
def _shared(key: str, model: str, device: str, task: str, _picture: Picture, _card: Card):
    return _compute(_picture, _card, device, task)


@st.cache_data(max_entries=12, scope="session", show_spinner=False)
def _private(key: str, model: str, device: str, task: str, _picture: Picture, _card: Card):
    return _compute(_picture, _card, device, task)


@st.cache_data(max_entries=24, show_spinner=False)
def _shared_preview(key: str, _picture: Picture):
    return _scaled_down(_picture)


@st.cache_data(max_entries=6, scope="session", show_spinner=False)
def _private_preview(key: str, _picture: Picture):
    return _scaled_down(_picture)


def _compute(picture: Picture, card: Card, device: str, task: str):
    """Return the result, or the sentence that says why there is none."""
    with _at_once:
        try:
            return predict(task, picture.decode(), card, device)
        except PictureError as error:
            return str(error)
        finally:
            give_back()


def _scaled_down(picture: Picture):
    with _at_once:
        try:
            pixels = picture.decode()
            small = images.encode_jpeg(images.fit(pixels, PREVIEW_SIDE), 88)
            return small, (pixels.shape[0], pixels.shape[1])
        except PictureError as error:
            return str(error)
        finally:
            give_back()
