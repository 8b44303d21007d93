"""Stand-ins for the scene models: pictures of flat colours and "networks" that know them.

`install` puts them in the place of the models in ``weights/``, so that the page Compare can
be tested to the pixel.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from segcore import images
from segcore.class_sets import SCENES
from segcore.labels import ClassMap, Instances
from segcore.objects import MaskedObject, Patch, trimmed

# colour, class, score of the object (None: stuff)
KINDS = (
    ((220, 30, 30), "cat", 0.9),
    ((220, 130, 30), "cat", 0.6),
    ((40, 40, 220), "dog", 0.4),
    ((150, 200, 255), "sky", None),
    ((60, 160, 60), "vegetation", None),
)
SEMANTIC_SCORE = 204  # 0.8 of 255
SIZE = (240, 320)


def scene(size: tuple[int, int] = SIZE) -> np.ndarray:
    """Return a picture: sky above vegetation, two touching cats, and a dog that is unsure."""
    height, width = size
    colours = np.array([colour for colour, _, _ in KINDS], np.uint8)
    kinds = np.full(size, 3)
    kinds[height // 2 :] = 4
    for kind, (top, bottom, left, right) in enumerate(
        ((0.25, 0.75, 0.1, 0.3), (0.25, 0.75, 0.3, 0.5), (0.4, 0.9, 0.7, 0.9))
    ):
        kinds[
            round(top * height) : round(bottom * height), round(left * width) : round(right * width)
        ] = kind
    return colours[kinds]


def plain(size: tuple[int, int]) -> np.ndarray:
    """Return a picture without any object: sky above vegetation."""
    picture = np.empty((*size, 3), np.uint8)
    picture[: size[0] // 2] = KINDS[3][0]
    picture[size[0] // 2 :] = KINDS[4][0]
    return picture


def predict(task: str, pixels: np.ndarray, card, device: str) -> ClassMap | Instances:
    """Answer as a network would: the nearest known colour tells class and object."""
    predict.runs.append(task)
    shape = images.fit_size(pixels.shape[:2], 640, enlarge=False)
    small = images.resize(np.ascontiguousarray(pixels), shape).astype(int)
    colours = np.array([colour for colour, _, _ in KINDS])
    kinds = np.square(small[:, :, None] - colours).sum(axis=-1).argmin(axis=-1)
    common = {
        "shape": shape,
        "size": pixels.shape[:2],
        "class_set": SCENES,
        "model": card.name,
        "device": "CPU",
        "seconds": {"network": 0.01},
    }
    if task == "semantic":
        table = np.array([SCENES.index(name) for _, name, _ in KINDS], np.uint8)
        scores = np.full(shape, SEMANTIC_SCORE, np.uint8)
        return ClassMap(**common, classes=table[kinds], scores=scores)
    objects = [
        MaskedObject(trimmed(Patch(0, 0, kinds == kind)), score, name)
        for kind, (_, name, score) in enumerate(KINDS)
        if score and (kinds == kind).any()
    ]
    return Instances(**common, objects=tuple(objects))


predict.runs = []


def models(task: str) -> dict[str, SimpleNamespace]:
    """Return two cards that can do everything."""
    return {
        name: SimpleNamespace(
            name=name,
            title=title,
            fingerprint=f"stand-in {name}",
            tasks=["semantic", "instance", "panoptic"],
        )
        for name, title in (("flat", "Flat colours"), ("flatter", "Flatter colours"))
    }


def install(patch=setattr) -> None:
    """Put the stand-ins in place; ``patch`` is `setattr` or a monkeypatch's."""
    from segcore.ui.compare import results

    patch(results, "predict", predict)
    patch(results, "models", models)
