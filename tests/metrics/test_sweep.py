"""The threshold sweep against one count for each threshold, pairs of pixels, and its laws."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from segcore.metrics import (
    Counts,
    SweepMeter,
    count,
    dice,
    iou,
    precision,
    recall,
    sweep,
)

CASES = 1000
NAN = math.nan
properties = settings(deadline=None, derandomize=True)


def same(value, expected):
    return np.allclose(value, expected, rtol=0, atol=1e-12, equal_nan=True)


def swept(*pictures, **options):
    meter = SweepMeter(**options)
    for picture in pictures:
        meter.update(*picture)
    return meter.result()


def random_pictures(rng, eight_bit):
    density = rng.choice([0, 0.3, 0.7, 1], p=[0.1, 0.4, 0.4, 0.1])
    few = rng.random(3)
    for _ in range(rng.integers(1, 4)):
        shape = tuple(rng.integers(1, 7, 2))
        target = rng.random(shape) < density
        noise = rng.choice([0, 0.5, 1, *few], shape)
        probability = np.where(rng.random(shape) < 0.5, noise, np.clip(target - noise / 2, 0, 1))
        if eight_bit:
            probability = np.round(255 * probability).astype(np.uint8)
        yield probability, target, rng.random(shape) < 0.3 if rng.random() < 0.5 else None


def kept(pictures):
    """All probabilities in [0, 1] and all truths of the pixels that are not ignored."""
    values, truths = [], []
    for probability, target, ignore in pictures:
        keep = np.ones(target.shape, bool) if ignore is None else ~ignore
        scale = 255 if probability.dtype == np.uint8 else 1
        values += (probability[keep] / scale).tolist()
        truths += target[keep].tolist()
    return np.array(values), np.array(truths, bool)


def f_beta(counts, beta):
    p, r = precision(counts), recall(counts)
    return (1 + beta**2) * p * r / (beta**2 * p + r) if p + r > 0 else dice(counts)


# === Every threshold ===


@pytest.mark.parametrize("eight_bit", [False, True])
def test_every_threshold_equals_a_count_of_its_own(eight_bit):
    rng = np.random.default_rng(1)
    for _ in range(CASES // 2):
        pictures = list(random_pictures(rng, eight_bit))
        result = swept(*pictures, levels=16)
        steps = 255 if eight_bit else 16
        assert result.thresholds.tolist() == [*(np.arange(steps + 1) / steps), math.inf]
        values, truths = kept(pictures)
        for k in rng.choice(steps + 2, 6):
            t = result.thresholds[k]
            counts = count([truths], [values >= t])
            assert result.counts(t) == counts
            assert same(result.precision[k], precision(counts))
            assert same(result.recall[k], recall(counts))
            assert same(result.iou[k], iou(counts)) and same(result.dice[k], dice(counts))
            assert same(result.f_beta(2)[k], f_beta(counts, 2))
            negatives = counts.fp + counts.tn
            assert same(result.false_positive_rate[k], counts.fp / negatives if negatives else NAN)


def test_best_threshold_equals_a_search_over_all():
    rng = np.random.default_rng(2)
    undefined = 0
    for _ in range(CASES):
        pictures = list(random_pictures(rng, eight_bit=True))
        result, (values, truths) = swept(*pictures), kept(pictures)
        if not truths.any():
            assert same(result.best("iou"), [NAN, NAN])
            undefined += 1
            continue
        levels = np.arange(256) / 255
        ordered = sorted(levels, key=lambda t: (abs(t - 0.5), t))
        candidates = ordered[:6] + list(rng.choice(levels, 6)) + sorted(set(values))
        for metric, reference, beta in (
            ("iou", iou, 1),
            ("dice", dice, 1),
            ("f_beta", lambda c: f_beta(c, 0.5), 0.5),
        ):
            threshold, value = result.best(metric, beta)
            assert same(value, reference(count([truths], [values >= threshold])))
            for t in candidates:
                other = reference(count([truths], [values >= t]))
                assert other <= value + 1e-12
                assert other < value - 1e-12 or abs(threshold - 0.5) <= abs(t - 0.5) + 1e-12
    assert undefined < CASES / 2


# === Areas ===


def test_areas_equal_pairs_and_ranks_of_pixels():
    rng = np.random.default_rng(3)
    for case in range(CASES):
        pictures = list(random_pictures(rng, eight_bit=True))
        result, (values, truths) = swept(*pictures), kept(pictures)
        high, low = values[truths][:, None], values[~truths]
        wins = (high > low).mean() + (high == low).mean() / 2 if high.size and low.size else NAN
        assert same(result.auc, wins), case
        steps, before = 0.0, 0.0
        for t in sorted(set(values), reverse=True):
            counts = count([truths], [values >= t])
            steps += (recall(counts) - before) * precision(counts)
            before = recall(counts)
        assert same(result.average_precision, steps if truths.any() else NAN)


@pytest.mark.parametrize(
    ("reason", "probability", "target", "auc", "average"),
    [
        ("perfect", [0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1], 1, 1),
        ("upside down", [0.9, 0.1], [0, 1], 0, 1 / 2),
        ("all the same", [0.5] * 4, [0, 0, 0, 1], 1 / 2, 1 / 4),
        ("no positives", [0.5, 0.1], [0, 0], NAN, NAN),
        ("no negatives", [0.5, 0.1], [1, 1], NAN, 1),
        ("no pixels", [], [], NAN, NAN),
        ("sure of all, both ends", [0.0, 1.0], [0, 1], 1, 1),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_edges(reason, probability, target, auc, average):
    result = swept((np.array([probability], float), np.array([target], bool)))
    assert same([result.auc, result.average_precision], [auc, average]), reason


def test_no_picture_is_no_pixel():
    result = swept()
    assert result.counts(0.5) == Counts() and len(result.thresholds) == 1026
    assert same(result.best(), [NAN, NAN])


def test_thresholds_of_floats_are_exact_powers_of_two():
    below = np.nextafter(0.25, 0)
    result = swept((np.array([[0.25, below]]), np.array([[1, 0]])), levels=4)
    assert result.counts(0.25) == Counts(tp=1, tn=1)
    assert result.best() == (0.25, 1.0)


def test_equally_good_thresholds_give_the_one_nearest_a_half():
    result = swept((np.array([[0.1, 0.9]]), np.array([[0, 1]])))
    assert result.best() == (0.5, 1.0)


@pytest.mark.parametrize("block", [1, 3, 1000])
def test_result_is_the_same_in_any_block(monkeypatch, block):
    rng = np.random.default_rng(4)
    picture = rng.random((7, 9)), rng.random((7, 9)) < 0.5
    whole = swept(picture)
    monkeypatch.setattr(sweep, "_BLOCK", block)
    assert (swept(picture).tp == whole.tp).all() and (swept(picture).fp == whole.fp).all()


HALF = (np.array([[0.5]]), np.array([[1]]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: SweepMeter(100), "levels is 100.*power of two"),
        (lambda: SweepMeter(0), "levels is 0"),
        (lambda: swept(HALF, (np.array([[128]], np.uint8), np.array([[1]]))), "uint8 in some"),
        (lambda: swept((HALF[0] * 3, HALF[1])), "probability holds 1.5"),
        (lambda: swept((HALF[0], HALF[1] * 255)), "target holds 255"),
        (lambda: swept(HALF).best("mean"), "metric is 'mean'.*'iou', 'dice' or 'f_beta'"),
        (lambda: swept(HALF).best("f_beta", 0), "beta is 0"),
    ],
)
def test_misuse_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@properties
@given(hnp.arrays(np.uint8, (4, 6)), hnp.arrays(bool, (4, 6)), st.integers(0, 4))
def test_laws(probability, target, cut):
    result = swept((probability, target))
    parts = swept((probability[:cut], target[:cut]), (probability[cut:], target[cut:]))
    assert (result.tp == parts.tp).all() and (result.fp == parts.fp).all()
    assert (np.diff(result.tp) <= 0).all() and (np.diff(result.fp) <= 0).all()
    assert same(result.iou, result.dice / (2 - result.dice))
    inverted = swept((255 - probability, ~target))
    assert same(result.auc, inverted.auc)  # ranks are what counts
    halved = swept((probability // 2, target))
    if target.any() and len(np.unique(probability // 2)) == len(np.unique(probability)):
        assert same(result.auc, halved.auc)
        assert same(result.average_precision, halved.average_precision)
        assert same(result.best()[1], halved.best()[1])
