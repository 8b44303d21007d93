"""Squares and discs on noise, as a data set in COCO's panoptic layout."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from segcore.class_sets import SCENES

SHAPES = ("tv", "bottle")  # what squares and discs are called
GROUND = "wall"


def write(root: Path, train: int, val: int, side: int = 96) -> Path:
    """Draw a data set of so many pictures into a folder and return it."""
    for part in ("images", "panoptic"):
        (root / part).mkdir(parents=True)
    categories = [{"id": c.category, "name": c.name} for c in SCENES.classes]
    for split, count in (("train", train), ("val", val)):
        pictures, annotations = [], []
        for i in range(count):
            name, number = f"{split}_{i:03d}", len(pictures) + 1
            picture, ids, classes = draw((int(split == "val"), i), side)
            Image.fromarray(picture).save(root / "images" / f"{name}.png")
            coloured = np.stack([ids, np.zeros_like(ids), np.zeros_like(ids)], -1)
            Image.fromarray(coloured).save(root / "panoptic" / f"{name}.png")
            pictures.append({"id": number, "file_name": f"{name}.png"})
            segments = [
                {"id": k, "category_id": SCENES.classes[index].category, "iscrowd": 0}
                for k, index in enumerate(classes, 1)
            ]
            annotations.append(
                {"image_id": number, "file_name": f"{name}.png", "segments_info": segments}
            )
        index = {"categories": categories, "images": pictures, "annotations": annotations}
        (root / f"panoptic_{split}.json").write_text(json.dumps(index))
    return root


def draw(seed: tuple[int, int], side: int = 96) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Return a picture, (side, side, 3) uint8, its ids, (side, side) uint8, and their classes.

    Id 1 is the ground; one to three shapes follow, none over another.
    """
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 90, (side, side, 3)).astype(np.uint8)
    ids = np.ones((side, side), np.uint8)
    classes = [SCENES.index(GROUND)]
    y, x = np.mgrid[:side, :side]
    for _ in range(rng.integers(1, 4)):
        shape = rng.integers(2)
        half = rng.integers(10, 18)
        top, left = rng.integers(half, side - half, 2)
        inside = (
            (abs(y - top) < half) & (abs(x - left) < half)
            if shape == 0
            else (y - top) ** 2 + (x - left) ** 2 < half**2
        )
        if (ids[inside] > 1).any():
            continue
        classes.append(SCENES.index(SHAPES[shape]))
        ids[inside] = len(classes)
        picture[inside] = rng.integers(150, 255, 3)
    return picture, ids, classes
