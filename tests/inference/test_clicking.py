"""The next click against a loop over all pixels."""

import numpy as np
import pytest

from segcore.inference.clicking import next_click


def brute(target, mask, void):
    best = (0.0, None)
    for label, wrong in ((1, target & ~mask & ~void), (0, mask & ~target & ~void)):
        right = np.argwhere(~np.pad(wrong, 1)) - 1
        for y, x in np.argwhere(wrong):
            distance = np.hypot(*(right - (y, x)).T).min()
            best = max(best, (distance, label), key=lambda pair: pair[0])
    return best


@pytest.mark.parametrize("seed", range(10))
def test_click_lies_deepest_in_the_error(seed):
    rng = np.random.default_rng(seed)
    target, mask, void = (rng.random((9, 13)) < share for share in (0.6, 0.3, 0.1))
    (x, y), label = next_click(target, mask, void)
    distance, _ = brute(target, mask, void)
    wrong = (target & ~mask if label else mask & ~target) & ~void
    right = np.argwhere(~np.pad(wrong, 1)) - 1
    assert wrong[y, x]
    assert np.hypot(*(right - (y, x)).T).min() == pytest.approx(distance)


def test_first_click_is_the_middle_and_none_comes_when_all_is_right():
    target = np.zeros((11, 21), bool)
    target[2:9, 4:11] = True
    assert next_click(target, np.zeros_like(target)) == ((7, 5), 1)
    assert next_click(np.zeros_like(target), target) == ((7, 5), 0)
    assert next_click(target, target) is None
    assert next_click(target, np.zeros_like(target), target) is None
