"""Cats and dogs of a data set in COCO's panoptic layout, as a binary task.

``panoptic_{train,val}.json`` lists pictures and segments; ``panoptic/NAME.png`` holds each
pixel's segment id as R + 256 G + 65536 B (Kirillov et al. 2019; cocodataset.org/#format-data).
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from segcore.datasets.samples import VOID, DatasetError, Sample

PETS = ("cat", "dog")
FILES = {"train": "panoptic_train.json", "test": "panoptic_val.json"}


def recognises(root: Path) -> bool:
    """Say whether the folder has this layout."""
    return (root / FILES["train"]).is_file()


def read(root: Path, split: str) -> list[Sample]:
    """Return the pictures of a split ("train", or "test" for its val) that show a pet.

    Pictures of the Oxford-IIIT Pet set are left out: that set has its own reader.
    """
    if split not in FILES:
        raise DatasetError(f"There is no split {split!r}; accepted are train and test.")
    path = root / FILES[split]
    if not path.is_file():
        raise DatasetError(f"{path} is missing; the data set is not complete.")
    index = json.loads(path.read_text("utf-8"))
    pets = {c["id"] for c in index["categories"] if c["name"] in PETS}
    pictures = {p["id"]: p for p in index["images"] if p.get("source") != "oxford-pet-gt"}
    samples = []
    for annotation in index["annotations"]:
        picture = pictures.get(annotation["image_id"])
        ids = [s["id"] for s in annotation["segments_info"] if s["category_id"] in pets]
        if picture is None or not ids:
            continue
        samples.append(
            Sample(
                Path(picture["file_name"]).stem,
                root / "images" / picture["file_name"],
                partial(read_segments, root / "panoptic" / annotation["file_name"], tuple(ids)),
            )
        )
    return samples


def read_segments(path: Path, ids: tuple[int, ...]) -> np.ndarray:
    """Return the (height, width) uint8 mask: 1 on segments with these ids, `VOID` on id 0."""
    with Image.open(path) as panoptic:
        channels = np.asarray(panoptic.convert("RGB")).astype(np.int32)
    segments = channels @ np.array([1, 256, 65536], np.int32)
    mask = np.isin(segments, ids).astype(np.uint8)
    mask[segments == 0] = VOID
    return mask
