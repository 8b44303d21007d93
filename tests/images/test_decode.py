"""What each kind of file gives: the very pixels, turned and converted."""

import struct

import numpy as np
import pytest
from PIL import Image
from skimage.color import lab2rgb

from segcore import images

from ._files import (
    ALPHA,
    BITS,
    BMP,
    FLOATS,
    GIF,
    GREEN,
    GREEN_INK,
    GREY,
    GREY16,
    GREY16_AS_8,
    INDEX_ALPHA,
    JPEG,
    LA,
    PALETTE,
    PALETTE_ALPHA,
    PNG,
    PROGRESSIVE,
    RGB,
    RGBA,
    STRICT,
    TIFF,
    WEBP,
    WIDE,
    as_rgb,
    chunk,
    every_index,
    exif,
    flat,
    on_white,
    other,
    png,
    save,
    smooth,
)

pytestmark = STRICT


# === Files that give a picture ===

GOOD = {
    # reason: (file, expected pixels, tolerance)
    "JPEG": (JPEG, smooth(), 6),
    "JPEG, progressive": (PROGRESSIVE, smooth(), 6),
    "JPEG, grey": (save(smooth()[..., 0], "JPEG", quality=95), as_rgb(smooth()[..., 0]), 4),
    "JPEG, CMYK, inverted as Adobe does": (
        save(flat(GREEN_INK, "CMYK"), "JPEG", quality=100),
        np.full((12, 17, 3), GREEN, np.uint8),
        4,
    ),
    "JPEG, two frames (MPO)": (
        save(smooth(), "MPO", save_all=True, append_images=[other()], quality=95),
        smooth(),
        6,
    ),
    "JPEG, EXIF cut short is no reason to refuse": (
        save(smooth(), "JPEG", quality=95, exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12\x01"),
        smooth(),
        6,
    ),
    "JPEG, EXIF that is none": (
        save(smooth(), "JPEG", quality=95, exif=b"Exif\0\0What is this?"),
        smooth(),
        6,
    ),
    "JPEG, a video appended by a phone": (JPEG + b"\0\0\0\x18ftypmp42" * 50, smooth(), 6),
    "PNG": (PNG, RGB, 0),
    "PNG, interlaced by nobody but with text and a time": (
        png(
            *(1, 1, 8, 2, b"\0\x01\x02\x03"),
            chunk(b"tEXt", b"Author\0Me"),
            chunk(b"tIME", bytes([7, 230, 1, 1, 0, 0, 0])),
        ),
        np.array([[[1, 2, 3]]], np.uint8),
        0,
    ),
    "PNG, transparency on white": (save(RGBA, "PNG"), on_white(RGB, ALPHA), 1),
    "PNG, grey": (save(GREY, "PNG"), as_rgb(GREY), 0),
    "PNG, grey with alpha": (save(LA, "PNG"), on_white(as_rgb(GREY), ALPHA), 1),
    "PNG, 1 bit": (save(BITS, "PNG"), as_rgb(np.where(BITS, 255, 0).astype(np.uint8)), 0),
    "PNG, 2 bits": (
        png(4, 1, 2, 0, bytes([0, 0b00_01_10_11])),
        as_rgb(np.array([[0, 85, 170, 255]], np.uint8)),
        0,
    ),
    "PNG, 16-bit grey is scaled, not clipped": (save(GREY16, "PNG"), as_rgb(GREY16_AS_8), 0),
    "PNG, 16-bit grey with a transparent grey": (
        png(2, 1, 16, 0, struct.pack(">BHH", 0, 1000, 2570), chunk(b"tRNS", b"\x03\xe8")),
        as_rgb(np.array([[255, 10]], np.uint8)),
        0,
    ),
    "PNG, 16-bit colour": (
        png(1, 1, 16, 2, struct.pack(">BHHH", 0, 257, 25700, 65535)),
        np.array([[[1, 100, 255]]], np.uint8),
        0,
    ),
    "PNG, palette": (save(PALETTE, "PNG"), every_index(PALETTE), 0),
    "PNG, palette with an alpha for each colour": (
        save(PALETTE, "PNG", transparency=PALETTE_ALPHA),
        on_white(every_index(PALETTE), INDEX_ALPHA),
        1,
    ),
    "PNG, palette with one transparent colour": (
        save(PALETTE, "PNG", transparency=3),
        np.where((np.asarray(PALETTE) == 3)[..., None], 255, every_index(PALETTE)),
        0,
    ),
    "PNG, one colour of 8-bit RGB is transparent": (
        png(2, 1, 8, 2, bytes([0, 1, 2, 3, 4, 5, 6]), chunk(b"tRNS", b"\0\x01\0\x02\0\x03")),
        np.array([[[255, 255, 255], [4, 5, 6]]], np.uint8),
        0,
    ),
    "PNG, animated: the default image": (
        save(RGB, "PNG", save_all=True, append_images=[other()]),
        RGB,
        0,
    ),
    "PNG, sound in itself but with rows missing: they are black": (
        png(1, 3, 8, 0, b"\0\x07"),
        as_rgb(np.array([[7], [0], [0]], np.uint8)),
        0,
    ),
    "PNG, rubbish after the end": (PNG + b"rubbish" * 100, RGB, 0),
    "WebP": (WEBP, smooth(), 12),
    "WebP, lossless": (save(RGB, "WEBP", lossless=True), RGB, 0),
    "WebP, alpha": (save(RGBA, "WEBP", lossless=True, exact=True), on_white(RGB, ALPHA), 1),
    "WebP, animated: the first frame": (
        save(RGB, "WEBP", save_all=True, append_images=[other()], lossless=True),
        RGB,
        0,
    ),
    "BMP": (BMP, RGB, 0),
    "BMP, 8-bit grey": (save(GREY, "BMP"), as_rgb(GREY), 0),
    "GIF": (GIF, every_index(PALETTE), 0),
    "GIF, animated: the first frame": (
        save(PALETTE, "GIF", save_all=True, append_images=[other()], duration=50),
        every_index(PALETTE),
        0,
    ),
    "GIF, one transparent colour": (
        save(PALETTE, "GIF", transparency=3),
        np.where((np.asarray(PALETTE) == 3)[..., None], 255, every_index(PALETTE)),
        0,
    ),
    "TIFF": (TIFF, RGB, 0),
    "TIFF, LZW": (save(RGB, "TIFF", compression="tiff_lzw"), RGB, 0),
    "TIFF, two pages: the first": (
        save(RGB, "TIFF", save_all=True, append_images=[other()]),
        RGB,
        0,
    ),
    "TIFF, alpha": (save(RGBA, "TIFF"), on_white(RGB, ALPHA), 1),
    "TIFF, CMYK": (
        save(flat(GREEN_INK, "CMYK"), "TIFF"),
        np.full((12, 17, 3), GREEN, np.uint8),
        1,
    ),
    "TIFF, Lab": (
        save(Image.new("LAB", (3, 2), (153, 128 + 20, 128 - 30)), "TIFF"),  # L is 60 % of 255
        np.full((2, 3, 3), np.rint(lab2rgb([60.0, 20.0, -30.0]) * 255), np.uint8),
        8,  # the two have different white points
    ),
    "TIFF, 16-bit grey is scaled, not clipped": (save(GREY16, "TIFF"), as_rgb(GREY16_AS_8), 0),
    "TIFF, 16-bit grey, big-endian": (
        save(Image.frombytes("I;16B", (6, 2), GREY16.astype(">u2").tobytes()), "TIFF"),
        as_rgb(GREY16_AS_8),
        0,
    ),
    "TIFF, floats of 0-1": (
        save(FLOATS, "TIFF"),
        as_rgb(np.array([[0, 64], [128, 255]], np.uint8)),
        0,
    ),
    "TIFF, floats of 0-255": (
        save(FLOATS * 200, "TIFF"),
        as_rgb(np.array([[0, 50], [100, 200]], np.uint8)),
        0,
    ),
    "TIFF, floats with gaps": (
        save(np.array([[np.nan, 1.0], [np.inf, 0.0]], np.float32), "TIFF"),
        as_rgb(np.array([[0, 255], [0, 0]], np.uint8)),
        0,
    ),
    "TIFF, floats of nothing but gaps": (
        save(np.full((2, 2), np.nan, np.float32), "TIFF"),
        np.zeros((2, 2, 3), np.uint8),
        0,
    ),
    "TIFF, 32-bit whole numbers are stretched": (
        save(WIDE, "TIFF"),
        as_rgb(np.array([[0, 64], [128, 255]], np.uint8)),
        0,
    ),
    "TIFF, floats below 0 are stretched": (
        save(FLOATS * 2 - 1, "TIFF"),
        as_rgb(np.array([[0, 64], [128, 255]], np.uint8)),
        0,
    ),
    "TIFF, floats of 0-2 are not taken for 0-1": (
        save(FLOATS * 2, "TIFF"),
        as_rgb(np.array([[0, 0], [1, 2]], np.uint8)),
        0,
    ),
    "TIFF, 32-bit whole numbers over 255 are stretched": (
        save(np.array([[0, 300]], np.int32), "TIFF"),
        as_rgb(np.array([[0, 255]], np.uint8)),
        0,
    ),
    "TIFF, 32-bit, one value far outside": (
        save(np.full((2, 2), 70000, np.int32), "TIFF"),
        np.zeros((2, 2, 3), np.uint8),
        0,
    ),
    "one pixel": (save(RGB[:1, :1].copy(), "PNG"), RGB[:1, :1], 0),
    "very wide": (save(np.tile(GREY, (1, 200))[:1], "PNG"), as_rgb(np.tile(GREY, (1, 200))[:1]), 0),
}


@pytest.mark.parametrize(("data", "expected", "tolerance"), GOOD.values(), ids=GOOD)
def test_decode_gives_the_pixels(data, expected, tolerance):
    picture = images.decode(data, "upload.xyz")  # the name's ending plays no part
    assert picture.shape == expected.shape
    assert np.abs(picture.astype(int) - expected).max() <= tolerance
    assert type(picture) is np.ndarray and picture.dtype == np.uint8
    assert picture.flags.c_contiguous and picture.flags.writeable and picture.flags.owndata


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize(
    ("orientation", "turn"),
    [  # where the stored first row and first column belong
        (1, lambda a: a),  # top, left
        (2, np.fliplr),  # top, right
        (3, lambda a: np.rot90(a, 2)),  # bottom, right
        (4, np.flipud),  # bottom, left
        (5, lambda a: a.swapaxes(0, 1)),  # left, top
        (6, lambda a: np.rot90(a, -1)),  # right, top
        (7, lambda a: np.rot90(a, 2).swapaxes(0, 1)),  # right, bottom
        (8, np.rot90),  # left, bottom
        (99, lambda a: a),  # no such orientation
    ],
)
def test_exif_orientation_is_applied(format, orientation, turn):
    stored = smooth()
    options = {"lossless": True} if format == "WEBP" else {}
    picture = images.decode(save(stored, format, exif=exif(orientation), **options))
    expected = turn(stored)
    assert picture.shape == expected.shape
    assert np.abs(picture.astype(int) - expected).max() <= (8 if format == "JPEG" else 0)
    assert picture.flags.c_contiguous


def test_16_bit_grey_is_turned_and_converted():
    picture = images.decode(save(GREY16, "PNG", exif=exif(6)))
    np.testing.assert_array_equal(picture, as_rgb(np.rot90(GREY16_AS_8, -1)))


def test_large_pictures_are_converted_in_bands_without_seams(monkeypatch):
    monkeypatch.setattr(images, "_BAND_PIXELS", 5 * RGB.shape[1])
    data = save(PALETTE, "PNG", transparency=PALETTE_ALPHA)
    expected = on_white(every_index(PALETTE), INDEX_ALPHA).astype(int)
    assert np.abs(images.decode(data) - expected).max() <= 1
