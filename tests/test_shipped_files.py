"""Every folder of ``weights/``: complete, as its card says, small.

Nothing here is skipped: a model that is missing is a failure.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import pytest

from segcore.inference import zoo

PARTS = {  # of each shipped model, ONNX files without their ending
    "pets": ["model"],
    "pets-lecture": ["model"],
    "prompt": ["decoder", "encoder"],
    "scenes-maskrcnn": ["box_head", "mask_head", "trunk"],
    "scenes-panoptic": ["model"],
}
ARCHITECTURES = {
    "pets": "encoder_unet",
    "pets-lecture": "lecture_unet",
    "prompt": "promptable",
    "scenes-maskrcnn": "mask_rcnn",
    "scenes-panoptic": "panoptic_deeplab",
}
NAMES = sorted(PARTS)
FILES = [
    (name, file)
    for name in NAMES
    for file in ("model.keras", *(f"{part}.onnx" for part in PARTS[name]))
]


def card(name: str) -> zoo.Card:
    """Return a model's card; fail where anything of the model is missing."""
    folder = zoo.WEIGHTS / name
    wanted = {"card.json", *(file for model, file in FILES if model == name)}
    found = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if found != wanted:
        pytest.fail(
            f"weights/{name} must hold {sorted(wanted)} and holds {sorted(found)}; train it and "
            f"run `python -m segcore export RUN --name {name}`",
            pytrace=False,
        )
    return zoo.Card.read(folder)


def test_all_that_is_shipped_is_tested() -> None:
    assert zoo.names(zoo.WEIGHTS) == NAMES


@pytest.mark.parametrize(("name", "file"), FILES)
def test_the_files_are_those_of_the_card(name: str, file: str) -> None:
    content = card(name).file(file).read_bytes()
    wanted = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    assert card(name).files[file] == wanted
    assert zoo.problem(card(name), file) is None


def test_weights_stay_small() -> None:
    sizes = {path: path.stat().st_size for path in zoo.WEIGHTS.rglob("*") if path.is_file()}
    assert sum(sizes.values()) < 250_000_000
    assert {path.name for path, size in sizes.items() if size > 50_000_000} == set()


@pytest.mark.parametrize("name", NAMES)
def test_the_card_is_complete(name: str) -> None:
    about = card(name)
    assert (about.name, about.architecture) == (name, ARCHITECTURES[name])
    assert about.title and about.summary.strip().endswith(".")
    assert about.classes and about.metrics
    for key in ("recipe", "data", "terms", "machine"):
        assert about.training[key].strip(), f"training.{key} is empty"
    assert about.training["minutes"] > 1
    assert 0 <= about.training["engines_differ_by"] < 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_the_card_names_no_folder_of_a_machine(name: str) -> None:
    def texts(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [text for pair in value.items() for item in pair for text in texts(item)]
        if isinstance(value, list):
            return [text for item in value for text in texts(item)]
        return [value] if isinstance(value, str) else []

    words = " ".join(
        texts(json.loads((card(name).folder / "card.json").read_text("utf-8")))
    ).split()
    assert words
    paths = [w for w in words if w.strip("(\"'").startswith(("/", "~", "../")) or ":\\" in w]
    assert paths == []


@pytest.mark.parametrize("name", NAMES)
def test_the_keras_file_is_as_the_card_says(name: str) -> None:
    from segcore import models

    loaded = models.load(card(name).file("model.keras"), optimizer=True)
    assert getattr(loaded, "optimizer", None) is None
    assert card(name).parameters == sum(int(np.prod(w.shape)) for w in loaded.weights)
