"""The compiled steps of a network in training."""

import tensorflow as tf

from segcore.training.network import Network
from segcore.training.recipes import Recipe

from .conftest import TINY


def test_a_step_is_compiled_once_for_batches_of_any_size() -> None:
    network = Network(Recipe.from_dict(TINY))
    for size in (4, 1, 3):
        pictures = tf.random.stateless_uniform((size, 32, 32, 3), (size, 0))
        targets = tf.round(pictures[..., :1])
        loss, counts = network.train(pictures, targets, tf.constant(size))
        assert loss.shape == (size,) and counts.shape[0] == 2
        assert network.validate(pictures, targets)[0].shape == (size,)
    for step in (network._train, network._validate):
        assert step._function.experimental_get_tracing_count() == 1
