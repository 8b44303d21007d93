"""segcore.unet.regularisation against Keras and against what its papers promise."""

import keras
import numpy as np
import pytest

from segcore.unet import regularisation
from segcore.unet.regularisation import Averages

RNG = np.random.default_rng(3)
MAPS = RNG.uniform(0.5, 1.5, (24, 24, 8)).astype(np.float32)


@pytest.mark.parametrize("whole_channels", [False, True])
@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout_keeps_the_expectation(rate, whole_channels):
    draws = [regularisation.dropout(MAPS, rate, seed, whole_channels) for seed in range(400)]
    mean = np.mean([values.mean() for values, _ in draws])
    kept = np.mean([kept.mean() for _, kept in draws])
    assert mean == pytest.approx(MAPS.mean(), rel=0.15)
    assert kept == pytest.approx(1 - rate, abs=0.05)


@pytest.mark.parametrize("whole_channels", [False, True])
def test_dropout_scales_what_it_keeps(whole_channels):
    values, kept = regularisation.dropout(MAPS, 0.25, 1, whole_channels)
    np.testing.assert_allclose(values[kept], MAPS[kept] / 0.75, rtol=1e-6)
    assert not values[~kept].any() and not kept.all()
    if whole_channels:
        assert np.all(kept == kept[:1, :1])
    assert values.dtype == np.float32


def test_dropout_is_seeded_and_a_higher_rate_drops_more_of_the_same():
    some, more = (regularisation.dropout(MAPS, rate, 5)[1] for rate in (0.2, 0.6))
    assert not (more & ~some).any()
    np.testing.assert_array_equal(some, regularisation.dropout(MAPS, 0.2, 5)[1])


def test_a_rate_of_0_changes_nothing_and_one_of_1_is_refused():
    np.testing.assert_array_equal(regularisation.dropout(MAPS, 0, 1)[0], MAPS)
    with pytest.raises(ValueError, match="rate is 1"):
        regularisation.dropout(MAPS, 1, 1)


def test_batch_normalisation_is_keras_in_both_modes():
    gamma, beta = 1.7, -0.4
    layer = keras.layers.BatchNormalization()
    layer.build((None, 5, 6, 3))
    layer.set_weights([np.full(3, gamma), np.full(3, beta), np.zeros(3), np.ones(3)])
    averages = Averages.start(3)
    for i in range(4):
        batch = RNG.normal(2 * i, 1 + i, (2, 5, 6, 3)).astype(np.float32)
        trained = np.asarray(layer(batch, training=True))
        np.testing.assert_allclose(
            regularisation.normalise(batch, None, gamma, beta), trained, atol=1e-5
        )
        averages = regularisation.update(averages, regularisation.statistics(batch))
        np.testing.assert_allclose(averages.mean, layer.moving_mean, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(averages.variance, layer.moving_variance, rtol=1e-5)
        predicted = np.asarray(layer(batch, training=False))
        np.testing.assert_allclose(
            regularisation.normalise(batch, averages, gamma, beta), predicted, rtol=1e-4, atol=1e-5
        )


def test_a_batch_comes_out_with_beta_and_gamma():
    (batch,) = regularisation.activation_batches(0, 1, batches=1)
    result = regularisation.normalise(5 * batch + 9, None, gamma=2, beta=3)
    assert result.mean() == pytest.approx(3, abs=1e-4)
    assert result.std() == pytest.approx(2, rel=1e-3)


def test_batches_drift_and_grow():
    batches = regularisation.activation_batches(2, 1.5)
    assert [round(float(batch.mean())) for batch in batches] == [0, 2, 4]
    assert [float(batch.std()) for batch in batches] == pytest.approx([1, 1.5, 2.25], rel=0.1)


def test_each_filter_answers_to_its_direction():
    down, right = np.mgrid[:9, :9].astype(np.float32)
    steps = {
        "down": down,
        "up": -down,
        "right": right,
        "left": -right,
        "right-down": right + down,
        "left-up": -right - down,
        "right-up": right - down,
        "left-down": down - right,
    }
    for direction, picture in steps.items():
        strength = regularisation.feature_maps(picture)[4, 4]
        assert regularisation.DIRECTIONS[int(strength.argmax())] == direction


def test_a_flat_picture_has_no_edges():
    assert not regularisation.feature_maps(np.ones((5, 7), np.float32)).any()
