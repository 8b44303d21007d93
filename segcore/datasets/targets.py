"""Pictures with all masks that a promptable model may be asked for, from any known layout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from segcore.class_sets import SCENES
from segcore.datasets.samples import VOID, DatasetError, Sample, load_labelled

STUFF_WEIGHT = 0.2  # of a region of stuff against an object of which people drew the outline
TEACHER_WEIGHT = 0.5  # of an object outlined by another network
SOURCES = {  # how often a picture is drawn; 1 for those not named
    "coco-panoptic-gt": 2.0,
    "coco-gt": 2.0,
    "coco-person-gt": 0.7,
    "feral-cat-gt": 0.7,
    "oxford-pet-gt": 0.4,
    "teacher": 0.4,
    "ecssd": 2.0,
    "pets": 0.7,
    "nuclei": 0.7,
}


class Targets(NamedTuple):
    """The masks of one picture, none over another.

    Attributes
    ----------
    ids : (h, w) int32
        Each pixel's segment; 0 where nobody labelled.
    weights : dict of int to float
        The segments that may be asked for, and how often against each other; the rest is
        background only.
    things : frozenset of int
        Those of them that are objects, not regions.
    groups : tuple of frozenset of int
        Segments that together are something, too, such as all sheep.
    """

    ids: np.ndarray
    weights: dict[int, float]
    things: frozenset[int]
    groups: tuple[frozenset[int], ...] = ()


@dataclass(frozen=True)
class TargetSample:
    """A picture and its targets, read when asked.

    Attributes
    ----------
    name : str
    picture_path : Path
    read : callable
        Returns the `Targets`.
    weight : float
        How often the picture is drawn in training.
    """

    name: str
    picture_path: Path
    read: Callable[[], Targets] = field(repr=False)
    weight: float = 1.0

    def load(self) -> tuple[np.ndarray, Targets]:
        """Return the picture, (height, width, 3) uint8, and its targets.

        Raises
        ------
        PictureError
            If the picture or its labels are missing or damaged, or their sizes differ.
        """
        return load_labelled(self.name, self.picture_path, self.read)


def read(root: Path | str, split: str) -> list[TargetSample]:
    """Return the samples of a folder in any layout that has masks.

    Parameters
    ----------
    root : Path or str
        COCO panoptic, Oxford-IIIT Pet, numbered nuclei, or ``images/`` with ``masks/``.
    split : {"train", "test"}

    Raises
    ------
    DatasetError
        If the folder has none of the layouts.
    """
    from segcore.datasets import ecssd, nuclei, oxford_pet, scenes

    root = Path(root)
    part = "train" if split == "train" else "val"
    if scenes.recognises(root):
        return [_scene(sample) for sample in scenes.read(root, part)]
    if oxford_pet.recognises(root):
        return [_binary(sample, SOURCES["pets"]) for sample in oxford_pet.read(root, split)]
    if nuclei.recognises(root):
        return nuclei.read(root, split)
    if ecssd.recognises(root):
        return [_binary(sample, SOURCES["ecssd"]) for sample in ecssd.read(root, split)]
    raise DatasetError(
        f"{root} is no data set known here: it needs panoptic_{part}.json (COCO panoptic), "
        "annotations/trainval.txt (Oxford-IIIT Pet), labels/ with train.txt (nuclei) or images/ "
        "with masks/ of the same names."
    )


def _binary(sample: Sample, weight: float) -> TargetSample:
    return TargetSample(
        sample.name, sample.picture_path, partial(_from_mask, sample.read_mask), weight
    )


def _from_mask(read_mask: Callable[[], np.ndarray]) -> Targets:
    mask = read_mask()
    ids = np.select([mask == VOID, mask == 1], [0, 1], 2).astype(np.int32)
    return Targets(ids, {1: 1.0}, frozenset((1,)))


def _scene(sample) -> TargetSample:
    return TargetSample(
        sample.name,
        sample.picture_path,
        partial(_from_truth, sample),
        SOURCES.get(sample.source, 1.0),
    )


def _from_truth(sample) -> Targets:
    truth = sample.read()
    thing = TEACHER_WEIGHT if sample.source == "teacher" else 1.0
    weights: dict[int, float] = {}
    by_class: dict[int, set[int]] = {}
    for segment in truth.segments:
        if segment.crowd:
            continue
        is_thing = SCENES.classes[segment.index].thing
        weights[segment.id] = thing if is_thing else STUFF_WEIGHT
        if is_thing:
            by_class.setdefault(segment.index, set()).add(segment.id)
    groups = tuple(frozenset(ids) for ids in by_class.values() if len(ids) > 1)
    things = frozenset().union(*by_class.values())
    return Targets(truth.ids, weights, things, groups)
