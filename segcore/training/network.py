"""A network in training: built or loaded as the recipe says, with its two compiled steps."""

from __future__ import annotations

import zlib
from pathlib import Path

import keras
import tensorflow as tf

from segcore import losses, models
from segcore.training.distribution import Team
from segcore.training.mean_iou import overlap
from segcore.training.recipes import Recipe

OPTIMIZERS = {"rmsprop": keras.optimizers.RMSprop, "adam": keras.optimizers.Adam}


class Network:
    """A model with its loss and optimiser.

    Parameters
    ----------
    recipe : Recipe
    checkpoint : Path or None
        A ``.keras`` file with optimiser to go on from.
    init : Path or None
        A ``.keras`` file of the same architecture whose weights to start from.
    team : Team or None
        The replicas that share each batch; None: one.
    """

    def __init__(
        self,
        recipe: Recipe,
        *,
        checkpoint: Path | None = None,
        init: Path | None = None,
        team: Team | None = None,
    ):
        self.strategy = (team or Team()).strategy
        self.loss = losses.make_loss(recipe.loss, recipe.dice_weight)
        if recipe.mixed_precision:
            keras.mixed_precision.set_global_policy("mixed_bfloat16")
        with self.strategy.scope():
            self.model = _model(recipe, checkpoint, init)
            self.model.optimizer.build(self.model.trainable_variables)

    @property
    def classes(self) -> int:
        """Channels of the output."""
        return self.model.output_shape[-1]

    @property
    def checksum(self) -> int:
        """A number that differs if any of the weights does."""
        return zlib.crc32(b"".join(array.tobytes() for array in self.model.get_weights()))

    def set_learning_rate(self, rate: float) -> None:
        """Use another rate from the next step on."""
        self.model.optimizer.learning_rate = rate

    @tf.function(reduce_retracing=True)
    def train(self, pictures, masks, count=None):
        """Make one step with a batch.

        Parameters
        ----------
        pictures, masks : tensors, or what the team's replicas have of them
        count : () int32 tensor or None
            How many of them are pictures; the rest fills up the replicas. None: all.

        Returns
        -------
        loss : (count,) float32, each picture's before the step
        overlap : (2, classes) int64, as `segcore.training.mean_iou.overlap` gives it
        """
        count = tf.shape(masks)[0] if count is None else count
        loss, counts = self.strategy.run(self._train, (pictures, masks, count))
        if self.strategy.num_replicas_in_sync > 1:
            loss = self.strategy.gather(loss, axis=0)[:count]
            counts = self.strategy.reduce("SUM", counts, axis=None)
        return loss, counts

    def _train(self, pictures, masks, count):
        with tf.GradientTape() as tape:
            probabilities = self.model(pictures, training=True)
            loss = self.loss(masks, probabilities)
            mean = tf.reduce_sum(loss) / tf.cast(count, loss.dtype)
        variables = self.model.trainable_variables
        self.model.optimizer.apply(tape.gradient(mean, variables), variables)
        return loss, overlap(masks, probabilities)

    @tf.function(reduce_retracing=True)
    def predict(self, pictures, masks):
        """Return each picture's loss, (batch,), the overlap and the probabilities."""
        probabilities = self.model(pictures, training=False)
        return self.loss(masks, probabilities), overlap(masks, probabilities), probabilities


def _model(recipe: Recipe, checkpoint: Path | None, init: Path | None) -> keras.Model:
    if checkpoint:
        return models.load(checkpoint, optimizer=True)
    model = models.build(
        recipe.architecture, input_shape=(recipe.side, recipe.side, 3), **recipe.options
    )
    if init:
        model.set_weights(models.load(init).get_weights())
    model.compile(OPTIMIZERS[recipe.optimizer](learning_rate=recipe.learning_rate))
    return model
