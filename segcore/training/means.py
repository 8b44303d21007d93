"""The running means of an epoch."""

from __future__ import annotations

import keras

from segcore.training.mean_iou import MeanIoU


class Means:
    """Mean loss of the pictures, and mean IoU of all their pixels, since the start.

    Parameters
    ----------
    classes : int
        Channels of the network's output.
    """

    def __init__(self, classes: int):
        self._loss, self._iou = keras.metrics.Mean(), MeanIoU(classes)

    def add(self, loss, counts) -> None:
        """Add a batch: each picture's loss, and what `mean_iou.overlap` counted."""
        self._loss.update_state(loss)
        self._iou.add(counts)

    @property
    def loss(self) -> float:
        """The mean loss."""
        return float(self._loss.result())

    @property
    def mean_iou(self) -> float:
        """The mean IoU, in [0, 1]."""
        return float(self._iou.result())
