"""What a training writes as it goes: JSON lines, TensorBoard events, predictions as pictures."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf

from segcore import images
from segcore.files import write_atomically
from segcore.training.runs import Run

SCALARS = tf.compat.v1.SummaryMetadata(
    plugin_data=tf.compat.v1.SummaryMetadata.PluginData(plugin_name="scalars")
)


class Recorder:
    """Writes a run's records.

    TensorBoard's event files go to ``tensorboard/training`` (each step and epoch) and
    ``tensorboard/validation`` (each epoch) of the run folder.
    """

    def __init__(self, run: Run):
        self.run = run

    @cached_property
    def _training(self):
        return tf.summary.create_file_writer(str(self.run.folder / "tensorboard" / "training"))

    @cached_property
    def _validation(self):
        return tf.summary.create_file_writer(str(self.run.folder / "tensorboard" / "validation"))

    def step(self, record: dict[str, Any]) -> None:
        """Keep the figures of a step."""
        self.run.append("steps", record)
        with self._training.as_default(record["step"]):
            for name in ("loss", "learning_rate"):
                _scalar(f"step_{name}", record[name])

    def epoch(self, record: dict[str, Any]) -> None:
        """Keep the figures of an epoch."""
        self.run.append("epochs", record)
        for writer, prefix in ((self._training, ""), (self._validation, "val_")):
            with writer.as_default(record["epoch"]):
                for name in ("loss", "mean_iou"):
                    _scalar(f"epoch_{name}", record[prefix + name])
            writer.flush()

    def sample(self, name: str, array: np.ndarray) -> None:
        """Write a picture, (h, w, 3), a bool mask or probabilities in [0, 1], (h, w), as PNG."""
        if array.dtype != bool and array.ndim == 2:
            array = np.round(255 * array)
        array = array if array.dtype == bool else array.astype(np.uint8)
        write_atomically(self.run.samples / f"{name}.png", images.encode_png(array))


def _scalar(name: str, value: float) -> None:
    """Do what tf.summary.scalar does, which needs the package tensorboard."""
    tf.summary.write(name, tf.constant(value, tf.float32), metadata=SCALARS)
