"""Changes to a recipe as ``KEY=VALUE``: the command line's, the form's and the address's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from segcore.datasets.augmentation import Augmentation
from segcore.normalisation import Normalisation
from segcore.training.names import shorten
from segcore.training.recipes import Recipe

OPTIONS: dict[str, dict[str, Any]] = {  # what the binary task's networks take, with defaults
    "lecture_unet": {
        "base_width": 8,
        "depth": 6,
        "dropout": 0.0,
        "batch_normalization": False,
        "initializer": "glorot_uniform",
    },
    "encoder_unet": {"dropout": 0.0, "imagenet": True, "frozen_blocks": 0},
}
LARGEST = 1e12  # of a number, so that any arithmetic with it is sound
FIXED = ("name", "options", "normalisation", "augmentation", "task")


def parse(pairs: Iterable[str]) -> dict[str, Any]:
    """Return ``{"batch": 16, "options.dropout": 0.2}`` for ``["batch=16", "options.dropout=0.2"]``.

    Values are read as JSON where they are; any other is a word.

    Raises
    ------
    ValueError
        If a pair has no ``=``.
    """
    changes = {}
    for pair in pairs:
        key, separator, text = pair.partition("=")
        if not separator:
            raise ValueError(f"{shorten(pair)} is no setting; write KEY=VALUE, such as batch=16.")
        try:
            changes[key] = json.loads(text)
        except (ValueError, RecursionError):
            changes[key] = text
    return changes


def change(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """Return a recipe with settings changed.

    Parameters
    ----------
    recipe : Recipe
    changes : mapping
        Names of `Recipe`'s fields; ``options.NAME`` for one option of the architecture;
        ``augmentation.NAME`` for one change of the augmentation, with all others as they
        are, or off if there is none; ``augmentation``: "none". Another architecture
        starts with that one's own options and normalisation.

    Raises
    ------
    ValueError
        If a key is unknown or a value is of the wrong kind or out of range.
    """
    changes = dict(changes)
    if (name := changes.pop("architecture", recipe.architecture)) != recipe.architecture:
        if not isinstance(name, str) or name not in OPTIONS:
            raise ValueError(f"architecture is {_shown(name)}; accepted are {', '.join(OPTIONS)}.")
        recipe = replace(
            recipe, architecture=name, options={}, normalisation=Normalisation.of(name)
        )
    if (none := changes.pop("augmentation", None)) is not None:
        if none not in ("none", False):
            raise ValueError(
                f"augmentation is {_shown(none)}; accepted are none and augmentation.NAME=VALUE."
            )
        recipe = replace(recipe, augmentation=None)
    fields = {}
    options = dict(recipe.options)
    augmentation = vars(recipe.augmentation or Augmentation.off()).copy()
    for key, value in changes.items():
        group, _, name = key.rpartition(".")
        if group == "options":
            defaults = OPTIONS.get(recipe.architecture, recipe.options)
            options[name] = _checked(key, value, defaults, name)
        elif group == "augmentation":
            augmentation[name] = _checked(key, value, vars(Augmentation()), name)
        else:
            known = {k: v for k, v in vars(recipe).items() if k not in FIXED}
            fields[key] = _checked(key, value, known, key)
    if any(key.startswith("augmentation.") for key in changes):
        fields["augmentation"] = Augmentation(**augmentation)
    return replace(recipe, options=options, **fields)


def differences(base: Recipe, recipe: Recipe) -> dict[str, Any]:
    """Return the changes that make `recipe` of `base`; the way back of `change`."""
    changes: dict[str, Any] = {}
    if recipe.architecture != base.architecture:
        base = change(base, {"architecture": recipe.architecture})
        changes["architecture"] = recipe.architecture
    for key, value in vars(recipe).items():
        if key not in FIXED and value != getattr(base, key):
            changes[key] = value
    defaults = OPTIONS.get(recipe.architecture, {})
    old, new = ({**defaults, **r.options} for r in (base, recipe))
    changes |= {f"options.{k}": v for k, v in new.items() if v != old.get(k)}
    if base.augmentation and not recipe.augmentation:
        changes["augmentation"] = "none"
    elif recipe.augmentation:
        off = vars(base.augmentation or Augmentation.off())
        moved = {k: v for k, v in vars(recipe.augmentation).items() if v != off[k]}
        changes |= {f"augmentation.{k}": v for k, v in moved.items()}
    return changes


def pairs(changes: Mapping[str, Any]) -> list[str]:
    """Return changes as ``KEY=VALUE`` words; the way back of `parse`."""
    return [
        f"{key}={value if isinstance(value, str) else json.dumps(value)}"
        for key, value in changes.items()
    ]


def _checked(key: str, value: Any, known: Mapping[str, Any], name: str) -> Any:
    """Return a value of the kind that the known one has."""
    if name not in known:
        raise ValueError(f"There is no setting {shorten(key)}; accepted are {', '.join(known)}.")
    example = known[name]
    if isinstance(example, float) and type(value) in (int, float):
        if abs(value) <= LARGEST:  # neither infinite nor NaN
            return float(value)
    elif type(value) is type(example) and (type(value) is not int or abs(value) <= LARGEST):
        return value
    kinds = {bool: "true or false", int: "a whole number", float: "a number", str: "a word"}
    raise ValueError(
        f"{key} is {_shown(value)}; accepted is {kinds[type(example)]}, "
        f"such as {json.dumps(example)}."
    )


def _shown(value: Any) -> str:
    return shorten(value) if isinstance(value, str) else shorten(value)[1:-1]
