"""What a box says of its object, against a plain search."""

import itertools

import numpy as np
import pytest

from segcore.inference.box_prompt import DISTANCE, FILLING, LEVELS, fill, window


def plain(logits, scores, box):
    """Try all masks at all levels, pixel by pixel."""
    best = []
    for mask, score in zip(logits, scores, strict=True):
        tries = []
        for level in LEVELS:
            cells = [
                (x, y)
                for y, x in itertools.product(*map(range, mask.shape))
                if mask[y, x] > level
                and x + 1 > box[0]
                and x < box[2]
                and y + 1 > box[1]
                and y < box[3]
            ]
            width, height = (
                max(places) - min(places) + 1 if cells else 0
                for places in (zip(*cells, strict=True) if cells else ((), ()))
            )
            share = min(1.0, width * height / ((box[2] - box[0]) * (box[3] - box[1])))
            tries.append((FILLING * share - DISTANCE * level**2, -abs(level), level))
        value, _, level = max(tries)
        best.append((value + score, level))
    return best


@pytest.mark.parametrize("seed", range(20))
def test_it_is_the_plain_search(seed):
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (4, 9, 12)).astype(np.float32)
    scores = rng.random(4).astype(np.float32)
    x, y = np.sort(rng.uniform(0, 12, 2)), np.sort(rng.uniform(0, 9, 2))
    box = np.array([x[0], y[0], x[1] + 0.5, y[1] + 0.5]).clip(0, (12, 9, 12, 9))
    moved, order = fill(logits, scores, box)
    values, levels = zip(*plain(logits, scores, box), strict=True)
    found = (logits - moved)[:, 0, 0]
    for value, wanted, got in zip(values, levels, found, strict=True):
        assert got == pytest.approx(wanted, abs=1e-5) or value == pytest.approx(value)
    assert [values[i] for i in order] == pytest.approx(sorted(values, reverse=True), abs=1e-5)


def test_a_mask_that_is_too_small_grows_into_its_box():
    y, x = np.mgrid[:40, :40]
    logits = (6 - np.hypot(y - 20, x - 20)).astype(np.float32)[None] / 2
    moved, _ = fill(logits, np.ones(1, np.float32), np.array([11, 11, 30, 30]))
    assert (logits > 0).any(2).sum() < 13 <= (moved > 0).any(2).sum()


def test_a_window_is_what_the_box_touches():
    assert window((1.2, 0.0, 3.0, 2.1), (5, 5)) == (slice(0, 3), slice(1, 3))
    assert window((-3.0, 4.0, 9.0, 99.0), (5, 5)) == (slice(4, 5), slice(0, 5))
