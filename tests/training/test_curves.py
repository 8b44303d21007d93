"""`segcore.training.curves` and `verdict`: what the charts show and the page says of them."""

import math

import numpy as np
import pytest

from segcore.training.curves import axis, downsample, smooth, steps_per_epoch
from segcore.training.logs import Log
from segcore.training.verdict import best_epoch, overfitting, time_left

# === Fewer points ===


@pytest.mark.parametrize("count", [1, 2, 3, 1499, 1500, 1501, 2999, 10_000, 99_991])
@pytest.mark.parametrize("limit", [4, 5, 100, 1500])
def test_few_points_that_keep_the_shape(count: int, limit: int) -> None:
    rng = np.random.default_rng(count)
    x, y = np.arange(count) * 0.5, np.cumsum(rng.standard_normal(count))
    few_x, few_y = downsample(x, y, limit)
    assert len(few_x) == len(few_y) <= limit
    assert (np.diff(few_x) > 0).all(), "in order, each once"
    assert set(zip(few_x, few_y, strict=True)) <= set(zip(x, y, strict=True)), "points of it"
    assert (few_y.min(), few_y.max()) == (y.min(), y.max())
    assert (few_x[0], few_x[-1], few_y[-1]) == (x[0], x[-1], y[-1])
    if count <= limit:
        assert few_y.tolist() == y.tolist()


def test_a_spike_of_one_step_survives() -> None:
    y = np.ones(50_000)
    y[31_415] = 9
    x, few = downsample(np.arange(50_000.0), y)
    assert few.max() == 9 and x[few.argmax()] == 31_415


def test_what_is_not_finite_is_left_out() -> None:
    y = np.array([1, np.nan, 3, np.inf, 5.0])
    x, few = downsample(np.array([0, 1, np.nan, 3, 4.0]), y)
    assert (x.tolist(), few.tolist()) == ([0, 4], [1, 5])
    x, few = downsample(np.arange(4000.0), np.full(4000, np.nan))
    assert len(x) == len(few) == 0


# === Smoothing ===


def test_smoothing_as_tensorboard() -> None:
    values, weight = np.array([3.0, 1.0, 4.0, 1.0, 5.0]), 0.6
    last, wanted = 0.0, []
    for count, value in enumerate(values, 1):
        last = last * weight + (1 - weight) * value
        wanted.append(last / (1 - weight**count))
    np.testing.assert_allclose(smooth(values, weight), wanted, rtol=1e-12)


def test_smoothing_at_its_limits() -> None:
    values = np.array([np.nan, 2.0, np.nan, 2.0, np.inf, 2.0])
    np.testing.assert_allclose(smooth(values, 0.99), values, err_msg="a constant stays one")
    assert smooth(values, 0) is values
    assert smooth(np.array([]), 0.5).tolist() == []
    noise = np.random.default_rng(0).standard_normal(5000)
    assert smooth(noise, 0.999)[-1] == pytest.approx(0, abs=0.1)
    for weight in (-0.1, 1, math.nan):
        with pytest.raises(ValueError, match="from 0 to below 1"):
            smooth(values, weight)


# === The x axis ===


def three_epochs() -> Log:
    """4 steps an epoch, in the middle of the third."""
    step = np.arange(1.0, 11)
    return Log(
        {"step": step, "epoch": np.ceil(step / 4), "elapsed": 2 * step, "seconds": 1 + 0 * step},
        {"epoch": np.array([1.0, 2.0]), "elapsed": np.array([9.0, 18]), "seconds": np.full(2, 9.0)},
    )


def test_what_x_is() -> None:
    log = three_epochs()
    assert steps_per_epoch(log) == 4
    assert axis(log, "steps", "step").tolist() == list(range(1, 11))
    assert axis(log, "steps", "epoch").tolist() == [i / 4 for i in range(1, 11)]
    assert axis(log, "steps", "time").tolist() == list(range(2, 21, 2))
    assert axis(log, "epochs", "step").tolist() == [4, 8]
    assert axis(log, "epochs", "epoch").tolist() == [1, 2]
    assert axis(log, "epochs", "time").tolist() == [9, 18]
    with pytest.raises(ValueError, match="accepted are step, epoch, time"):
        axis(log, "steps", "hour")


def test_what_x_is_when_little_is_known() -> None:
    old = Log({"step": np.array([1.0, 2]), "seconds": np.array([3.0, 4])}, {})
    assert axis(old, "steps", "time").tolist() == [3, 7], "runs before there was elapsed"
    assert np.isnan(axis(old, "steps", "epoch")).all()
    assert axis(Log(), "epochs", "time").tolist() == []
    first = Log({"step": np.array([1.0, 2]), "epoch": np.ones(2)}, {})
    assert math.isnan(steps_per_epoch(first)), "the first epoch has not ended"
    assert steps_per_epoch(Log(first.steps, {"epoch": np.ones(1)})) == 2


# === The best epoch ===


@pytest.mark.parametrize(
    ("columns", "best"),
    [
        ({}, None),
        ({"val_mean_iou": [0.1, 0.5, 0.5]}, 2),  # the first, as best.keras
        ({"val_mean_iou": [0.1, np.nan, 0.05], "val_loss": [3, 1, 2]}, 1),
        ({"val_loss": [3, np.inf, 2]}, 3),
        ({"val_mean_iou": [np.nan] * 3, "val_loss": [1, 2, 3]}, 1),
        ({"mean_iou": [1, 2, 3]}, 3),
        ({"loss": [3, 1, 2]}, 2),
    ],
)
def test_best_epoch(columns: dict[str, list[float]], best: int | None) -> None:
    table = {"epoch": np.arange(1.0, 4)} | {k: np.array(v, float) for k, v in columns.items()}
    assert best_epoch(Log({}, table)) == best
    assert best_epoch(Log()) is None


# === Overfitting ===


def curves(training: np.ndarray, validation: np.ndarray) -> Log:
    epoch = np.arange(1.0, len(training) + 1)
    return Log({}, {"epoch": epoch, "loss": training, "val_loss": validation})


E40 = np.arange(40)
LEARNS = 0.6 * np.exp(-E40 / 10) + 0.05


def test_a_turned_validation_loss_is_told_in_words() -> None:
    validation = np.where(E40 < 12, 1 - 0.05 * E40, 0.45 + 0.02 * (E40 - 11))
    text = overfitting(curves(LEARNS, validation))
    assert text and "lowest in epoch 12;" in text
    assert "has risen by 111 %" in text, "from 0.47 to 0.99, the medians of three epochs"
    assert "training loss has fallen by" in text and text.endswith("help.")


@pytest.mark.parametrize("noise", [0.01, 0.05, 0.1])
def test_the_turn_is_found_in_noise_and_only_there(noise: float) -> None:
    falls = 0.4 + 0.3 * np.exp(-E40 / 3)
    turns = falls + 0.02 * np.maximum(0, E40 - 8)
    found = false = 0
    for seed in range(200):
        factor = 1 + noise * np.random.default_rng(seed).standard_normal(40)
        found += overfitting(curves(LEARNS, turns * factor)) is not None
        false += overfitting(curves(LEARNS, falls * factor)) is not None
    assert found >= 195
    assert false <= 2, "a plateau with noise is no turn"


@pytest.mark.parametrize(
    ("training", "validation"),
    [
        (LEARNS, LEARNS + 0.1),  # both fall
        (LEARNS[::-1], 0.1 + LEARNS[::-1]),  # both rise: the training has gone wrong
        (np.full(40, 0.3), np.where(E40 < 20, 0.5, 0.8)),  # nothing is learnt
        (LEARNS, np.where(E40 == 39, 5.0, 0.4)),  # a spike
        (LEARNS, np.where(E40 == 30, 0.05, 0.4)),  # a lucky epoch
        (LEARNS, np.where(E40 < 36, 0.8 - 0.01 * E40, 0.45 + 0.1 * (E40 - 35))),  # too fresh
        (LEARNS, 0.5 + 0.0005 * E40),  # by less than 5 %
        (LEARNS[:7], np.linspace(0.1, 0.9, 7)),  # too short
        (LEARNS, np.full(40, np.nan)),
        (LEARNS - 1, E40 - 1.0),  # per cent of nothing
    ],
)
def test_no_false_alarm(training: np.ndarray, validation: np.ndarray) -> None:
    assert overfitting(curves(training, validation)) is None


def test_nothing_to_judge() -> None:
    assert overfitting(Log()) is None
    assert overfitting(Log({}, {"epoch": np.arange(40.0), "loss": LEARNS})) is None


# === Time left ===


def test_time_left() -> None:
    log = three_epochs()
    assert time_left(log, epochs=10) == pytest.approx(9 * 7.5), "half of the third is done"
    assert time_left(log, epochs=2) == 0
    begun = Log({k: v[:3] for k, v in log.steps.items()}, {})
    assert time_left(begun, epochs=2) is None, "the first epoch may have any length"
    assert time_left(begun, epochs=2, steps=4) == pytest.approx(2 * (8 - 3))
    without = {k: v for k, v in begun.steps.items() if k != "elapsed"}
    assert time_left(Log(without, {}), epochs=2, steps=4) == pytest.approx(8 - 3)
    assert time_left(Log(), epochs=2, steps=4) is None
