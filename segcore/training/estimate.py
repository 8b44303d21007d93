"""How long a training will take, from two measured steps."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from segcore import datasets
from segcore.training.machine import fitted
from segcore.training.network import Network
from segcore.training.recipes import Recipe

MEASURED = 2


def estimate(recipe: Recipe, data: Sequence[Path | str]) -> dict[str, Any]:
    """Measure two steps, a prediction and a save of a recipe's network on random pictures.

    Returns
    -------
    dict
        ``seconds`` for the whole training without its start, ``step_seconds``, ``steps``
        of an epoch, ``pictures`` of the training and the ``parameters`` of the network.

    Raises
    ------
    ValueError
        If the recipe's loss or architecture does not exist, or the data cannot be read.
    """
    if recipe.task != "binary":
        raise ValueError(
            f"The time of {recipe.name} cannot be estimated; accepted are recipes for foreground "
            "and background. Start it: its log tells the time of each step."
        )
    counts = [len(datasets.read(root, "train")) for root in data]
    validation = max(1, round(recipe.validation * counts[0]))
    pictures = sum(counts) - validation
    steps = -(-pictures // recipe.batch)
    network = Network(fitted(recipe))
    shape = (recipe.batch, recipe.side, recipe.side)
    rng = np.random.default_rng(recipe.seed)
    batch = tf.constant(rng.standard_normal((*shape, 3), np.float32))
    masks = tf.constant(rng.integers(0, 2, (*shape, 1)).astype(np.float32))
    step = _seconds(lambda: network.train(batch, masks)[0].numpy())
    prediction = _seconds(lambda: network.validate(batch, masks)[0].numpy())
    with tempfile.TemporaryDirectory() as folder:
        save = _seconds(lambda: network.model.save(f"{folder}/model.keras"), 1)
    epoch = steps * step + -(-validation // recipe.batch) * prediction + save
    return {
        "seconds": recipe.epochs * epoch,
        "step_seconds": step,
        "steps": steps,
        "pictures": pictures,
        "parameters": network.model.count_params(),
    }


def _seconds(action, times: int = MEASURED) -> float:
    """Return the mean time of an action after one that warms it up."""
    action()
    began = time.perf_counter()
    for _ in range(times):
        action()
    return (time.perf_counter() - began) / times
