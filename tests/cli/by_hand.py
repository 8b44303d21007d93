"""Pictures to segment, their masks worked out by hand, and what a command said."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SIDE = 48  # of the model that `tests/cli/conftest.py` makes


def draw(path: Path, size: tuple[int, int], seed: int) -> np.ndarray:
    """Write a picture of grey blocks, all values even; return it as (height, width, 3)."""
    values = np.random.default_rng(seed).integers(0, 128, (size[0] // 8, size[1] // 8)) * 2
    grey = values.repeat(8, 0).repeat(8, 1).astype(np.uint8)
    picture = np.repeat(grey[..., None], 3, 2)
    Image.fromarray(picture).save(path)
    return picture


def by_hand(picture: np.ndarray, level: int = 128, tta: bool = False) -> np.ndarray:
    """Work out the mask of a picture, with Pillow and NumPy alone."""
    bilinear = Image.Resampling.BILINEAR
    height, width = picture.shape[:2]
    small = np.asarray(Image.fromarray(picture).resize((SIDE, SIDE), bilinear)).mean(2)

    def left(values: np.ndarray) -> np.ndarray:
        return np.pad(values, ((0, 0), (1, 0)))[:, :-1]

    values = (left(small) + left(small[:, ::-1])[:, ::-1]) / 2 if tta else left(small)
    coarse = Image.fromarray(np.rint(values).astype(np.uint8))
    return np.asarray(coarse.resize((width, height), bilinear)) >= level


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the lines on standard error, the progress bar's left out."""
    lines = capsys.readouterr().err.splitlines()
    return [line for line in lines if line.strip() and not re.search(r"\d+/\d+", line)]
