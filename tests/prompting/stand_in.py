"""A promptable model that answers with discs, for tests of what is around it."""

from __future__ import annotations

from time import sleep
from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray

from segcore import images
from segcore.class_sets import ClassSet
from segcore.inference.prompt import Masks
from segcore.labels import Instances
from segcore.objects import MaskedObject, Patch

STEP = 4  # pixels of the picture to one of the logits
RADII = (0.2, 0.12, 0.3)  # of the three masks, in the picture's longer side
SCORES = (0.9, 0.8, 0.7)


class StandIn:
    """Discs around the clicks that add, without those around the clicks that subtract.

    A box gives its own pixels; a mask that is brought is joined. `calls` has the arguments of
    each prediction and `encoded` counts the pictures.
    """

    def __init__(self, *_):
        self.calls: list[dict] = []
        self.encoded = 0

    def set_image(self, picture: NDArray[np.uint8]) -> None:
        self.size = picture.shape[:2]
        self.embedding = SimpleNamespace(seconds={"encoder": 0.1}, device="CPU")
        self.encoded += 1

    def mask_input(self, mask: NDArray[np.bool_]) -> NDArray[np.float32]:
        small = tuple(max(1, side // STEP) for side in mask.shape)
        return np.where(images.resize_mask(mask, small), 8, -8).astype(np.float32)

    def predict(
        self,
        point_coords=None,
        point_labels=None,
        box=None,
        mask_input=None,
        multimask_output=True,
    ):
        self.calls.append(
            {"points": point_coords, "labels": point_labels, "box": box, "mask": mask_input}
        )
        rows, columns = np.mgrid[: self.size[0], : self.size[1]] + 0.5
        masks = np.zeros((3, *self.size), bool)
        if mask_input is not None:
            masks |= images.resize_mask(mask_input > 0, self.size)
        if box is not None:
            x0, y0, x1, y1 = box
            masks |= (columns > x0) & (columns < x1) & (rows > y0) & (rows < y1)
        for adds in (True, False):
            for (column, row), label in zip(*_points(point_coords, point_labels), strict=True):
                if bool(label) == adds:
                    far = np.hypot(columns - column - 0.5, rows - row - 0.5)
                    for mask, radius in zip(masks, RADII, strict=True):
                        mask[far < radius * max(self.size) * (1 if adds else 0.5)] = adds
        logits = np.stack([self.mask_input(mask) for mask in masks])
        count = 3 if multimask_output else 1
        return Masks(masks[:count], np.array(SCORES, np.float32)[:count], logits[:count])


def _points(coords, labels):
    return (coords, labels) if coords is not None else ((), ())


def everything(encoded, card, device, least, progress, *, waits: bool = False) -> Instances:
    """Find six squares in a row, a click each, with less and less predicted IoU.

    One that waits goes no further than the third until it is stopped, for a minute or two.
    """
    side, found = min(encoded.size) // 8, []
    for number in range(6):
        patch = Patch(side, number * side, np.ones((side, side), bool))
        found += [MaskedObject(patch, 0.95 - number / 10)] if 0.95 - number / 10 >= least else []
        patience = 1000 if waits and number == 2 else 0
        while (going := progress(number + 1, 6)) and patience:
            patience -= 1
            sleep(0.1)
        if not going:
            break
    about = (encoded.size, encoded.size, ClassSet("unnamed", ()), "discs", "CPU")
    return Instances(*about, objects=tuple(found))
