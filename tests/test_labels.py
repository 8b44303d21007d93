"""The result type: the level of a threshold, and masks as thresholded probabilities."""

import math

import numpy as np
import pytest
from PIL import Image

from segcore.labels import Segmentation, level

COARSE = np.random.default_rng(3).integers(0, 256, (6, 8), dtype=np.uint8)


def segmentation(coarse=COARSE, size=(6, 8)):
    return Segmentation(coarse, size, "model", "CPU", {"network": 0.01})


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [
        (0, 1),  # probability 0 is never foreground
        (0.001, 1),  # rounds to 0, kept at 1
        (0.004, 1),
        (0.006, 2),  # 1.53
        (0.25, 64),  # 63.75
        (0.5, 128),  # 127.5
        (0.75, 191),  # 191.25
        (0.998, 254),  # 254.49
        (1, 255),  # certain only
    ],
)
def test_level(threshold, expected):
    assert level(threshold) == expected
    assert isinstance(level(threshold), int)


@pytest.mark.parametrize("threshold", [-0.001, 1.001, 50, math.nan, math.inf])
def test_thresholds_outside_0_to_1_are_refused_by_value(threshold):
    with pytest.raises(ValueError, match=f"The threshold is {threshold}; accepted"):
        level(threshold)
    with pytest.raises(ValueError, match=f"The threshold is {threshold}; accepted"):
        segmentation().mask(threshold)


def test_probabilities_at_the_networks_size_are_its_own():
    np.testing.assert_array_equal(segmentation().probability(), COARSE)


def test_probabilities_are_scaled_bilinearly_to_the_picture():
    """One row from 0 to 200, four times as wide: pixel centres at -3/8, -1/8, 1/8, ... of it."""
    result = segmentation(np.array([[0, 200]], np.uint8), (3, 8)).probability()
    expected = [np.clip((i + 0.5) / 4 - 0.5, 0, 1) * 200 for i in range(8)]
    assert result.shape == (3, 8) and result.dtype == np.uint8
    np.testing.assert_allclose(result, [expected] * 3, atol=0.51)
    assert segmentation().probability((2, 5)).shape == (2, 5)


@pytest.mark.parametrize("threshold", [0, 0.2, 0.5, 0.9, 1])
@pytest.mark.parametrize("size", [(6, 8), (13, 9), (3, 4)], ids=str)
def test_the_mask_is_the_probability_from_the_threshold_on(size, threshold):
    result = segmentation(size=size)
    shown = np.asarray(Image.fromarray(COARSE).resize(size[::-1], Image.Resampling.BILINEAR))
    needed = max(1, round(threshold * 255))
    mask = result.mask(threshold)
    assert mask.dtype == bool and mask.shape == size
    for y in range(size[0]):
        for x in range(size[1]):
            assert mask[y, x] == (int(shown[y, x]) >= needed)


def test_a_higher_threshold_never_adds_pixels():
    masks = [segmentation(size=(20, 20)).mask(t) for t in np.linspace(0, 1, 21)]
    assert all(not (higher & ~lower).any() for lower, higher in zip(masks, masks[1:], strict=False))
    assert masks[0].sum() > masks[10].sum() > masks[-1].sum()


def test_the_default_threshold_is_a_half():
    np.testing.assert_array_equal(segmentation().mask(), COARSE >= 128)
