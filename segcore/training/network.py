"""A network in training: built or loaded as the recipe says, with its two compiled steps."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import keras
import tensorflow as tf

from segcore import models
from segcore.training.distribution import Team
from segcore.training.recipes import Recipe
from segcore.training.tasks import task

OPTIMIZERS = {"rmsprop": keras.optimizers.RMSprop, "adam": keras.optimizers.Adam}


class Network:
    """A model with its objective and optimiser.

    Parameters
    ----------
    recipe : Recipe
    checkpoint : Path or None
        A ``.keras`` file with optimiser to go on from.
    init : Path or None
        A ``.keras`` file whose weights to start from: of the same architecture, or of one
        that shares layers with it.
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
        self.objective = task(recipe).objective(recipe)
        if recipe.mixed_precision:
            keras.mixed_precision.set_global_policy("mixed_bfloat16")
        with self.strategy.scope():
            self.model = _model(recipe, checkpoint, init)
            self.model.optimizer.build(self.model.trainable_variables)
        self._train = _Compiled(self._train_batch)
        self._validate = _Compiled(self._validate_batch)

    @property
    def checksum(self) -> int:
        """A number that differs if any of the weights does."""
        return zlib.crc32(b"".join(array.tobytes() for array in self.model.get_weights()))

    def set_learning_rate(self, rate: float) -> None:
        """Use another rate from the next step on."""
        self.model.optimizer.learning_rate = rate

    def train(self, pictures, targets, count=None):
        """Make one step with a batch.

        Parameters
        ----------
        pictures, targets : tensors, or what the team's replicas have of them
        count : () int32 tensor or None
            How many of them are pictures; the rest fills up the replicas. None: all.

        Returns
        -------
        loss : (count,) float32, each picture's before the step
        counts : (2, classes) int64, pixels of intersection and union
        """
        if count is None:
            count = tf.shape(pictures)[0]
        return self._train(pictures, targets, count)

    def validate(self, pictures, targets):
        """Return each picture's loss, (batch,), and the counts of intersection and union."""
        return self._validate(pictures, targets)

    def _train_batch(self, pictures, targets, count):
        loss, counts = self.strategy.run(self._train_replica, (pictures, targets, count))
        if self.strategy.num_replicas_in_sync > 1:
            loss = self.strategy.gather(loss, axis=0)[:count]
            counts = self.strategy.reduce("SUM", counts, axis=None)
        return loss, counts

    def _train_replica(self, pictures, targets, count):
        with tf.GradientTape() as tape:
            loss, counts = self.objective(self.model, pictures, targets, True)
            mean = tf.reduce_sum(loss) / tf.cast(count, loss.dtype)
        variables = self.model.trainable_variables
        self.model.optimizer.apply(tape.gradient(mean, variables), variables)
        return loss, counts

    def _validate_batch(self, pictures, targets):
        return self.objective(self.model, pictures, targets, False)


class _Compiled:
    """A step that is compiled once, for batches of any size.

    The last batch of an epoch is smaller, and `tf.function` alone compiles once more for it,
    which takes as long as the first time; so it does here with what several replicas share.
    """

    def __init__(self, step: Callable):
        self._function = tf.function(step, reduce_retracing=True, autograph=False)
        self._called = False

    def __call__(self, *arguments):
        if not self._called and all(map(tf.is_tensor, tf.nest.flatten(arguments))):
            self._function.get_concrete_function(*tf.nest.map_structure(_of_any_size, arguments))
        self._called = True
        return self._function(*arguments)


def _of_any_size(tensor: tf.Tensor) -> tf.TensorSpec:
    """Describe what is like a tensor but for its number of rows."""
    shape = [None, *tensor.shape[1:]] if tensor.shape.rank else []
    return tf.TensorSpec(shape, tensor.dtype)


def _model(recipe: Recipe, checkpoint: Path | None, init: Path | None) -> keras.Model:
    if checkpoint:
        return models.load(checkpoint, optimizer=True)
    model = models.build(
        recipe.architecture, input_shape=(recipe.side, recipe.side, 3), **recipe.options
    )
    if init:
        _start_from(model, models.load(init))
    model.compile(OPTIMIZERS[recipe.optimizer](learning_rate=recipe.learning_rate))
    return model


def _start_from(model: keras.Model, other: keras.Model) -> None:
    """Take over all weights of an equal network, or what another one has by path and shape.

    Raises
    ------
    ValueError
        If an equal network's differ in shape, or another one has none.
    """
    if other.name == model.name:
        model.set_weights(other.get_weights())
        return
    known = {w.path: w for w in other.weights}
    shared = [w for w in model.weights if w.path in known and w.shape == known[w.path].shape]
    if not shared:
        raise ValueError(
            f"{other.name} has no weights that {model.name} could start from; name a .keras file "
            "of the same network or of one with the same encoder."
        )
    for weight in shared:
        weight.assign(known[weight.path])
    print(f"{len(shared)} of {len(model.weights)} tensors start from {other.name}", flush=True)
