"""The running means of an epoch."""

from __future__ import annotations

import numpy as np


class Means:
    """Mean loss of the pictures, and mean IoU of all their pixels, since the start.

    The arithmetic of `segcore.training.mean_iou.MeanIoU` on the host, where it costs a
    hundredth of TensorFlow's operations one by one.

    Parameters
    ----------
    classes : int
        Channels of the network's output.
    """

    def __init__(self, classes: int):
        self._loss, self._pictures = 0.0, 0
        self._counts = np.zeros((2, max(2, classes)), np.int64)

    def add(self, loss, counts) -> None:
        """Add a batch: each picture's loss, and what `mean_iou.overlap` counted."""
        losses = np.asarray(loss, np.float64)
        self._loss += float(losses.sum())
        self._pictures += losses.size
        self._counts += np.asarray(counts)

    @property
    def loss(self) -> float:
        """The mean loss; 0 before the first batch."""
        return self._loss / max(1, self._pictures)

    @property
    def mean_iou(self) -> float:
        """The mean IoU of the classes seen, in [0, 1]; 0 before the first batch."""
        intersection, union = self._counts[:, self._counts[1] > 0]
        return float((intersection / union).mean()) if union.size else 0.0
