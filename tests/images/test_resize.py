"""Resizing and writing against independent oracles: loops written out, and Pillow."""

import io
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from segcore import images

from ._files import BITS, GREY, RGB, RGBA, STRICT, exif, save, smooth

pytestmark = STRICT


# === Resizing ===


def triangle_resize(array: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Antialiased bilinear by the book: a triangle as wide as two new pixels, per axis."""
    for axis, new in enumerate(size):
        old = array.shape[axis]
        width = max(1.0, old / new)
        rows = []
        for i in range(new):
            centre = (i + 0.5) * old / new
            reach = np.abs(np.arange(old) + 0.5 - centre) / width
            weights = np.clip(1 - reach, 0, None)
            rows.append(np.tensordot(weights / weights.sum(), array, (0, axis)))
        array = np.moveaxis(np.array(rows), 0, axis)
    return array


SIZES = [(12, 17), (5, 7), (31, 40), (1, 1), (3, 60), (24, 34)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("picture", [RGB, GREY, RGB[:, ::-1]], ids=["rgb", "grey", "view"])
def test_resize_is_antialiased_bilinear(picture, size):
    resized = images.resize(picture, size)
    assert resized.dtype == np.uint8 and resized.shape == (*size, *picture.shape[2:])
    expected = triangle_resize(picture.astype(float), size)
    assert np.abs(resized - expected).max() <= 1.01  # rounded once an axis
    assert not np.shares_memory(resized, picture)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "dtype", [np.bool_, np.uint8, np.int8, np.uint16, np.int32, np.uint32, np.int64]
)
def test_resize_mask_takes_the_nearest_pixel(size, dtype):
    top = min(np.iinfo(dtype).max, 2**31 - 1) if dtype != np.bool_ else 2  # ids over 65535
    mask = np.random.default_rng(6).integers(0, top, (12, 17)).astype(dtype)
    resized = images.resize_mask(mask, size)
    assert resized.dtype == dtype and resized.shape == size and resized.flags.c_contiguous
    for i in range(size[0]):
        for j in range(size[1]):
            y = int((Fraction(i) + Fraction(1, 2)) * 12 / size[0])
            x = int((Fraction(j) + Fraction(1, 2)) * 17 / size[1])
            assert resized[i, j] == mask[y, x]


def test_resize_mask_by_a_whole_factor_can_be_undone():
    mask = np.random.default_rng(7).integers(0, 10**6, (12, 17), dtype=np.int32)
    for factor in (2, 3, 5):
        larger = images.resize_mask(mask, (12 * factor, 17 * factor))
        np.testing.assert_array_equal(larger, np.kron(mask, np.ones((factor, factor), np.int32)))
        np.testing.assert_array_equal(images.resize_mask(larger, mask.shape), mask)


@pytest.mark.parametrize(
    ("size", "longest", "options", "expected"),
    [
        ((300, 400), 200, {}, (150, 200)),  # shrinks
        ((400, 300), 200, {}, (200, 150)),  # upright
        ((30, 40), 200, {}, (150, 200)),  # enlarges
        ((30, 40), 200, {"enlarge": False}, (30, 40)),  # unless told not to
        ((300, 400), 200, {"enlarge": False}, (150, 200)),  # shrinks all the same
        ((300, 400), 256, {"multiple": 32}, (192, 256)),  # exact
        ((310, 400), 256, {"multiple": 32}, (192, 256)),  # 198.4 rounds down
        ((330, 400), 256, {"multiple": 32}, (224, 256)),  # 211.2 rounds up
        ((325, 400), 256, {"multiple": 32}, (224, 256)),  # 208, half-way, rounds up
        ((300, 400), 250, {"multiple": 32}, (192, 256)),  # the longest side is rounded too
        ((1, 4000), 256, {"multiple": 32}, (32, 256)),  # at least one multiple
        ((1, 4000), 256, {}, (1, 256)),  # at least one pixel
        ((30, 40), 256, {"multiple": 32, "enlarge": False}, (32, 32)),  # its own size, rounded
        ((5, 5), 1, {}, (1, 1)),
    ],
)
def test_fit_size(size, longest, options, expected):
    assert images.fit_size(size, longest, **options) == expected


@pytest.mark.parametrize(
    "arguments", [((0, 5), 9), ((5, 5), 0), ((5, 5), 9, 0), ((-5, 5), 9)], ids=str
)
def test_fit_size_refuses_nothing_sizes(arguments):
    with pytest.raises(ValueError, match="at least 1"):
        images.fit_size(*arguments)


def test_fit_shrinks_only():
    assert images.fit(RGB, 17) is RGB and images.fit(GREY, 1000) is GREY
    np.testing.assert_array_equal(
        images.fit(smooth(96, 128), 32), images.resize(smooth(), (24, 32))
    )


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: images.resize(RGB.astype(float), (5, 5)), r"float64 \(12, 17, 3\)"),
        (lambda: images.resize(RGBA, (5, 5)), r"\(12, 17, 4\)"),
        (lambda: images.resize(RGB[:0], (5, 5)), "not empty"),
        (lambda: images.resize(RGB, (0, 5)), "height, width"),
        (lambda: images.resize(RGB, RGB.shape), "height, width"),
        (lambda: images.resize_mask(GREY / 255, (5, 5)), "bool or integer"),
        (lambda: images.resize_mask(GREY, (5, -1)), "height, width"),
        (lambda: images.encode_png(GREY / 255), "uint8"),
        (lambda: images.encode_png(np.dstack([BITS] * 3)), "bool"),
        (lambda: images.encode_png(RGB[..., :2]), "uint8"),
        (lambda: images.encode_png(RGB[:0]), "not empty"),
    ],
)
def test_misuse_says_what_was_given_and_what_is_accepted(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# === Writing ===


@pytest.mark.parametrize(
    ("array", "mode", "stored"),
    [
        (RGB, "RGB", RGB),
        (RGBA, "RGBA", RGBA),
        (GREY, "L", GREY),
        (BITS, "L", np.where(BITS, 255, 0)),
        (RGB[::2, ::-1], "RGB", RGB[::2, ::-1]),  # a view
    ],
    ids=["rgb", "rgba", "grey", "bool", "view"],
)
def test_encode_png_can_be_read_back(array, mode, stored):
    data = images.encode_png(array)
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "PNG" and image.mode == mode
        np.testing.assert_array_equal(np.asarray(image), stored)
    assert images.encode_png(array.copy()) == data


def test_metadata_is_dropped():
    tags = exif(1)
    tags[0x8825] = {1: "N", 2: (52.0, 31.0, 12.0)}  # where the picture was taken
    tags[0x010F] = "Camera maker"
    data = save(smooth(), "JPEG", exif=tags, comment=b"private", dpi=(72, 72))
    assert b"Camera maker" in data and b"private" in data
    written, kinds, at = images.encode_png(images.decode(data)), [], 8
    while at < len(written):
        kinds.append(written[at + 4 : at + 8])
        at += 12 + int.from_bytes(written[at : at + 4], "big")
    assert set(kinds) == {b"IHDR", b"IDAT", b"IEND"}
