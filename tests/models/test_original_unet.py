"""The U-Net of the 2015 paper: shapes, parameters, and a forward pass written out in NumPy."""

import numpy as np
import pytest

from segcore.models.layers import CropLike
from segcore.models.original_unet import original_unet
from segcore.models.unet_sides import output_side

LEVELS = 4


def paper_parameters(channels=1, classes=2, width=64):
    """Add up figure 1 from left to right: (kernel side, channels in, channels out)."""
    widths = [width * 2**i for i in range(LEVELS + 1)]
    kernels = []
    for given, made in zip([channels, *widths], widths, strict=False):  # down to the bottom
        kernels += [(3, given, made), (3, made, made)]
    for below, made in zip(widths[:0:-1], widths[-2::-1], strict=True):  # and up again
        kernels += [(2, below, made), (3, 2 * made, made), (3, made, made)]
    kernels.append((1, width, classes))
    return sum(side * side * given * made + made for side, given, made in kernels)


# === A forward pass in NumPy, one picture (height, width, channels) ===


def convolve(x, kernel, bias):
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[:2], axis=(0, 1))
    return np.einsum("hwcij,ijco->hwo", windows, kernel, optimize=True) + bias


def relu(x):
    return np.maximum(x, 0)


def pool(x):
    height, width, channels = x.shape
    return x.reshape(height // 2, 2, width // 2, 2, channels).max((1, 3))


def double(x, kernel, bias):
    """Transposed 2x2 convolution with stride 2: each pixel becomes a block of four."""
    height, width, _ = x.shape
    blocks = np.einsum("hwc,ijoc->hiwjo", x, kernel)
    return blocks.reshape(2 * height, 2 * width, -1) + bias


def cut_middle(x, like):
    top, left = ((a - b) // 2 for a, b in zip(x.shape, like.shape[:2], strict=False))
    return x[top : top + like.shape[0], left : left + like.shape[1]]


def forward(x, model):
    def weights(name):
        return [np.asarray(w, np.float64) for w in model.get_layer(name).get_weights()]

    def level(x, name):
        for i in (1, 2):
            x = relu(convolve(x, *weights(f"{name}_conv_{i}")))
        return x

    skips = []
    for i in range(1, LEVELS + 1):
        x = level(x, f"down_{i}")
        skips.append(x)
        x = pool(x)
    x = level(x, "bottleneck")
    for i in range(LEVELS, 0, -1):
        x = relu(double(x, *weights(f"up_{i}")))
        x = level(np.concatenate([cut_middle(skips.pop(), x), x], -1), f"up_{i}")
    scores = np.exp(convolve(x, *weights("output")))
    return scores / scores.sum(-1, keepdims=True)


# === Shapes and parameters ===


@pytest.fixture(scope="module")
def paper():
    return original_unet()


def test_the_papers_network_maps_572_to_388(paper):
    assert paper.input_shape == (None, 572, 572, 1)
    assert paper.output_shape == (None, 388, 388, 2)
    assert paper.count_params() == paper_parameters() == 31_030_658


def test_the_papers_sides_are_those_of_its_figure(paper):
    def sides(names):
        return [paper.get_layer(name).output.shape[1] for name in names]

    levels = range(1, LEVELS + 1)
    assert sides(f"down_{i}_conv_2" for i in levels) == [568, 280, 136, 64]
    assert sides(["bottleneck_conv_2"]) == [28]
    assert sides(f"up_{i}_copy_and_crop" for i in levels) == [392, 200, 104, 56]
    assert sides(f"up_{i}_conv_2" for i in levels) == [388, 196, 100, 52]


@pytest.mark.parametrize(
    ("side", "out"),
    [
        (188, 4),  # the smallest
        (204, 20),  # the next
        (572, 388),  # the paper's
        (1020, 836),  # a large one
    ],
)
def test_output_side(side, out):
    assert output_side(side) == out


@pytest.mark.parametrize(
    ("side", "reason"),
    [
        (571, "571 pixels meets a pooling with 567"),  # odd at once
        (190, "190 pixels meets a pooling with 89"),  # odd at the second pooling
        (180, "180 pixels meets a pooling with 15"),  # odd at the last pooling
        (172, "172 pixels leaves no output"),  # even all the way, but too small
        (4, "4 pixels meets a pooling with 0"),  # nothing left
        (0, "0 pixels meets a pooling with -4"),  # nothing at all
        (-572, "-572 pixels meets a pooling"),  # negative
    ],
)
def test_sides_that_do_not_work_are_refused(side, reason):
    with pytest.raises(ValueError, match=reason):
        output_side(side)


def test_accepted_sides_are_188_and_every_16_more():
    accepted = []
    for side in range(0, 400):
        try:
            accepted.append((side, output_side(side)))
        except ValueError:
            pass
    assert accepted == [(side, side - 184) for side in range(188, 400, 16)]


@pytest.mark.parametrize(
    ("shape", "options", "given"),
    [
        ((572, 570, 1), {}, "570"),  # the width is checked as well
        ((188, 188, 1), {"classes": 1}, "classes=1"),  # a softmax over one is always 1
        ((188, 188, 1), {"base_width": 0}, "base_width=0"),  # no filters
    ],
)
def test_bad_options_are_refused_by_value(shape, options, given):
    with pytest.raises(ValueError, match=given):
        original_unet(shape, **options)


# === What it computes ===


@pytest.fixture(scope="module")
def small():
    return original_unet((188, 204, 2), classes=3, base_width=2)


def test_a_forward_pass_equals_numpy(small):
    batch = np.random.default_rng(1).random((1, 188, 204, 2), np.float32)
    result = np.asarray(small(batch, training=False))
    assert result.shape == (1, 4, 20, 3) and result.dtype == np.float32
    np.testing.assert_allclose(result[0], forward(batch[0].astype(np.float64), small), atol=1e-5)
    assert result.std() > 1e-4  # not the same everywhere
    assert small.count_params() == paper_parameters(channels=2, classes=3, width=2)


def test_dropout_ends_the_contracting_path(small):
    rates = {la.name: la.rate for la in small.layers if type(la).__name__ == "Dropout"}
    assert rates == {"down_4_dropout": 0.5, "bottleneck_dropout": 0.5}


# === Copy and crop ===


@pytest.mark.parametrize(
    ("anchor", "size", "target", "rows", "columns"),
    [
        ("center", (64, 64), (56, 56), slice(4, 60), slice(4, 60)),  # the paper's deepest
        ("center", (9, 5), (3, 5), slice(3, 6), slice(0, 5)),  # one side only
        ("center", (6, 7), (5, 4), slice(0, 5), slice(1, 5)),  # odd rest: more is cut after
        ("top_left", (6, 7), (5, 4), slice(0, 5), slice(0, 4)),  # undoes padding
    ],
)
def test_crop_equals_a_numpy_slice(anchor, size, target, rows, columns):
    source = np.random.default_rng(0).random((2, *size, 3), np.float32)
    like = np.zeros((2, *target, 1), np.float32)
    layer = CropLike(anchor)
    np.testing.assert_array_equal(np.asarray(layer([source, like])), source[:, rows, columns])
    shapes = [(None, *size, 3), (None, *target, 1)]
    assert layer.compute_output_shape(shapes) == (None, *target, 3)


def test_unknown_anchors_are_refused():
    with pytest.raises(ValueError, match="'middle'.*'top_left' and 'center'"):
        CropLike("middle")
