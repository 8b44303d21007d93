"""A promptable model that answers with discs, for tests of what is around it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segcore import images

STEP = 4  # pixels of the picture to one of the logits
RADII = (0.12, 0.2, 0.3)  # of the three masks, in the picture's longer side
SCORES = (0.7, 0.9, 0.8)


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
        self.encoded += 1

    def mask_logits(self, mask: NDArray[np.bool_]) -> NDArray[np.float32]:
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
            masks |= images.resize_mask(mask_input[0] > 0, self.size)
        if box is not None:
            x0, y0, x1, y1 = box
            masks |= (columns > x0) & (columns < x1) & (rows > y0) & (rows < y1)
        for adds in (True, False):
            for (x, y), label in zip(*_points(point_coords, point_labels), strict=True):
                if bool(label) == adds:
                    far = np.hypot(columns - x, rows - y)
                    for mask, radius in zip(masks, RADII, strict=True):
                        mask[far < radius * max(self.size) * (1 if adds else 0.5)] = adds
        logits = np.stack([self.mask_logits(mask) for mask in masks])
        return masks, np.array(SCORES, np.float32), logits


def _points(coords, labels):
    return (coords, labels) if coords is not None else ((), ())
