"""`segcore.training.changes`: settings as words, and the recipes they make."""

import dataclasses

import pytest

from segcore.datasets.augmentation import Augmentation
from segcore.normalisation import EFFICIENTNET_LITE, UNIT
from segcore.training.changes import OPTIONS, change, differences, pairs, parse
from segcore.training.recipes import RECIPES, find

CHANGES = [
    {},
    {"batch": 8},
    {"learning_rate": 0.01, "loss": "focal"},
    {"options.dropout": 0.25, "options.batch_normalization": True},
    {"augmentation.flip": True, "augmentation.rotation": 5.0},
    {"augmentation.rotation": 3.0},
    {"augmentation": "none"},
    {"architecture": "encoder_unet"},
    {"architecture": "lecture_unet", "options.depth": 3},
    {"mixed_precision": True, "schedule": "cosine", "warmup_epochs": 2.0},
]


@pytest.mark.parametrize("changes", CHANGES, ids=str)
@pytest.mark.parametrize("name", RECIPES)
def test_differences_lead_to_the_same_recipe(name: str, changes: dict) -> None:
    base = find(name)
    if base.architecture == "encoder_unet" and "options.batch_normalization" in changes:
        changes = {"options.dropout": 0.25}
    if base.architecture == "encoder_unet" and "options.depth" in changes:
        changes = {"architecture": "lecture_unet", "options.depth": 3}
    if base.architecture not in OPTIONS and "architecture" not in changes:
        changes = {"options.frozen_blocks": 4} if "options.dropout" in changes else changes
    recipe = change(base, changes)
    told = differences(base, recipe)
    assert set(told) <= set(changes) | {f"options.{name}" for name in OPTIONS["lecture_unet"]}
    again = change(base, parse(pairs(told)))
    assert differences(recipe, again) == {}
    assert again.augmentation == recipe.augmentation
    assert again.normalisation == recipe.normalisation


def test_words_become_values() -> None:
    words = ["batch=16", "learning_rate=1e-3", "loss=focal", "options.dropout=0.2", "x=true", "y="]
    assert parse(words) == {
        "batch": 16,
        "learning_rate": 1e-3,
        "loss": "focal",
        "options.dropout": 0.2,
        "x": True,
        "y": "",
    }
    with pytest.raises(ValueError, match="'batch' is no setting; write KEY=VALUE"):
        parse(["batch"])


def test_one_change_of_the_augmentation_leaves_the_others() -> None:
    recipe = change(find("lecture-32x25"), {"augmentation.rotation": 20})
    assert recipe.augmentation == dataclasses.replace(Augmentation.off(), rotation=20.0)
    recipe = change(find("pets"), {"augmentation.rotation": 20})
    assert recipe.augmentation == dataclasses.replace(find("pets").augmentation, rotation=20.0)
    assert change(find("pets"), {"augmentation": "none"}).augmentation is None


def test_another_architecture_brings_its_own_normalisation() -> None:
    recipe = change(find("lecture-32x25"), {"architecture": "encoder_unet"})
    assert (recipe.normalisation, recipe.options) == (EFFICIENTNET_LITE, {})
    recipe = change(find("pets"), {"architecture": "lecture_unet"})
    assert (recipe.normalisation, recipe.options) == (UNIT, {})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"speed": 3}, "There is no setting 'speed'; accepted are "),
        ({"name": "x"}, "There is no setting 'name'"),
        ({"options.width": 3}, "There is no setting 'options.width'; accepted are base_width"),
        ({"augmentation.mirror": True}, "There is no setting 'augmentation.mirror'"),
        ({"augmentation": "much"}, "augmentation is 'much'; accepted are none and"),
        ({"architecture": "vgg"}, "architecture is 'vgg'; accepted are lecture_unet"),
        ({"batch": 1.5}, "batch is 1.5; accepted is a whole number"),
        ({"batch": True}, "batch is True; accepted is a whole number"),
        ({"batch": "many"}, "batch is 'many'; accepted is a whole number"),
        ({"batch": 0}, "batch is 0; accepted are whole numbers from 1 on"),
        ({"learning_rate": True}, "learning_rate is True; accepted is a number"),
        ({"learning_rate": -1}, "learning_rate is -1.0; accepted are numbers from 0 on"),
        ({"learning_rate": float("nan")}, "learning_rate is nan"),
        ({"mixed_precision": 1}, "mixed_precision is 1; accepted is true or false"),
        ({"schedule": "steps"}, "schedule is 'steps'; accepted are constant, cosine"),
        ({"optimizer": "sgd"}, "optimizer is 'sgd'; accepted are rmsprop, adam"),
        ({"validation": 1}, "validation is 1.0; accepted is a fraction"),
        ({"loss": None}, "loss is None; accepted is a word"),
    ],
)
def test_what_is_refused(changes: dict, sentence: str) -> None:
    with pytest.raises(ValueError) as caught:
        change(find("lecture-32x25"), changes)
    assert str(caught.value).startswith(sentence)
