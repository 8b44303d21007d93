"""Feature maps as pictures and figures, held to plain loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from skimage.color import rgb2lab

from segcore.render import colour_scale
from segcore.unet.feature_maps import (
    GAP,
    GAP_GREY,
    VIRIDIS,
    facts,
    mosaic,
    order,
)

COLOURS = colour_scale(VIRIDIS)
FINITE = st.floats(-1000, 1000, width=32)
MAPS = arrays(np.float32, array_shapes(min_dims=3, max_dims=3, max_side=6), elements=FINITE)


def coloured(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return the colours of values one by one."""
    table, picture = COLOURS, np.zeros((*values.shape, 3), np.uint8)
    for place in np.ndindex(values.shape):
        step = (float(values[place]) - low) * 255 / (high - low) if high > low else 0.0
        picture[place] = table[round(step)]
    return picture


def test_lightness_rises_along_the_scale():
    lightness = rgb2lab(COLOURS[None] / 255)[0, :, 0]
    assert (np.diff(lightness[::4]) > 0).all()
    assert lightness[0] < 16 and lightness[-1] > 90
    assert np.abs(lightness - np.linspace(lightness[0], lightness[-1], 256)).max() < 2


def channel_picture(channel: np.ndarray) -> np.ndarray:
    """Return the mosaic of one square channel at its own size."""
    return mosaic(channel[..., None], 1, len(channel))


@given(arrays(np.float32, st.integers(1, 6).map(lambda n: (n, n)), elements=FINITE))
def test_a_channel_is_coloured_from_its_smallest_to_its_largest_value(channel):
    low, high = min(0, channel.min()), max(0, channel.max())
    expected = coloured(channel, low, high).astype(int)
    assert np.abs(channel_picture(channel) - expected).max() <= 3  # a step of rounding


@pytest.mark.parametrize(("value", "place"), [(0, 0), (3.5, 255), (-2, 0), (1e-30, 255)])
def test_a_constant_channel_is_one_colour(value, place):
    picture = channel_picture(np.full((4, 4), value, np.float32))
    assert (picture == COLOURS[place]).all() and picture.shape == (4, 4, 3)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_every_float_will_do(dtype):
    channel = np.array([[0, 1], [2, 4]], dtype)
    assert (channel_picture(channel) == coloured(channel, 0, 4)).all()


@pytest.mark.parametrize(("height", "side"), [(4, 4), (4, 12), (12, 4), (1, 5), (6, 1)])
@pytest.mark.parametrize(("channels", "columns"), [(1, 1), (1, 8), (5, 2), (6, 3), (3, 8)])
def test_a_mosaic_has_each_channel_in_its_place(height, side, channels, columns):
    feature_map = np.random.default_rng(7).normal(size=(height, height, channels))
    feature_map = feature_map.astype(np.float32)
    sheet = mosaic(feature_map, columns, side)
    columns = min(columns, channels)
    rows = -(-channels // columns)
    expected = np.full(
        (rows * (side + GAP) - GAP, columns * (side + GAP) - GAP, 3), GAP_GREY, np.uint8
    )
    for i in range(channels):
        channel = feature_map[..., i]
        low, high = min(0, channel.min()), max(0, channel.max())
        cell = np.zeros((side, side))
        for y, x in np.ndindex(side, side):
            if side >= height:
                cell[y, x] = channel[y * height // side, x * height // side]
            else:
                n = height // side
                cell[y, x] = channel[y * n : (y + 1) * n, x * n : (x + 1) * n].mean()
        top, left = i // columns * (side + GAP), i % columns * (side + GAP)
        expected[top : top + side, left : left + side] = coloured(cell, low, high)
    assert sheet.dtype == np.uint8 and sheet.shape == expected.shape
    assert np.abs(sheet.astype(int) - expected).max() <= 3


@given(MAPS)
def test_order_and_facts_are_those_of_plain_loops(feature_map):
    channels = [feature_map[..., i].astype(float).ravel() for i in range(feature_map.shape[2])]
    assert list(order(feature_map, "network order")) == list(range(len(channels)))
    activity = [np.abs(channel).mean() for channel in channels]
    by_activity = [activity[i] for i in order(feature_map, "most active")]
    np.testing.assert_allclose(by_activity, sorted(activity, reverse=True), rtol=1e-6)
    told = facts(feature_map)
    values = np.concatenate(channels)
    assert told.low == values.min() and told.high == values.max()
    assert told.mean == pytest.approx(values.mean(), abs=1e-9)
    assert told.zeros == pytest.approx(sum(v == 0 for v in values) / len(values))
    assert told.silent == sum(not channel.any() for channel in channels)
    assert told.channels == len(channels)


def test_channels_that_are_equally_active_stay_in_their_order():
    feature_map = np.zeros((2, 2, 4), np.float32)
    feature_map[..., 2] = -1
    assert list(order(feature_map, "most active")) == [2, 0, 1, 3]
    assert facts(feature_map).silent == 3 and facts(feature_map).zeros == 0.75


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mosaic(np.zeros((2, 2)), 1, 1), r"\(2, 2\)"),
        (lambda: mosaic(np.zeros((2, 2, 0)), 1, 1), r"\(2, 2, 0\)"),
        (lambda: mosaic(np.zeros((2, 2, 1)), 0, 1), "columns=0"),
        (lambda: mosaic(np.zeros((2, 2, 1)), 1, 0), "side=0"),
        (lambda: order(np.zeros((2, 2, 1)), "size"), "by='size'"),
    ],
)
def test_misuse_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
