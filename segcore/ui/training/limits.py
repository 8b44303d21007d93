"""What the form accepts: one table for its widgets and for the values that fill them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from segcore.training.changes import OPTIONS
from segcore.training.recipes import LOSSES, OPTIMIZERS, SCHEDULES

BOUNDS: dict[str, tuple[Any, Any, Any]] = {  # smallest, largest, step; ints where the setting is
    "options.base_width": (2, 32, 1),
    "options.depth": (1, 6, 1),
    "options.frozen_blocks": (0, 16, 1),
    "options.dropout": (0.0, 0.9, 0.05),
    "dice_weight": (0.0, 1.0, 0.05),
    "learning_rate": (0.0, 1.0, 1e-4),
    "warmup_epochs": (0.0, 50.0, 0.5),
    "batch": (1, 512, 1),
    "epochs": (1, 1000, 1),
    "side": (16, 1024, 16),
    "patience": (0, 1000, 1),
    "validation": (0.01, 0.5, 0.01),
    "seed": (0, 10**6, 1),
    "augmentation.rotation": (0.0, 45.0, 1.0),
    "augmentation.scale": (0.0, 1.0, 0.05),
    "augmentation.shift": (0.0, 0.5, 0.01),
    "augmentation.elastic": (0.0, 0.1, 0.005),
    "augmentation.brightness": (0.0, 0.5, 0.05),
    "augmentation.contrast": (0.0, 0.9, 0.05),
    "augmentation.saturation": (0.0, 1.0, 0.05),
}
CHOICES: dict[str, tuple[str, ...]] = {
    "architecture": tuple(OPTIONS),
    "options.initializer": ("glorot_uniform", "he_normal"),
    "loss": LOSSES,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
}


def fit(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return settings that the widgets can show, and in words what was changed for that.

    Examples
    --------
    >>> fit({"options.depth": 9, "batch": 8, "loss": "hinge"})
    ({'options.depth': 6, 'batch': 8, 'loss': 'cross_entropy'}, \
['depth 9 became 6', 'loss hinge became cross_entropy'])
    """
    fitted = dict(values)
    for key, (low, high, _) in BOUNDS.items():
        if key in fitted:
            fitted[key] = min(max(fitted[key], low), high)
    for key, accepted in CHOICES.items():
        if key in fitted and fitted[key] not in accepted:
            fitted[key] = accepted[0]
    changed = [
        f"{key.rpartition('.')[2].replace('_', ' ')} {str(value)[:20]} became {fitted[key]}"
        for key, value in values.items()
        if fitted[key] != value
    ]
    return fitted, changed


def slider(key: str, title: str, place: DeltaGenerator | None = None) -> None:
    """Show a setting's slider."""
    low, high, step = BOUNDS[key]
    (place or st).slider(title, low, high, step=step, key=f"form-{key}", persist_state="session")


def number(key: str, title: str, place: DeltaGenerator, **options: Any) -> None:
    """Show a setting's field for a number."""
    low, high, step = BOUNDS[key]
    place.number_input(
        title, low, high, step=step, key=f"form-{key}", persist_state="session", **options
    )
