"""What every engine returns, whatever the method behind it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from segcore import images
from segcore.class_sets import ClassSet
from segcore.objects import MaskedObject

UNLABELLED = 255  # in class maps: a pixel without a class


def level(threshold: float) -> int:
    """Return the 8-bit probability at which a pixel counts as foreground.

    Parameters
    ----------
    threshold : float
        In [0, 1]. At least 1 comes out, so that a threshold of 0 still leaves out the
        pixels whose probability rounds to 0.
    """
    if not 0 <= threshold <= 1:
        raise ValueError(f"The threshold is {threshold}; accepted are values from 0 to 1.")
    return max(1, round(threshold * 255))


@dataclass(frozen=True)
class Segmentation:
    """Foreground and background of one picture.

    Attributes
    ----------
    coarse : (h, w) uint8
        Probability of the foreground, 0 to 255 for 0 to 1, at the network's own size.
    size : (height, width)
        The picture's size in pixels.
    model : str
        Name of the model.
    device : str
        Where it ran, in words.
    seconds : dict of str to float
        Time of each stage, in the order they ran.
    """

    coarse: np.ndarray
    size: tuple[int, int]
    model: str
    device: str
    seconds: dict[str, float] = field(default_factory=dict)

    def probability(self, size: tuple[int, int] | None = None) -> np.ndarray:
        """Return the probabilities, 0 to 255, at the picture's size (or the one given)."""
        return images.resize(self.coarse, size or self.size)

    def mask(self, threshold: float = 0.5) -> np.ndarray:
        """Return the (height, width) bool mask at the picture's size."""
        return self.probability() >= level(threshold)


@dataclass(frozen=True)
class Result:
    """What the results of scene models share.

    Attributes
    ----------
    shape : (h, w)
        Size of the arrays and masks: the picture's proportions, at a bounded size.
    size : (height, width)
        The picture's own size in pixels.
    class_set : ClassSet
    model, device : str
        Name of the model; where it ran, in words.
    seconds : dict of str to float
        Time of each stage, in the order they ran.
    """

    shape: tuple[int, int]
    size: tuple[int, int]
    class_set: ClassSet
    model: str
    device: str
    seconds: dict[str, float] = field(default_factory=dict, kw_only=True)


@dataclass(frozen=True)
class ClassMap(Result):
    """Semantic segmentation: a class for each pixel.

    Attributes
    ----------
    classes : (h, w) uint8
        Indices into the class set, or `UNLABELLED`.
    scores : (h, w) uint8
        Probability of that class, 0 to 255 for 0 to 1.
    """

    classes: np.ndarray = field(kw_only=True)
    scores: np.ndarray = field(kw_only=True)


@dataclass(frozen=True)
class Instances(Result):
    """Instance segmentation: objects with masks, which may overlap.

    Attributes
    ----------
    objects : tuple of MaskedObject
        Patches in pixels of `shape`, labels from the class set; highest score first.
    """

    objects: tuple[MaskedObject, ...] = field(kw_only=True)


@dataclass(frozen=True)
class Segment:
    """One segment of a panoptic result.

    Attributes
    ----------
    id : int
        Its value in the id map, from 1 on.
    index : int
        Its class.
    score : float
        Confidence, 0 to 1.
    number : int
        Which object of its class, from 1 on; 0 for stuff.
    area : int
        Pixels of the id map.
    """

    id: int
    index: int
    score: float
    number: int
    area: int


@dataclass(frozen=True)
class Panoptic(Result):
    """Panoptic segmentation: every pixel one segment, an object or stuff.

    Attributes
    ----------
    ids : (h, w) int32
        Ids of segments; 0 where no segment is.
    segments : tuple of Segment
        Ordered by id.
    """

    ids: np.ndarray = field(kw_only=True)
    segments: tuple[Segment, ...] = field(kw_only=True)
