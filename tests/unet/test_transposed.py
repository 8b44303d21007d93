"""segcore.unet.transposed against Keras and against loops over single cells."""

import keras
import numpy as np
import pytest

from segcore.unet import transposed

CASES = [  # height, width, kernel, stride
    (4, 4, 2, 2),  # the lecture's layers
    (4, 4, 3, 2),  # a checkerboard
    (3, 5, 5, 3),
    (2, 3, 1, 3),  # holes
    (5, 1, 4, 1),
]


def by_hand(values, weights, stride):
    height, width = values.shape
    size = len(weights)
    output = np.zeros(((height - 1) * stride + size, (width - 1) * stride + size))
    for row in range(height):
        for column in range(width):
            for y in range(size):
                for x in range(size):
                    output[row * stride + y, column * stride + x] += (
                        values[row, column] * weights[y, x]
                    )
    return output


@pytest.fixture(params=CASES, ids=str)
def case(request):
    height, width, size, stride = request.param
    rng = np.random.default_rng([height, width, size, stride])
    return rng.normal(size=(height, width)), rng.normal(size=(size, size)), stride


def test_the_output_is_keras_output(case):
    values, weights, stride = case
    layer = keras.layers.Conv2DTranspose(1, len(weights), stride, padding="valid", use_bias=False)
    layer.build((None, *values.shape, 1))
    layer.set_weights([weights[..., None, None]])
    expected = np.asarray(layer(values[None, ..., None].astype("float32")))[0, ..., 0]
    output = transposed.transpose(values, weights, stride)
    rest = np.subtract(expected.shape, output.shape)  # Keras adds zeros after the last cell
    assert set(rest) == {max(0, stride - len(weights))}
    output = np.pad(output, [(0, n) for n in rest])
    np.testing.assert_allclose(output, expected, atol=1e-5)


def test_the_output_is_that_of_loops(case):
    values, weights, stride = case
    output = transposed.transpose(values, weights, stride)
    np.testing.assert_allclose(output, by_hand(values, weights, stride), atol=1e-12)
    sides = [transposed.output_side(n, len(weights), stride) for n in values.shape]
    assert output.shape == tuple(sides)


def test_the_stamps_add_up(case):
    values, weights, stride = case
    total = 0
    for cell in range(values.size):
        one = transposed.stamp(values, weights, stride, cell)
        place = transposed.reach(values, len(weights), stride, cell)
        np.testing.assert_allclose(one[place], values.flat[cell] * weights)
        assert np.count_nonzero(one) == np.count_nonzero(one[place])
        total = total + one
        so_far = transposed.transpose(values, weights, stride, cells=cell + 1)
        np.testing.assert_allclose(total, so_far, atol=1e-12)
    np.testing.assert_allclose(total, transposed.transpose(values, weights, stride), atol=1e-12)


def test_the_coverage_counts_cells(case):
    values, weights, stride = case
    size = len(weights)
    expected = by_hand(np.ones(values.shape), np.ones((size, size)), stride)
    np.testing.assert_array_equal(transposed.coverage(values.shape, size, stride), expected)


@pytest.mark.parametrize("size", range(1, 6))
@pytest.mark.parametrize("stride", range(1, 4))
def test_the_flat_response_repeats_inside_the_output(size, stride):
    weights = transposed.kernel(transposed.RANDOM, size)
    output = transposed.transpose(np.ones((8, 8)), weights, stride)
    start = -(-(size - 1) // stride) * stride  # the first multiple of the stride off the border
    inside = output[start : start + stride, start : start + stride]
    np.testing.assert_allclose(transposed.flat_response(weights, stride), inside, atol=1e-12)


def test_only_a_multiple_of_the_stride_covers_evenly():
    for size in range(1, 6):
        for stride in range(1, 4):
            pattern = transposed.flat_response(np.ones((size, size)), stride)
            assert (np.ptp(pattern) == 0) == (size % stride == 0)


def test_bilinear_draws_a_straight_line():
    """Keras's and Pillow's rule: a kernel of twice the stride, at pixel centres."""
    values = np.arange(6.0)[None].repeat(6, 0)
    output = transposed.transpose(values, transposed.kernel(transposed.BILINEAR, 4), 2)
    np.testing.assert_allclose(np.diff(output[6, 4:-4]), 0.5)


def test_nearest_repeats():
    values = np.arange(4.0).reshape(2, 2)
    output = transposed.transpose(values, transposed.kernel(transposed.NEAREST, 3), 3)
    np.testing.assert_array_equal(output, values.repeat(3, 0).repeat(3, 1))


def test_parameters_are_keras_count():
    layer = keras.layers.Conv2DTranspose(5, 3, 2)
    layer.build((None, 4, 4, 7))
    assert transposed.parameters(3, 7, 5) == layer.count_params()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: transposed.kernel("Cubic", 3), "Cubic"),
        (lambda: transposed.kernel(transposed.NEAREST, 0), "kernel is 0"),
        (lambda: transposed.transpose(np.ones(4), np.ones((2, 2)), 2), r"\(4,\)"),
        (lambda: transposed.transpose(np.ones((4, 4)), np.ones((2, 3)), 2), r"\(2, 3\)"),
        (lambda: transposed.transpose(np.ones((4, 4)), np.ones((2, 2)), 0), "stride 0"),
    ],
)
def test_misuse_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_a_cell_beyond_the_last_is_refused():
    with pytest.raises(IndexError, match="16; accepted are 0 to 15"):
        transposed.stamp(np.ones((4, 4)), np.ones((2, 2)), 2, 16)
