"""`segcore.training.recipes`: the settings the lecture names, and the way to JSON and back."""

import dataclasses
import inspect
import json
import math

import pytest

from segcore import losses, models
from segcore.normalisation import Normalisation
from segcore.training.recipes import RECIPES, Recipe, find

LECTURE = {  # as the lecture's case study lists its three trainings
    "lecture-32x25": {"batch": 32, "epochs": 25},
    "lecture-32x30": {"batch": 32, "epochs": 30},
    "lecture-64x40": {"batch": 64, "epochs": 40},
}
LECTURE_SHARED = {
    "architecture": "lecture_unet",
    "options": {},
    "side": 256,
    "normalisation": Normalisation(0, 255),
    "loss": "cross_entropy",
    "optimizer": "rmsprop",
    "schedule": "constant",
    "warmup_epochs": 0,
    "augmentation": None,
    "patience": 0,
}


@pytest.mark.parametrize("name", LECTURE)
def test_lecture_recipes_are_the_lectures(name: str) -> None:
    recipe = find(name)
    wanted = {**LECTURE_SHARED, **LECTURE[name], "name": name}
    assert {key: getattr(recipe, key) for key in wanted} == wanted


def test_recipes_of_the_issue_exist() -> None:
    assert set(RECIPES) >= {*LECTURE, "pets", "pets-lecture"}
    assert find("pets").architecture == "encoder_unet"
    assert find("pets").augmentation is not None
    assert (find("pets").loss, find("pets").schedule) == ("cross_entropy+dice", "cosine")
    assert find("pets-lecture").architecture == "lecture_unet"
    # Options that change the number of parameters would make it another network.
    assert set(find("pets-lecture").options) <= {"initializer", "dropout"}


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_name_what_there_is(name: str) -> None:
    recipe = find(name)
    assert recipe.name == name
    assert recipe.architecture in models.ARCHITECTURES
    module = __import__(f"segcore.models.{recipe.architecture}", fromlist=["_"])
    accepted = inspect.signature(getattr(module, recipe.architecture)).parameters
    assert set(recipe.options) <= set(accepted)
    losses.make_loss(recipe.loss, recipe.dice_weight)
    assert recipe.optimizer in ("rmsprop", "adam")
    assert recipe.schedule in ("constant", "cosine")
    assert 0 < recipe.validation < 1
    assert recipe.warmup_epochs < recipe.epochs
    assert 0 < recipe.learning_rate < 0.1 and math.isfinite(recipe.learning_rate)


@pytest.mark.parametrize("name", RECIPES)
def test_round_trip_through_json(name: str) -> None:
    values = json.loads(json.dumps(find(name).to_dict()))
    assert Recipe.from_dict(values) == find(name)
    assert set(values) == {field.name for field in dataclasses.fields(Recipe)}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"options": {"dropout": 0.1}}, "options are passed on"),
        ({"normalisation": Normalisation(10, 20)}, "a dataclass inside"),
        ({"seed": 3}, "a plain number"),
    ],
)
def test_changes_survive_the_round_trip(change: dict, reason: str) -> None:
    recipe = dataclasses.replace(find("pets"), **change)
    back = Recipe.from_dict(json.loads(json.dumps(recipe.to_dict())))
    assert back == recipe != find("pets"), reason


@pytest.mark.parametrize("name", ["nothing", "", "Pets", "lecture"])
def test_unknown_names_are_told_the_known_ones(name: str) -> None:
    with pytest.raises(ValueError) as caught:
        find(name)
    assert repr(name) in str(caught.value)
    assert all(known in str(caught.value) for known in RECIPES)


@pytest.mark.parametrize("field", ["side", "batch", "epochs"])
@pytest.mark.parametrize("value", [0, -1])
def test_impossible_counts_are_refused(field: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"{field} is {value}"):
        dataclasses.replace(find("pets"), **{field: value})
    assert getattr(dataclasses.replace(find("pets"), **{field: 1}), field) == 1
