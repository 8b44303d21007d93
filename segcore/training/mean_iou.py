"""The Keras metric ``mean_iou`` that trainings report."""

from __future__ import annotations

import keras
from keras import ops


class MeanIoU(keras.metrics.Metric):
    """Mean over the classes of the IoU of all pixels seen since the last reset.

    The binary task (``classes=1``) has two classes: foreground, a probability of at least
    0.5, and background. A class absent from both targets and predictions is left out of
    the mean, as in `segcore.metrics`; with no class at all the result is 0.

    Parameters
    ----------
    classes : int
        Channels of the network's output.
    """

    def __init__(self, classes: int = 1, name: str = "mean_iou", **kwargs):
        super().__init__(name=name, **kwargs)
        self.classes = classes
        shape = (max(2, classes),)
        self.intersection = self.add_weight(
            name="intersection", shape=shape, dtype="int64", initializer="zeros"
        )
        self.union = self.add_weight(name="union", shape=shape, dtype="int64", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Add a batch: one-hot targets and probabilities, (batch, height, width, classes).

        Pixels with a target above 1 are void and count for nothing.
        """
        self.add(overlap(y_true, y_pred))

    def add(self, counts):
        """Add what `overlap` counted, (2, classes) integers."""
        self.intersection.assign_add(counts[0])
        self.union.assign_add(counts[1])

    def result(self):
        """Return the mean over the classes seen, float32 in [0, 1]."""
        union = ops.cast(self.union, "float32")
        seen = ops.cast(union > 0, "float32")
        iou = ops.cast(self.intersection, "float32") / ops.maximum(union, 1)
        return ops.sum(iou * seen) / ops.maximum(ops.sum(seen), 1)

    def get_config(self):
        """Return what rebuilds the metric."""
        return {**super().get_config(), "classes": self.classes}


def overlap(y_true, y_pred):
    """Count the pixels of intersection and union of each class.

    Takes what `MeanIoU.update_state` takes; returns (2, classes) int64, for the binary
    task (2, 2): background and foreground.
    """
    if y_pred.shape[-1] == 1:
        predicted = ops.concatenate([y_pred < 0.5, y_pred >= 0.5], -1)
        true = ops.concatenate([y_true < 0.5, y_true >= 0.5], -1)
    else:
        predicted = ops.one_hot(ops.argmax(y_pred, -1), y_pred.shape[-1], dtype="bool")
        true = y_true >= 0.5
    valid = ops.max(y_true, axis=-1, keepdims=True) <= 1
    true, predicted = ops.logical_and(true, valid), ops.logical_and(predicted, valid)
    return ops.stack(
        [_count(ops.logical_and(true, predicted)), _count(ops.logical_or(true, predicted))]
    )


def _count(pixels):
    return ops.sum(ops.cast(pixels, "int64"), axis=(0, 1, 2))
