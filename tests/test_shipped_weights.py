"""The models that the project ships, ``weights/``: complete, as their cards say, and good.

Nothing here is skipped: a model that is missing is a failure.
"""

import hashlib
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skimage import data

from segcore.inference import predictor, runtime, zoo

WEIGHTS = Path(__file__).resolve().parents[1] / "weights"
MODELS = {  # architecture, least data-set IoU on the 263 test pictures
    "pets": ("encoder_unet", 0.90),
    "pets-lecture": ("lecture_unet", 0.75),
}
FILES = ("card.json", "model.keras", "model.onnx")
TEST_PICTURES = 263
LECTURE_PARAMETERS = 6_667_639
FACE = np.s_[75:225, 140:310]  # of skimage's cat Chelsea: eyes, nose and mouth


def folder(name: str) -> Path:
    """Return a model's folder; fail where anything of it is missing."""
    missing = [file for file in FILES if not (WEIGHTS / name / file).is_file()]
    if missing:
        pytest.fail(
            f"weights/{name} must be shipped and lacks {', '.join(missing)}; train it and run "
            f"`python -m segcore export RUN --name {name}`",
            pytrace=False,
        )
    return WEIGHTS / name


def card(name: str) -> zoo.Card:
    return zoo.Card.read(folder(name))


@cache
def network(name: str) -> Any:
    from segcore import models

    return models.load(folder(name) / "model.keras")


@cache
def engines(name: str) -> tuple[runtime.OnnxEngine, Callable[[np.ndarray], np.ndarray]]:
    """Return both; the second is `runtime.KerasEngine` without what that does to the process."""
    import keras

    clear_session = keras.backend.clear_session
    try:
        second = runtime.KerasEngine(folder(name) / "model.keras", gpu=False)
    finally:
        keras.backend.clear_session = clear_session
    return runtime.OnnxEngine(folder(name) / "model.onnx"), second


def share(name: str, picture: np.ndarray, part: Any = np.s_[:, :]) -> float:
    """Return the fraction of a picture, or of a part of it, that is marked as pet."""
    result = predictor.segment(picture, card(name), device="cpu")
    return float(result.mask()[part].mean())


# === Files ===


@pytest.mark.parametrize("name", MODELS)
def test_it_is_there(name: str) -> None:
    assert {path.name for path in folder(name).iterdir()} == set(FILES)
    assert name in zoo.names(WEIGHTS)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("file", ["model.keras", "model.onnx"])
def test_the_files_are_those_of_the_card(name: str, file: str) -> None:
    content = (folder(name) / file).read_bytes()
    wanted = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    assert card(name).files[file] == wanted
    assert zoo.problem(card(name), file) is None


def test_weights_stay_small() -> None:
    sizes = {path: path.stat().st_size for path in WEIGHTS.rglob("*") if path.is_file()}
    assert len(sizes) >= len(MODELS) * len(FILES), "models are missing"
    assert sum(sizes.values()) < 250_000_000
    assert {path.name for path, size in sizes.items() if size > 50_000_000} == set()


# === Cards ===


@pytest.mark.parametrize("name", MODELS)
def test_the_card_is_complete(name: str) -> None:
    about = card(name)
    assert (about.name, about.architecture) == (name, MODELS[name][0])
    assert about.title and about.summary.strip().endswith(".")
    assert about.classes == ["pet"]
    for key in ("recipe", "data", "terms", "machine"):
        assert about.training[key].strip(), f"training.{key} is empty"
    assert about.training["minutes"] > 1
    assert 0 <= about.training["engines_differ_by"] < 1e-3


@pytest.mark.parametrize("name", MODELS)
def test_the_figures_reach_what_is_promised(name: str) -> None:
    figures = card(name).metrics.get("test")
    assert figures, f"run `python -m segcore evaluate --model {name} --data DIR --write-card`"
    assert figures["images"] == TEST_PICTURES
    assert figures["iou_dataset"] >= MODELS[name][1]
    for key in ("iou_dataset", "iou_per_image", "miou", "dice", "pixel_accuracy"):
        assert 0 < figures[key] < 1
    iou = figures["iou_dataset"]
    assert figures["dice"] == pytest.approx(2 * iou / (1 + iou), abs=1e-4), "of the same counts"
    assert figures["ms_per_image"] > 0


@pytest.mark.parametrize("name", MODELS)
def test_the_card_names_no_folder_of_a_machine(name: str) -> None:
    def texts(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [text for pair in value.items() for item in pair for text in texts(item)]
        if isinstance(value, list):
            return [text for item in value for text in texts(item)]
        return [value] if isinstance(value, str) else []

    words = " ".join(texts(json.loads((folder(name) / "card.json").read_text("utf-8")))).split()
    assert words
    paths = [w for w in words if w.strip("(\"'").startswith(("/", "~", "../")) or ":\\" in w]
    assert paths == []


@pytest.mark.parametrize("name", MODELS)
def test_parameters_are_counted_right(name: str) -> None:
    counted = sum(int(np.prod(w.shape)) for w in network(name).weights)
    assert card(name).parameters == counted
    if name == "pets-lecture":
        assert counted == LECTURE_PARAMETERS


@pytest.mark.parametrize("name", MODELS)
def test_the_keras_file_has_no_optimiser(name: str) -> None:
    from segcore import models

    loaded = models.load(folder(name) / "model.keras", optimizer=True)
    assert getattr(loaded, "optimizer", None) is None


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
