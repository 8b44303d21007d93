"""Keras networks, one a file, and the table that finds them by name."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

ARCHITECTURES = (
    "lecture_unet",
    "original_unet",
    "encoder_unet",
    "panoptic_deeplab",
    "mask_rcnn",
    "promptable",
)


def build(architecture: str, **options: Any):
    """Build a network by name.

    Parameters
    ----------
    architecture : str
        One of `ARCHITECTURES`.
    **options
        Passed on to the function of that name.

    Raises
    ------
    ValueError
        If there is no such architecture.
    """
    if architecture not in ARCHITECTURES:
        raise ValueError(
            f"There is no architecture {architecture!r}; accepted are {', '.join(ARCHITECTURES)}."
        )
    return getattr(import_module(f"segcore.models.{architecture}"), architecture)(**options)


def load(path: Path, *, optimizer: bool = False):
    """Load a ``.keras`` file of one of our networks; no code of its own can run.

    Parameters
    ----------
    path : Path
    optimizer : bool
        Bring the optimiser and its state back too, to go on training.
    """
    import keras

    # These register the layers of our own.
    for module in ("layers", "frozen_depthwise", "prompt_decoder"):
        import_module(f"segcore.models.{module}")
    return keras.saving.load_model(path, compile=optimizer, safe_mode=True)
