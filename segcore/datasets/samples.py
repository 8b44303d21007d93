"""The one form in which every data set hands out its pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np

from segcore import images

VOID = 255  # mask value of pixels that nobody labelled: left out of losses and metrics


class DatasetError(ValueError):
    """One sentence about a data set folder that cannot be read."""


@dataclass(frozen=True)
class Sample:
    """A picture and its binary mask, read when asked.

    Attributes
    ----------
    name : str
        Unique in its data set.
    picture_path : Path
        The picture's file.
    read_mask : callable
        Returns the (height, width) uint8 mask: 0 background, 1 foreground, `VOID`.
    """

    name: str
    picture_path: Path
    read_mask: Callable[[], np.ndarray] = field(repr=False)

    def load(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the picture, (height, width, 3) uint8, and its mask of the same size.

        Raises
        ------
        PictureError
            If the picture or its mask is missing or damaged, or their sizes differ.
        """
        picture = images.load(self.picture_path)
        try:
            mask = self.read_mask()
        except (OSError, SyntaxError) as error:
            raise images.PictureError(f"{self.name}: the mask cannot be read ({error}).") from error
        if mask.shape != picture.shape[:2]:
            raise images.PictureError(
                f"{self.name}: the mask is {mask.shape} and the picture {picture.shape[:2]}."
            )
        return picture, mask


@dataclass(frozen=True)
class DrawnSample:
    """A picture and its mask, made when asked; otherwise as `Sample`."""

    name: str
    load: Callable[[], tuple[np.ndarray, np.ndarray]] = field(repr=False)


AnySample = Sample | DrawnSample


class _WithIds(Protocol):
    @property
    def ids(self) -> np.ndarray: ...


Labels = TypeVar("Labels", bound=_WithIds)


def load_labelled(
    name: str, picture_path: Path, read: Callable[[], Labels]
) -> tuple[np.ndarray, Labels]:
    """Return a picture, (height, width, 3) uint8, and its labels, whose ``ids`` are of its size.

    Raises
    ------
    PictureError
        If the picture or its labels are missing or damaged, or their sizes differ.
    """
    picture = images.load(picture_path)
    try:
        labels = read()
    except (OSError, SyntaxError) as error:
        raise images.PictureError(f"{name}: no labels can be read ({error}).") from error
    if labels.ids.shape != picture.shape[:2]:
        raise images.PictureError(
            f"{name}: the labels are {labels.ids.shape} and the picture {picture.shape[:2]}."
        )
    return picture, labels


def load_square(
    samples: Sequence[AnySample], side: int, progress: Callable[[int, int], None] | None = None
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Load all samples, stretched to squares.

    Returns
    -------
    pictures : (n, side, side, 3) uint8
    masks : (n, side, side) uint8
        0, 1 on the foreground, or `VOID`.
    damaged : list of str
        One sentence for each sample that was left out.
    """
    pictures = np.empty((len(samples), side, side, 3), np.uint8)
    masks = np.empty((len(samples), side, side), np.uint8)
    damaged: list[str] = []
    count = 0
    for i, sample in enumerate(samples):
        try:
            picture, mask = sample.load()
        except images.PictureError as error:
            damaged.append(str(error))
        else:
            pictures[count] = images.resize(picture, (side, side))
            masks[count] = images.resize_mask(mask, (side, side))
            count += 1
        if progress:
            progress(i + 1, len(samples))
    return pictures[:count], masks[:count], damaged
