"""Pictures and files made by hand, for the tests of `segcore.images`.

The oracles are plain NumPy, scikit-image and loops written out, never the module itself.
"""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

# pytest puts its own warning filters in place of the module's for each test; that the module
# keeps Pillow's warnings inside is tested in a process of its own.
STRICT = pytest.mark.filterwarnings(
    "error", "ignore::UserWarning", "ignore::PIL.Image.DecompressionBombWarning"
)

ROOT = Path(__file__).resolve().parents[2]
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
