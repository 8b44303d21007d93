"""The pet models that the project ships: as good as their cards say.

Nothing here is skipped: a model that is missing is a failure.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from skimage import data

from segcore.inference import predictor, runtime, zoo

MODELS = {"pets": 0.90, "pets-lecture": 0.75}  # least data-set IoU on the 263 test pictures
TEST_PICTURES = 263
LECTURE_PARAMETERS = 6_667_639
FACE = np.s_[75:225, 140:310]  # of skimage's cat Chelsea: eyes, nose and mouth


def card(name: str) -> zoo.Card:
    return zoo.card(name, zoo.WEIGHTS)


@cache
def engines(name: str) -> tuple[runtime.OnnxEngine, Callable[[np.ndarray], np.ndarray]]:
    """Return both; the second is `runtime.KerasEngine` without what that does to the process."""
    import keras

    clear_session = keras.backend.clear_session
    try:
        second = runtime.KerasEngine(card(name).file("model.keras"), gpu=False)
    finally:
        keras.backend.clear_session = clear_session
    return runtime.OnnxEngine(card(name).file("model.onnx")), second


def share(name: str, picture: np.ndarray, part: Any = np.s_[:, :]) -> float:
    """Return the fraction of a picture, or of a part of it, that is marked as pet."""
    result = predictor.segment(picture, card(name), device="cpu")
    return float(result.mask()[part].mean())


# === Figures ===


@pytest.mark.parametrize("name", MODELS)
def test_the_figures_reach_what_is_promised(name: str) -> None:
    figures = card(name).metrics.get("test")
    assert figures, f"run `python -m segcore evaluate --model {name} --data DIR --write-card`"
    assert figures["images"] == TEST_PICTURES
    assert figures["iou_dataset"] >= MODELS[name]
    for key in ("iou_dataset", "iou_per_image", "miou", "dice", "pixel_accuracy"):
        assert 0 < figures[key] < 1
    iou = figures["iou_dataset"]
    assert figures["dice"] == pytest.approx(2 * iou / (1 + iou), abs=1e-4), "of the same counts"
    assert figures["ms_per_image"] > 0


def test_the_lecture_network_is_the_lectures() -> None:
    assert card("pets-lecture").parameters == LECTURE_PARAMETERS


# === What they do ===


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    ("picture", "size"),
    [
        ("chelsea", (256, 256)),
        ("chelsea", (300, 451)),
        ("coffee", (224, 320)),
        ("astronaut", (97, 131)),
        ("rocket", (64, 33)),
        ("astronaut", (1, 40)),
    ],
    ids=str,
)
def test_the_engines_agree(name: str, picture: str, size: tuple[int, int]) -> None:
    about = card(name)
    pixels = getattr(data, picture)()[: size[0], -size[1] :, :3]
    batch = about.normalisation(pixels[None].astype(np.float32))
    ours, theirs = (engine(batch) for engine in engines(name))
    assert ours.shape == theirs.shape == (1, *size, 1)
    assert np.abs(ours - theirs).max() < 1e-3


@pytest.mark.parametrize("name", MODELS)
def test_the_engines_mark_the_same_pixels(name: str) -> None:
    about = card(name)
    batch = predictor.network_input(data.chelsea(), about)
    ours, theirs = (engine(batch)[0, ..., 0] >= 0.5 for engine in engines(name))
    assert (ours & theirs).sum() / (ours | theirs).sum() >= 0.995


@pytest.mark.parametrize("name", MODELS)
def test_it_finds_the_cat(name: str) -> None:
    assert share(name, data.chelsea(), FACE) > 0.9
    assert share(name, data.chelsea()) < 0.97, "there is some blanket, too"
    assert share(name, data.chelsea()) > share(name, data.coffee()) + 0.2


@pytest.mark.parametrize("name", MODELS)
def test_mirrored_and_enlarged_it_is_the_same_cat(name: str) -> None:
    cat = data.chelsea()
    mirrored = predictor.segment(cat[:, ::-1].copy(), card(name), device="cpu").mask()[:, ::-1]
    enlarged = predictor.segment(cat.repeat(2, 0).repeat(2, 1), card(name), device="cpu").mask()
    plain = predictor.segment(cat, card(name), device="cpu").mask()
    for other in (mirrored, enlarged[::2, ::2]):
        assert (plain & other).sum() / (plain | other).sum() > 0.8


@pytest.mark.parametrize("picture", ["coffee", "astronaut"])
def test_pets_sees_no_pet_where_there_is_none(picture: str) -> None:
    assert share("pets", getattr(data, picture)()) < 0.05
