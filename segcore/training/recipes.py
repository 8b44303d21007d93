"""Recipes: everything that decides how a network is trained."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from segcore.datasets.augmentation import Augmentation
from segcore.normalisation import EFFICIENTNET_LITE, UNIT, Normalisation

LOSSES = ("cross_entropy", "dice", "cross_entropy+dice", "focal")
OPTIMIZERS = ("rmsprop", "adam")
SCHEDULES = ("constant", "cosine")
TASKS = ("binary", "panoptic", "instance", "prompt")


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Attributes
    ----------
    name : str
    architecture : str
        A name of `segcore.models.ARCHITECTURES`.
    options : dict
        Passed on to the architecture.
    side : int
        Pictures are squares of this side, pixels.
    normalisation : Normalisation
    loss : str
        A name of `segcore.losses.make_loss`, with ``dice_weight`` for the sum.
    optimizer : {"rmsprop", "adam"}
    learning_rate : float
        The first, after the warm-up.
    schedule : {"constant", "cosine"}
        Cosine falls to a hundredth at the last epoch.
    warmup_epochs : float
        Epochs in which the rate rises from zero.
    batch, epochs : int
    validation : float
        Fraction of the training pictures held back to choose the best epoch.
    patience : int
        Epochs without a better validation mean IoU before an early stop; 0: never.
    augmentation : Augmentation or None
    mixed_precision : bool
        Compute in bfloat16, keep weights in float32; trainings leave it out where it is slow.
    seed : int
    task : str
        A name of `TASKS`: what is learned, a module of `segcore.training.tasks`.
    """

    name: str
    architecture: str
    options: dict[str, Any] = field(default_factory=dict)
    side: int = 256
    normalisation: Normalisation = UNIT
    loss: str = "cross_entropy"
    dice_weight: float = 0.5
    optimizer: str = "rmsprop"
    learning_rate: float = 1e-3
    schedule: str = "constant"
    warmup_epochs: float = 0.0
    batch: int = 32
    epochs: int = 25
    validation: float = 0.1
    patience: int = 0
    augmentation: Augmentation | None = None
    mixed_precision: bool = False
    seed: int = 0
    task: str = "binary"

    def __post_init__(self):
        for name in ("side", "batch", "epochs"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"{name} is {getattr(self, name)}; accepted are whole numbers from 1 on."
                )
        for name in ("learning_rate", "warmup_epochs", "patience"):
            value = getattr(self, name)
            if not (value >= 0 and math.isfinite(value)):
                raise ValueError(f"{name} is {value}; accepted are numbers from 0 on.")
        if not 0 < self.validation < 1:
            raise ValueError(
                f"validation is {self.validation}; accepted is a fraction between 0 and 1."
            )
        for name, accepted in (
            ("optimizer", OPTIMIZERS),
            ("schedule", SCHEDULES),
            ("task", TASKS),
        ):
            if getattr(self, name) not in accepted:
                raise ValueError(
                    f"{name} is {getattr(self, name)!r}; accepted are {', '.join(accepted)}."
                )

    def learning_rate_at(self, epochs_done: float, steps: int) -> float:
        """Return the learning rate of a step.

        Parameters
        ----------
        epochs_done : float
            Epochs before this step, with the fraction of the current one.
        steps : int
            Steps of an epoch.
        """
        if epochs_done < self.warmup_epochs:
            return self.learning_rate * (epochs_done + 1 / steps) / self.warmup_epochs
        if self.schedule == "cosine":
            part = (epochs_done - self.warmup_epochs) / (self.epochs - self.warmup_epochs)
            return self.learning_rate * (0.01 + 0.99 * (1 + math.cos(math.pi * part)) / 2)
        return self.learning_rate

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)

    @staticmethod
    def from_dict(values: dict[str, Any]) -> Recipe:
        """Rebuild a recipe from `to_dict`."""
        augmentation = values["augmentation"]
        return Recipe(
            **{
                **values,
                "normalisation": Normalisation(**values["normalisation"]),
                "augmentation": Augmentation(**augmentation) if augmentation else None,
            }
        )


def _lecture(batch: int, epochs: int) -> Recipe:
    """Return the case study's setting: RMSprop, binary cross-entropy, no augmentation."""
    return Recipe(f"lecture-{batch}x{epochs}", "lecture_unet", batch=batch, epochs=epochs)


PETS_LECTURE = Recipe(
    "pets-lecture",
    "lecture_unet",
    options={"initializer": "he_normal"},
    loss="cross_entropy+dice",
    optimizer="adam",
    learning_rate=5e-4,
    schedule="cosine",
    warmup_epochs=1.0,
    batch=8,
    epochs=40,
    augmentation=Augmentation(
        rotation=10, scale=0.2, elastic=0.01, brightness=0.15, contrast=0.2, saturation=0.2
    ),
    mixed_precision=True,
)
PETS = replace(
    PETS_LECTURE,
    name="pets",
    architecture="encoder_unet",
    options={"dropout": 0.1, "frozen_blocks": 5},
    normalisation=EFFICIENTNET_LITE,
    batch=16,
    epochs=16,
    augmentation=Augmentation(),
    mixed_precision=False,
)
CUSTOM = replace(
    PETS_LECTURE,
    name="custom",
    options={
        "base_width": 8,
        "depth": 4,
        "dropout": 0.0,
        "batch_normalization": True,
        "initializer": "he_normal",
    },
    side=64,
    batch=16,
    epochs=20,
    learning_rate=1e-3,
    augmentation=None,
    mixed_precision=False,
)
PROMPT = Recipe(
    "prompt",
    "promptable",
    options={"variant": "lite2", "frozen_blocks": 3},
    side=320,
    normalisation=EFFICIENTNET_LITE,
    optimizer="adam",
    learning_rate=4e-4,
    schedule="cosine",
    warmup_epochs=0.1,
    batch=8,
    epochs=10,
    validation=0.03,
    mixed_precision=True,
    task="prompt",
)
SCENES_PANOPTIC = Recipe(
    "scenes-panoptic",
    "panoptic_deeplab",
    options={"variant": "lite2", "dropout": 0.1, "frozen_blocks": 3},
    normalisation=EFFICIENTNET_LITE,
    optimizer="adam",
    learning_rate=3e-4,
    schedule="cosine",
    warmup_epochs=0.5,
    batch=16,
    epochs=10,
    mixed_precision=True,
    task="panoptic",
)
SCENES_MASKRCNN = Recipe(
    "scenes-maskrcnn",
    "mask_rcnn",
    options={"frozen_blocks": 3},
    side=320,
    normalisation=EFFICIENTNET_LITE,
    optimizer="adam",
    learning_rate=4e-4,
    schedule="cosine",
    warmup_epochs=0.5,
    batch=16,
    epochs=20,
    mixed_precision=True,
    task="instance",
)
RECIPES = {
    recipe.name: recipe
    for recipe in (
        _lecture(32, 25),
        _lecture(32, 30),
        _lecture(64, 40),
        PETS_LECTURE,
        PETS,
        CUSTOM,
        SCENES_PANOPTIC,
        SCENES_MASKRCNN,
        PROMPT,
    )
}


def find(name: str) -> Recipe:
    """Return a recipe by name; a ValueError lists the names there are."""
    if name not in RECIPES:
        raise ValueError(f"There is no recipe {name!r}; accepted are {', '.join(RECIPES)}.")
    return RECIPES[name]
