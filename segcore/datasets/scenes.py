"""Pictures with all their segments, from a folder in COCO's panoptic layout.

``panoptic_{train,val}.json`` lists pictures and segments; ``panoptic/NAME.png`` holds each
pixel's segment id as R + 256 G + 65536 B (Kirillov et al. 2019; cocodataset.org/#format-data).
Classes go by name; segments of others are void.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from segcore.class_sets import SCENES
from segcore.datasets.samples import DatasetError, load_labelled
from segcore.scenes.truth import TrueSegment, Truth

SPLITS = ("train", "val")
HAND_MADE = "coco-panoptic-gt"  # the source whose stuff people labelled, too


@dataclass(frozen=True)
class SceneSample:
    """A picture and its segments, read when asked.

    Attributes
    ----------
    name : str
        Unique in its data set.
    picture_path : Path
    source : str
        Who made the labels; empty where the data set does not say.
    read : callable
        Returns the `Truth`: ids, (height, width) int32 with 0 for void, and segments.
    """

    name: str
    picture_path: Path
    source: str
    read: Callable[[], Truth] = field(repr=False)

    def load(self) -> tuple[np.ndarray, Truth]:
        """Return the picture, (height, width, 3) uint8, and what it shows.

        Raises
        ------
        PictureError
            If the picture or its labels are missing or damaged, or their sizes differ.
        """
        return load_labelled(self.name, self.picture_path, self.read)


def recognises(root: Path) -> bool:
    """Say whether the folder has this layout."""
    return any((root / f"panoptic_{split}.json").is_file() for split in SPLITS)


def read(root: Path | str, split: str) -> list[SceneSample]:
    """Return the samples of ``split``, "train" or "val".

    Raises
    ------
    DatasetError
        If there is no such split or its list is missing or damaged.
    """
    root = Path(root)
    if split not in SPLITS:
        raise DatasetError(f"There is no split {split!r}; accepted are {' and '.join(SPLITS)}.")
    path = root / f"panoptic_{split}.json"
    try:
        index = json.loads(path.read_text("utf-8"))
        names = {c["id"]: c["name"] for c in index["categories"]}
        pictures = {p["id"]: p for p in index["images"]}
        return [
            _sample(root, pictures[annotation["image_id"]], annotation, names)
            for annotation in index["annotations"]
        ]
    except OSError as error:
        raise DatasetError(f"{path} cannot be read; the data set is not complete.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise DatasetError(f"{path} is no panoptic list as COCO's ({error!r}).") from error


def _sample(root: Path, picture: dict, annotation: dict, names: dict[int, str]) -> SceneSample:
    segments = [
        TrueSegment(s["id"], SCENES.index(names[s["category_id"]]), bool(s.get("iscrowd")))
        for s in annotation["segments_info"]
        if names[s["category_id"]] in SCENES.names
    ]
    return SceneSample(
        Path(picture["file_name"]).stem,
        root / "images" / picture["file_name"],
        picture.get("source", ""),
        partial(read_truth, root / "panoptic" / annotation["file_name"], tuple(segments)),
    )


def read_truth(path: Path, segments: tuple[TrueSegment, ...]) -> Truth:
    """Return the ids of a panoptic PNG, void where none of the segments is."""
    with Image.open(path) as opened:
        ids = decode_ids(np.asarray(opened.convert("RGB")))
    known = [segment.id for segment in segments]
    return Truth(np.where(np.isin(ids, known), ids, 0).astype(np.int32), list(segments))


def decode_ids(coloured: np.ndarray) -> np.ndarray:
    """Return the (h, w) int32 ids of a panoptic picture, (h, w, 3) uint8.

    Examples
    --------
    >>> decode_ids(np.array([[[1, 2, 0]]], np.uint8))
    array([[513]], dtype=int32)
    """
    red, green, blue = np.moveaxis(coloured.astype(np.int32), -1, 0)
    return red + (green << 8) + (blue << 16)
