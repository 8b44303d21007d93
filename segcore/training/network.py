"""A network in training: built or loaded as the recipe says, with its two compiled steps."""

from __future__ import annotations

from pathlib import Path

import keras
import tensorflow as tf

from segcore import losses, models
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
    """

    def __init__(self, recipe: Recipe, *, checkpoint: Path | None = None, init: Path | None = None):
        self.loss = losses.make_loss(recipe.loss, recipe.dice_weight)
        if recipe.mixed_precision:
            keras.mixed_precision.set_global_policy("mixed_bfloat16")
        if checkpoint:
            self.model = models.load(checkpoint, optimizer=True)
            return
        self.model = models.build(
            recipe.architecture, input_shape=(recipe.side, recipe.side, 3), **recipe.options
        )
        if init:
            self.model.set_weights(models.load(init).get_weights())
        self.model.compile(OPTIMIZERS[recipe.optimizer](learning_rate=recipe.learning_rate))

    @property
    def classes(self) -> int:
        """Channels of the output."""
        return self.model.output_shape[-1]

    def set_learning_rate(self, rate: float) -> None:
        """Use another rate from the next step on."""
        self.model.optimizer.learning_rate = rate

    @tf.function(reduce_retracing=True)
    def train(self, pictures, masks):
        """Make one step; return each picture's loss, (batch,), and the probabilities before."""
        with tf.GradientTape() as tape:
            probabilities = self.model(pictures, training=True)
            loss = self.loss(masks, probabilities)
            mean = tf.reduce_mean(loss)
        variables = self.model.trainable_variables
        self.model.optimizer.apply(tape.gradient(mean, variables), variables)
        return loss, probabilities

    @tf.function(reduce_retracing=True)
    def predict(self, pictures, masks):
        """Return each picture's loss, (batch,), and the probabilities."""
        probabilities = self.model(pictures, training=False)
        return self.loss(masks, probabilities), probabilities
