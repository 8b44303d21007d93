"""`segcore.images`: what each kind of file gives, and resizing against independent oracles.

The oracles are plain NumPy, scikit-image and loops written out here, never the module itself.
"""

import io
import os
import struct
import subprocess
import sys
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile
from skimage.color import lab2rgb

from segcore import images
from segcore.images import PictureError

# pytest puts its own warning filters in place of the module's for each test; that the module
# keeps Pillow's warnings inside is tested in a process of its own.
pytestmark = pytest.mark.filterwarnings(
    "error", "ignore::UserWarning", "ignore::PIL.Image.DecompressionBombWarning"
)

ROOT = Path(__file__).resolve().parents[1]
RGB = np.random.default_rng(2).integers(0, 256, (12, 17, 3), dtype=np.uint8)
GREY = RGB[..., 0]
ALPHA = RGB[::-1, ::-1, 1]
GREY16 = np.array([[0, 128, 129, 255, 256, 257], [385, 386, 32767, 40000, 65534, 65535]], np.uint16)
GREY16_AS_8 = np.array([[0, 0, 1, 1, 1, 1], [1, 2, 127, 156, 255, 255]], np.uint8)  # v / 257
GREEN_INK, GREEN = (200, 30, 160, 10), (53, 216, 91)  # 255 * (1 - ink) * (1 - black)


# === Files made by hand ===


def save(array: np.ndarray | Image.Image, format: str, mode: str = "", **options) -> bytes:
    image = array if isinstance(array, Image.Image) else Image.fromarray(array)
    file = io.BytesIO()
    (image.convert(mode) if mode else image).save(file, format, **options)
    return file.getvalue()


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    crc = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + crc


def png(width: int, height: int, depth: int, colour: int, rows: bytes, *more: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND")
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(more) + pixels


def tiff(tags: dict[int, int], pixels: bytes = b"") -> bytes:
    """Build a little-endian TIFF of one page; strip offset (273) and size (279) are filled in."""
    tags = {**tags, 273: 8 + 2 + 12 * (len(tags) + 2) + 4, 279: len(pixels)}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, tags[tag]) for tag in sorted(tags))
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + pixels


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


def broken(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


def on_white(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    share = alpha[..., None] / 255
    return np.rint(rgb * share + 255 * (1 - share)).astype(np.uint8)


def as_rgb(grey: np.ndarray) -> np.ndarray:
    return np.repeat(grey[..., None], 3, axis=2)


def flat(colour: tuple[int, ...], mode: str = "RGB") -> Image.Image:
    return Image.new(mode, (17, 12), colour)


def smooth(height: int = 96, width: int = 128) -> np.ndarray:
    """Return colours that change slowly and differ in each corner, so that JPEG keeps them."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    return np.stack([40 + 180 * y, 30 + 200 * x, 200 - 150 * x * y], axis=-1).astype(np.uint8)


def other() -> Image.Image:
    """Return a second frame; a new one each time, for Pillow notes how it was saved in it."""
    return Image.fromarray(RGB[::-1])


def every_index(palette: Image.Image) -> np.ndarray:
    colours = np.array(palette.getpalette(), np.uint8).reshape(-1, 3)
    return colours[np.asarray(palette)]


PALETTE = Image.fromarray(RGB).quantize(8)
PALETTE_ALPHA = bytes([0, 64, 128, 255, 255, 200, 10, 255])
INDEX_ALPHA = np.frombuffer(PALETTE_ALPHA, np.uint8)[np.asarray(PALETTE)]
RGBA = np.dstack([RGB, ALPHA])
LA = Image.merge("LA", (Image.fromarray(GREY), Image.fromarray(ALPHA)))
BITS = GREY > 127
JPEG, PNG, WEBP = save(smooth(), "JPEG", quality=95), save(RGB, "PNG"), save(smooth(), "WEBP")
GIF, BMP, TIFF = save(PALETTE, "GIF"), save(RGB, "BMP"), save(RGB, "TIFF")
PROGRESSIVE = save(smooth(), "JPEG", quality=95, progressive=True)
LAST_SCAN = PROGRESSIVE[PROGRESSIVE.rindex(b"\xff\xda") : -2]
FLOATS = np.array([[0.0, 0.25], [0.5, 1.0]], np.float32)
WIDE = np.array([[-1000, 0], [1000, 3000]], np.int32)
TILE_BOMB = {256: 16, 257: 16, 258: 8, 259: 5, 262: 1, 277: 1} | {322: 2**15, 323: 2**15, 324: 8}


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


# === Files that are refused ===

BAD = {
    # reason: (file, words of the message)
    "empty": (b"", "empty"),
    "one byte": (b"\xff", "not a picture"),
    "one byte of text": (b"x", "not a picture"),
    "text renamed .png": (b"Dear diary,\nno picture today.\n", "not a picture"),
    "random bytes": (np.random.default_rng(5).bytes(5000), "not a picture"),
    "zeros": (bytes(5000), "not a picture"),
    "PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "is a PDF document"),
    "SVG": (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
    "HTML": (b"\n<!DOCTYPE html><HTML><title>404</title></HTML>", "a web page"),
    "HEIC": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(300), "a HEIC picture"),
    "AVIF, though Pillow could": (b"\0\0\0\x18ftypavif\0\0\0\0mif1avif" + bytes(300), "an AVIF"),
    "PPM, though Pillow could": (save(RGB, "PPM"), "not a picture"),
    "ICO, though Pillow could": (save(RGB, "ICO"), "not a picture"),
    "PostScript, which Pillow would run": (save(RGB, "EPS"), "not a picture"),
    "ZIP": (b"PK\3\4" + bytes(100), "not a picture"),
    "sound": (b"RIFF\x24\0\0\0WAVEfmt " + bytes(50), "or a rare kind"),
    "JPEG, cut short": (JPEG[: len(JPEG) // 2], "damaged, cut short"),
    "JPEG, only its start": (JPEG[:20], "damaged, cut short"),
    "JPEG, no size": (JPEG.replace(struct.pack(">HH", 96, 128), bytes(4), 1), "damaged"),
    "JPEG, endless scans": (PROGRESSIVE[:-2] + LAST_SCAN * 200 + b"\xff\xd9", "rare kind"),
    "PNG, only its signature": (PNG[:8], "damaged, cut short"),
    "PNG, cut short": (PNG[: len(PNG) // 2], "damaged, cut short"),
    "PNG, end missing": (PNG[:-12], "damaged, cut short"),
    "PNG, pixels damaged": (broken(PNG, PNG.index(b"IDAT") + 40), "damaged"),
    "PNG, check sum wrong": (broken(PNG, len(PNG) - 13), "damaged"),
    "PNG, header damaged": (broken(PNG, 17), "damaged"),
    "PNG, no pixels at all": (PNG[:33] + chunk(b"IEND"), "damaged, cut short"),
    "PNG, zero wide": (png(0, 5, 8, 2, bytes(5)), "damaged"),
    "PNG, zero high": (png(5, 0, 8, 2, b""), "damaged"),
    "PNG, no such colour type": (png(1, 1, 8, 5, bytes(9)), "rare kind"),
    "PNG, bomb of 30,000 x 30,000": (png(30_000, 30_000, 8, 2, bytes(99)), "40 megapixels"),
    "PNG, bomb of 2^31 x 2^31": (png(2**31 - 1, 2**31 - 1, 1, 0, bytes(99)), "40 megapixels"),
    "PNG, just too many pixels": (png(6401, 6250, 1, 0, bytes(99)), "6401 × 6250 pixels"),
    "PNG, text that unpacks to 8 MB": (
        png(1, 1, 8, 0, b"\0\0", chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(2**23)))),
        "damaged",
    ),
    "WebP, cut short": (WEBP[: len(WEBP) // 2], "damaged, cut short"),
    "WebP, only its start": (WEBP[:16], "damaged, cut short"),
    "WebP, bomb of 10,000 x 10,000": (
        b"RIFF\x26\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0" + b"\x0f\x27\0" * 2 + bytes(30),
        "40 megapixels",
    ),
    "GIF, cut short": (GIF[: len(GIF) // 2], "damaged, cut short"),
    "GIF, no frame": (GIF[:13] + b";", "damaged"),
    "GIF, bomb": (broken(broken(GIF, 7), 9), "40 megapixels"),
    "BMP, cut short": (BMP[: len(BMP) // 2], "damaged, cut short"),
    "BMP, bomb": (BMP[:18] + struct.pack("<ii", 50_000, 50_000) + BMP[26:], "40 megapixels"),
    "TIFF, cut short": (TIFF[:200], "damaged, cut short"),
    "TIFF, bomb": (tiff({256: 9999, 257: 9999, 258: 8, 259: 1, 262: 1}, bytes(9)), "40 megap"),
    "TIFF, tiles of a gigabyte": (tiff(TILE_BOMB | {325: 100}, bytes(100)), "rare kind"),
    "TIFF, no such pixels": (tiff({256: 2, 257: 2, 258: 7, 259: 1, 262: 1}, bytes(9)), "rare kind"),
    "too many bytes": (PNG + bytes(images.MAX_BYTES), "20.1 MB, more than the 20 MB"),
}


@pytest.mark.parametrize(("data", "words"), BAD.values(), ids=BAD)
def test_decode_refuses_in_one_sentence(data, words):
    with pytest.raises(PictureError) as refused:
        images.decode(data, "my cat.png")
    message = str(refused.value)
    assert message.startswith("my cat.png ") and words in message
    assert message.endswith(".") and message.count(". ") == 0 and "\n" not in message
    assert "; " in message  # the second half says what to do
    assert len(message) < 160


@pytest.mark.parametrize("reason", [r for r in BAD if "bomb" in r or "gigabyte" in r or "too" in r])
def test_bombs_are_refused_before_any_pixel_is_decoded(monkeypatch, reason):
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("decoded"))
    monkeypatch.setattr(Image.core, "new", lambda *_: pytest.fail("allocated"))
    with pytest.raises(PictureError):
        images.decode(BAD[reason][0])


def test_bytes_are_counted_before_the_file_is_opened(monkeypatch):
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("opened"))
    with pytest.raises(PictureError, match="20 MB"):
        images.decode(PNG + bytes(images.MAX_BYTES))


def test_the_limits_themselves_are_accepted(monkeypatch):
    full = PNG + bytes(images.MAX_BYTES - len(PNG))
    np.testing.assert_array_equal(images.decode(full), RGB)
    monkeypatch.setattr(images, "MAX_PIXELS", RGB.shape[0] * RGB.shape[1])
    np.testing.assert_array_equal(images.decode(PNG), RGB)
    monkeypatch.setattr(images, "MAX_PIXELS", RGB.shape[0] * RGB.shape[1] - 1)
    with pytest.raises(PictureError, match="17 × 12 pixels"):
        images.decode(PNG)


def test_lack_of_memory_is_said_as_such(monkeypatch):
    def load(self):
        raise MemoryError

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)
    with pytest.raises(PictureError, match="memory"):
        images.decode(JPEG)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/cat.png", "cat.png "),  # no folders of the server
        ("C:\\Users\\me\\cat.png", "cat.png "),  # nor of the visitor
        ("cat\n# Boo\u202e.png", "cat?# Boo?.png "),  # no new lines, no reversed text
        ("\ud800.png", "?.png "),  # can be written as UTF-8
        ("", "The picture "),
        ("x" * 5000 + ".png", "x" * 60 + "…" + "x" * 12 + ".png "),
    ],
)
def test_names_in_messages_are_harmless(name, shown):
    with pytest.raises(PictureError) as refused:
        images.decode(b"", name)
    assert str(refused.value).startswith(shown)
    str(refused.value).encode()


def test_damage_never_raises_anything_else():
    """300 seeded mutations of good files give a picture or a `PictureError`."""
    random = np.random.default_rng(20)
    outcomes = {"picture": 0, "refused": 0}
    for turn in range(300):
        data = bytearray((JPEG, PNG, WEBP, GIF, TIFF, BMP)[turn % 6])
        for _ in range(random.integers(1, 6)):
            # Half of the damage goes to the first 64 bytes, where the headers are.
            at = int(random.integers(max(1, len(data)) if random.random() < 0.5 else 64))
            length = int(random.integers(1, 9))
            match random.integers(5):
                case 0 | 1:
                    data[at : at + length] = random.bytes(length)
                case 2:
                    data[at : at + length] = b""
                case 3:
                    data[at:at] = random.bytes(length)
                case 4:
                    data[at : at + length] = random.choice([b"\0", b"\xff", b"\x7f"]) * length
            data = data[: -length * 50] if random.random() < 0.05 else data
        try:
            picture = images.decode(bytes(data))
        except PictureError:
            outcomes["refused"] += 1
        else:
            outcomes["picture"] += 1
            assert picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 3
            assert 0 < picture.shape[0] * picture.shape[1] <= images.MAX_PIXELS
    assert min(outcomes.values()) > 30, outcomes  # the damage is neither trivial nor total


# === Side effects ===


def test_nothing_global_changes_in_a_call():
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters))
    for data in (PNG, JPEG[:300], BAD["PNG, bomb of 30,000 x 30,000"][0]):
        try:
            images.decode(data)
        except PictureError:
            pass
    after = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters))
    assert before == after


def test_pillows_warnings_stay_inside(tmp_path):
    """In a process where each warning is an error, sloppy files still give their pictures."""
    mpo = GOOD["JPEG, two frames (MPO)"][0]
    files = {
        "mpo": mpo.replace(b"0100", b"9999", 1)[: len(mpo) - 900],
        "exif": GOOD["JPEG, EXIF cut short is no reason to refuse"][0],
        "apng": PNG[:33] + chunk(b"acTL", bytes(8)) + PNG[33:],
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "large").write_bytes(png(8000, 6000, 1, 0, bytes(99)))  # Pillow would warn
    program = """
import sys
from segcore import images
for path in sys.argv[1:]:
    try:
        print(images.load(path).shape)
    except images.PictureError as error:
        print(error)
print([name for name in ("streamlit", "tensorflow", "skimage", "scipy") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program]
        + [str(tmp_path / name) for name in (*files, "large")],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "(96, 128, 3)",
        "(96, 128, 3)",
        "(12, 17, 3)",
        "large has 8000 × 6000 pixels, more than the 40 megapixels accepted; "
        "make it smaller and try again.",
        "[]",  # nor does the module bring anything heavy with it
    ]


def test_threads_get_what_one_alone_gets():
    def outcome(data: bytes) -> bytes | str:
        try:
            return images.decode(data).tobytes()
        except PictureError as error:
            return str(error)

    files = [data for data, *_ in (*GOOD.values(), *BAD.values())] * 2
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(outcome, files)) == [outcome(data) for data in files]


# === Files on disk ===


def test_load_reads_files(tmp_path):
    path = tmp_path / "wrong extension.jpg"
    path.write_bytes(PNG)
    np.testing.assert_array_equal(images.load(path), RGB)
    np.testing.assert_array_equal(images.load(str(path)), RGB)


def test_load_refuses_in_one_sentence(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "empty.png").touch()
    (tmp_path / "huge.png").touch()
    os.truncate(tmp_path / "huge.png", images.MAX_BYTES + 1)
    table = [
        (tmp_path / "gone.png", "gone.png was not found; "),
        (tmp_path / "gone" / "cat.png", "cat.png was not found; "),
        (tmp_path / "text.png" / "cat.png", "cat.png cannot be opened; "),  # a file as folder
        (tmp_path / "photos", "photos is not a file; "),
        (tmp_path / "text.png", "text.png is not a picture"),
        (tmp_path / "empty.png", "empty.png is empty; "),
        (tmp_path / "huge.png", "huge.png has 20.1 MB, "),
        ("nul\0.png", "nul?.png cannot be opened; "),
        ("n" * 300, "n" * 60),  # longer than file systems allow
    ]
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.png")  # opening it would wait for ever
        table += [(tmp_path / "pipe.png", "pipe.png is not a file; ")]
    for path, start in table:
        with pytest.raises(PictureError) as refused:
            images.load(path)
        assert str(refused.value).startswith(start)
        assert str(tmp_path) not in str(refused.value)


def test_load_looks_at_the_size_before_reading(tmp_path, monkeypatch):
    path = tmp_path / "huge.png"
    path.touch()
    os.truncate(path, images.MAX_BYTES + 1)
    monkeypatch.setattr("builtins.open", lambda *_, **__: pytest.fail("opened"))
    with pytest.raises(PictureError, match="20 MB"):
        images.load(path)


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
