"""Reliability and calibration error against a loop, and by their laws."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from segcore.metrics import CalibrationMeter, calibration

CASES = 1000
NAN = math.nan
properties = settings(deadline=None, derandomize=True)


def same(value, expected):
    return np.allclose(value, expected, rtol=0, atol=1e-9, equal_nan=True)


def by_loop(pictures, bins, confidence):
    """Lists of (probability, right) for each bin, one pixel at a time."""
    filled = [[] for _ in range(bins)]
    for probability, target, ignore in pictures:
        for index, raw in np.ndenumerate(probability):
            if ignore is not None and ignore[index]:
                continue
            p = int(raw) / 255 if probability.dtype == np.uint8 else float(raw)
            right = bool(target[index])
            if confidence:
                p, right = (p, right) if p >= 0.5 else (1 - p, not right)
            k = next(k for k in range(bins) if p <= (k + 1) / bins)
            filled[k].append((p, right))
    return filled


def random_pictures(rng, eight_bit):
    for _ in range(rng.integers(1, 4)):
        shape = tuple(rng.integers(1, 7, 2))
        probability = rng.choice([0, 0.1, 0.2, 0.5, 1, *rng.random(4)], shape)
        if eight_bit:
            probability = np.round(255 * probability).astype(np.uint8)
        elif rng.random() < 0.5:
            probability = probability.astype(np.float32)
        target = rng.random(shape) < 0.5
        yield probability, target, rng.random(shape) < 0.3 if rng.random() < 0.5 else None


@pytest.mark.parametrize("confidence", [False, True])
def test_diagram_and_errors_equal_a_loop(confidence):
    rng = np.random.default_rng(1)
    for case in range(CASES):
        bins = int(rng.choice([1, 2, 3, 10, 15]))
        pictures = list(random_pictures(rng, eight_bit=case % 2))
        meter = CalibrationMeter(bins, confidence)
        for picture in pictures:
            meter.update(*picture)
        diagram, filled = meter.result(), by_loop(pictures, bins, confidence)
        assert diagram.pixels.tolist() == [len(b) for b in filled]
        assert diagram.right.tolist() == [sum(right for _, right in b) for b in filled]
        means = [
            [sum(x) / len(x) for x in zip(*b, strict=True)] if b else [NAN] * 2 for b in filled
        ]
        assert same(np.transpose([diagram.probability, diagram.frequency]), means)
        gaps, total = [abs(p - f) for p, f in means], sum(map(len, filled))
        weighted = [len(b) * gap / total for b, gap in zip(filled, gaps, strict=True) if b]
        assert same(diagram.ece, sum(weighted) if total else NAN)
        assert same(diagram.mce, max(g for g in gaps if g == g) if total else NAN)


@pytest.mark.parametrize("block", [1, 3, 1000])
def test_result_is_the_same_in_any_block(monkeypatch, block):
    rng = np.random.default_rng(2)
    probability, target = rng.random((7, 9)), rng.random((7, 9)) < 0.5
    results = []
    for size in (block, 1 << 18):
        monkeypatch.setattr(calibration, "_BLOCK", size)
        meter = CalibrationMeter()
        meter.update(probability, target)
        results.append(meter.result())
    assert results[0].pixels.tolist() == results[1].pixels.tolist()
    assert same(results[0].ece, results[1].ece)


def measured(probability, target, **options):
    meter = CalibrationMeter(**options)
    meter.update(np.array([probability]), np.array([target]))
    return meter.result()


@pytest.mark.parametrize(
    ("reason", "probability", "target", "ece", "mce"),
    [
        ("sure and right", [0.0, 1.0], [0, 1], 0, 0),
        ("sure and wrong", [0.0, 1.0], [1, 0], 1, 1),
        ("honest doubt", [0.5, 0.5], [0, 1], 0, 0),
        ("0.9, right half of the time", [0.9, 0.9], [0, 1], 0.4, 0.4),
        ("bins weigh by pixels", [0.9, 0.9, 0.9, 0.1], [1, 1, 1, 1], (0.3 + 0.9) / 4, 0.9),
        ("no pixels", np.zeros(0), np.zeros(0, bool), NAN, NAN),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_edges(reason, probability, target, ece, mce):
    diagram = measured(probability, target, bins=10)
    assert same([diagram.ece, diagram.mce], [ece, mce]), reason
    assert type(diagram.ece) is type(diagram.mce) is float


def test_bins_are_open_below_and_closed_above():
    ends = [k / 10 for k in range(11)]
    assert measured(ends, [0] * 11, bins=10).pixels.tolist() == [2, *[1] * 9]
    just_above = [np.nextafter(k / 10, 1) for k in range(10)]
    assert measured(just_above, [0] * 10, bins=10).pixels.tolist() == [1] * 10


def test_confidence_of_two_classes_is_at_least_a_half():
    assert measured([0.1, 0.9, 0.5], [0, 0, 1], bins=2, confidence=True).right.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: CalibrationMeter(0), "bins is 0"),
        (lambda: measured([1.5], [1]), "probability holds 1.5.*sigmoid"),
        (lambda: measured([-0.5, 2], [1, 1]), "probability holds -0.5"),
        (lambda: measured([NAN], [1]), "probability holds nan"),
        (lambda: measured([1], [1]), "probability has dtype int64.*uint8 or float"),
        (lambda: measured([0.5], [2]), "target holds 2"),
        (lambda: measured([0.5, 0.5], [1]), r"probability has shape \(1, 2\).*\(1, 1\)"),
    ],
)
def test_misuse_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@properties
@given(
    hnp.arrays(np.uint8, (4, 6)),
    hnp.arrays(bool, (4, 6)),
    st.integers(1, 20),
    st.integers(0, 4),
)
def test_laws(probability, target, bins, cut):
    meter, parts, mirrored = (CalibrationMeter(bins) for _ in range(3))
    meter.update(probability, target)
    for rows in (slice(cut), slice(cut, None)):
        parts.update(probability[rows], target[rows])
    mirrored.update(255 - probability, ~target)
    diagram = meter.result()
    assert 0 <= diagram.ece <= diagram.mce + 1e-12 <= 1 + 2e-12
    assert diagram.pixels.sum() == target.size and diagram.right.sum() == target.sum()
    assert same(diagram.mass, parts.result().mass) and same(diagram.ece, parts.result().ece)
    if bins == 1:  # no bin's end can fall on a probability
        assert same(diagram.ece, mirrored.result().ece)
        bias = Fraction(int(probability.sum()), 255) - int(target.sum())
        assert same(diagram.ece, float(abs(bias) / target.size))
