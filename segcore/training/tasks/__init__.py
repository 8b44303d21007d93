"""What there is to learn: each task brings the material of its trainings and their objective."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from segcore.training.recipes import Recipe


class Shown(NamedTuple):
    """A validation picture whose prediction is kept after each epoch.

    Attributes
    ----------
    picture : (side, side, 3) uint8
    target : (side, side) bool or None
        Its true foreground.
    """

    picture: np.ndarray
    target: np.ndarray | None


class Material(Protocol):
    """The pictures of a training, loaded.

    Attributes
    ----------
    training_count, validation_count : int
        Pictures of an epoch and of the validation.
    damaged : list of str
        A sentence for each picture that was left out.
    shown : list of Shown
        A few of the validation.
    """

    training_count: int
    validation_count: int
    damaged: list[str]
    shown: list[Shown]

    def batches(self, epoch: int | None, **share: Any) -> Any:
        """Return a `tf.data.Dataset` of (pictures, targets): an epoch's, or the validation's.

        `share` is what `segcore.training.distribution.Team.share` gives, for tasks that can
        be shared among replicas. Targets may be any structure of tensors.
        """
        ...


class Objective(Protocol):
    """What a network is to become good at.

    Attributes
    ----------
    classes : int
        Classes whose mean IoU is told; 1 means foreground and background.
    """

    classes: int

    def __call__(self, model: Any, pictures: Any, targets: Any, training: bool) -> tuple[Any, Any]:
        """Run the network on a batch.

        Returns
        -------
        loss : (batch,) float32
        counts : (2, classes) int64
            Pixels of intersection and union of each class; (2, 2) for a single class.
        """
        ...

    def foreground(self, model: Any, pictures: Any) -> np.ndarray:
        """Return the (batch, h, w) probabilities of the foreground, to be shown."""
        ...


class Task(Protocol):
    """A module of this package.

    Attributes
    ----------
    ABILITIES : list of str
        What its models can do, as `segcore.inference.zoo.Card.tasks` says it.
    CLASSES : list of str
        The names of its classes, for the card.
    """

    ABILITIES: list[str]
    CLASSES: list[str]

    def material(
        self, recipe: Recipe, data: Sequence[Path | str], progress: Callable[..., None]
    ) -> Material:
        """Load the pictures; call `progress` at times."""
        ...

    def objective(self, recipe: Recipe) -> Objective:
        """Return what to optimise."""
        ...

    def parts(self, model: Any, pictures: np.ndarray) -> dict[str, Part]:
        """Return what is exported of a model: each part by the name of its ONNX file.

        Parameters
        ----------
        model : keras.Model
        pictures : (1, h, w, 3) float32, normalised
            From which to make the parts' example inputs.
        """
        ...


class Part(NamedTuple):
    """A network that is exported to a file of its own, and inputs to try it with."""

    network: Any
    inputs: tuple[Any, ...]


def task(recipe: Recipe) -> Task:
    """Return the task of a recipe."""
    return import_module(f"segcore.training.tasks.{recipe.task}")  # type: ignore[return-value]
