"""Picture files to RGB arrays, safely; resizing; PNG files.

A *picture* is a C-contiguous ``uint8`` array of shape ``(H, W, 3)``, red, green and
blue in 0-255. Sizes are always ``(height, width)``. Colour profiles are not applied
and no metadata is kept. Everything here may be called from many threads at once.
"""

import io
import os
import re
import stat
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageFile, JpegImagePlugin, TiffImagePlugin, WebPImagePlugin  # noqa: F401

MAX_BYTES = 20 * 2**20
MAX_PIXELS = 40_000_000

SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"))
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
_ACCEPTED = "JPEG, PNG, WebP, BMP, GIF or TIFF"
_MAX_SCANS = 100  # a progressive JPEG has about 10; thousands are a way to burn hours
_SCAN = re.compile(rb"\xff\xda\x00(?:\x08\x01|\x0a\x02|\x0c\x03|\x0e\x04)")
_MAX_TILE = 2**24  # pixels; libtiff fills a whole tile, however small the picture
_BAND_PIXELS = 2**20  # converted at a time
_ORIENTATION_TAG = 0x0112
_UPRIGHT = {  # EXIF orientation -> what brings the stored pixels upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_STARTS = (b"\xff\xd8", b"\x89PNG", b"RIFF", b"GIF8", b"BM", b"II*\0", b"MM\0*")
_MARKS = {  # found near the start, in lower case, of what people try instead
    b"%pdf": "a PDF document",
    b"<svg": "an SVG drawing",
    b"<html": "a web page",
    b"ftyphe": "a HEIC picture",
    b"ftypavif": "an AVIF picture",
}

# Set once, here: switching these around a call would race with other threads. Pillow's own
# guard refuses canvases before it allocates them (`decode` holds the exact limit), and its
# remarks about sloppy metadata mean nothing to a visitor.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
Image.preinit()  # registers the common formats now, in one thread


class PictureError(ValueError):
    """A file that cannot be used; the message is one sentence to show to the visitor."""


# === Reading ===


def load(path: str | os.PathLike[str]) -> np.ndarray:
    """Read a picture file; the size is checked before a byte is read.

    Returns what `decode` does. Raises `PictureError` if the file is missing, a folder,
    unreadable, or refused by `decode`.
    """
    name = os.fspath(path)
    try:
        status = os.stat(name)
        if not stat.S_ISREG(status.st_mode):  # a pipe or a device could be read for ever
            raise PictureError(f"{_shown(name)} is not a file; give the path of one picture.")
        _check_bytes(status.st_size, name)
        with open(name, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except PictureError:
        raise
    except (OSError, ValueError) as error:
        problem = "was not found" if isinstance(error, FileNotFoundError) else "cannot be opened"
        raise PictureError(f"{_shown(name)} {problem}; check the path and try again.") from error
    return decode(data, name)


def list_folder(folder: Path) -> list[Path]:
    """Return the files of a folder whose names end like pictures, sorted by name."""
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file())


def decode(data: bytes, name: str = "The picture") -> np.ndarray:
    """Turn the bytes of a picture file into an upright RGB array.

    Parameters
    ----------
    data : bytes
        A JPEG, PNG, WebP, BMP, GIF or TIFF file, whatever its name says; of several
        frames or pages the first. At most `MAX_BYTES` long and `MAX_PIXELS` large.
    name : str
        The file's name, for messages only.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        C-contiguous, writable and not shared. EXIF orientation is applied, transparency
        composited on white, CMYK and Lab converted, 16-bit grey divided by 257 (colour: the
        high byte). 32-bit grey is kept where all values lie in 0-255 (floats in 0-1 are
        multiplied by 255), otherwise stretched from its smallest to its largest value;
        values that are not finite become black.

    Raises
    ------
    PictureError
        For anything that is not such a file: empty, too large, cut short, damaged or
        something else altogether. No other exception leaves this function.
    """
    _check_bytes(len(data), name)
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
            width, height = opened.size
            if width * height > MAX_PIXELS:
                raise PictureError(_too_many_pixels(name, f"{width} × {height} pixels"))
            _refuse_bombs(opened, data)
            if opened.format == "PNG":  # load() skips the check sums, verify() the pixels
                with Image.open(io.BytesIO(data), formats=("PNG",)) as checked:
                    checked.verify()
            opened.load()
            return _to_rgb(_upright(opened))
    except PictureError:
        raise
    except Image.DecompressionBombError as error:
        raise PictureError(_too_many_pixels(name, "far too many pixels")) from error
    except MemoryError as error:
        message = f"{_shown(name)} needs more memory than there is; make it smaller and try again."
        raise PictureError(message) from error
    except Exception as error:  # Pillow raises a dozen kinds; none may reach the visitor
        raise PictureError(f"{_shown(name)} {_what_is_wrong(data)}") from error


def _check_bytes(count: int, name: str) -> None:
    if count == 0:
        raise PictureError(f"{_shown(name)} is empty; choose a {_ACCEPTED} picture.")
    if count > MAX_BYTES:
        tenths = -(-count * 10 // 2**20)  # rounded up: never "20.0 MB is more than 20 MB"
        given = f"{tenths / 10} MB, more than the {MAX_BYTES // 2**20} MB accepted"
        raise PictureError(f"{_shown(name)} has {given}; make it smaller or save it as JPEG.")


def _too_many_pixels(name: str, given: str) -> str:
    accepted = f"more than the {MAX_PIXELS // 10**6} megapixels accepted"
    return f"{_shown(name)} has {given}, {accepted}; make it smaller and try again."


def _shown(name: str) -> str:
    """Return the last part of a path, printable and of bearable length."""
    last = name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    last = "".join(c if c.isprintable() else "?" for c in last).strip() or "The picture"
    return last if len(last) <= 80 else f"{last[:60]}…{last[-16:]}"


def _refuse_bombs(opened: ImageFile.ImageFile, data: bytes) -> None:
    """Raise `ValueError` for what a header makes possible and no real picture has."""
    if min(opened.size) < 1:
        raise ValueError("no pixels")
    if isinstance(opened, JpegImagePlugin.JpegImageFile):  # also MPO, a JPEG of several
        if sum(1 for _ in _SCAN.finditer(data)) > _MAX_SCANS:
            raise ValueError("too many scans")
    if isinstance(opened, TiffImagePlugin.TiffImageFile):
        tags = opened.tag_v2
        width, height = tags.get(TiffImagePlugin.TILEWIDTH), tags.get(TiffImagePlugin.TILELENGTH)
        if width and height and width * height > _MAX_TILE:
            raise ValueError("tiles far too large")


def _what_is_wrong(data: bytes) -> str:
    """Say what a file is that Pillow refused, judging by its first bytes."""
    if data.startswith(_STARTS):
        return (
            "is damaged, cut short or a rare kind of picture; save it again as JPEG or PNG, "
            "or choose another."
        )
    head = data[:256].lower()
    other = next((kind for mark, kind in _MARKS.items() if mark in head), None)
    return f"is {other or 'not a picture that can be read'}; choose a {_ACCEPTED} picture."


def _upright(picture: Image.Image) -> Image.Image:
    """Apply the EXIF orientation; broken EXIF counts as upright."""
    try:
        turn = _UPRIGHT.get(picture.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # the pixels are fine, only a note about them is not
        turn = None
    return picture if turn is None else picture.transpose(turn)


def _to_rgb(picture: Image.Image) -> np.ndarray:
    """Convert a loaded picture of any mode, band by band."""
    black, white = _grey_range(picture) if picture.mode in ("F", "I") else (0.0, 0.0)
    pixels = np.empty((picture.height, picture.width, 3), np.uint8)
    for rows, band in _bands(picture):
        if band.mode in ("F", "I"):
            grey = np.nan_to_num(
                np.asarray(band, np.float64), nan=black, posinf=black, neginf=black
            )
            grey = np.rint((grey - black) * (255 / ((white - black) or 1)))
            pixels[rows] = grey[..., None]
        elif band.mode.startswith("I;16"):
            table = (np.arange(2**16) + 128) // 257
            if band.has_transparency_data:
                table[band.info["transparency"]] = 255  # the transparent grey, on white
            pixels[rows] = table[np.asarray(band)][..., None]
        elif band.has_transparency_data:
            band = band.convert("RGBA")
            paper = Image.new("RGB", band.size, "white")
            paper.paste(band, (0, 0), band)
            pixels[rows] = np.asarray(paper)
        else:
            pixels[rows] = np.asarray(band.convert("RGB"))
    return pixels


def _bands(picture: Image.Image) -> Iterator[tuple[slice, Image.Image]]:
    """Cut a picture into bands of rows, so that what is made of each stays small."""
    step = max(1, _BAND_PIXELS // picture.width)
    for top in range(0, picture.height, step):
        bottom = min(picture.height, top + step)
        yield slice(top, bottom), picture.crop((0, top, picture.width, bottom))


def _grey_range(picture: Image.Image) -> tuple[float, float]:
    """Return the values of 32-bit grey that become 0 and 255, as `decode` documents."""
    low, high = np.inf, -np.inf
    for _, band in _bands(picture):
        values = np.asarray(band, np.float64)
        values = values[np.isfinite(values)]
        low, high = values.min(initial=low), values.max(initial=high)
    if low < 0 or high > 255:
        return low, high
    return 0.0, 1.0 if picture.mode == "F" and high <= 1 else 255.0


# === Resizing ===


def resize(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize ``uint8`` (H, W) or (H, W, 3) to ``size = (height, width)``.

    Bilinear with antialiasing when it gets smaller. Returns a new array of the same
    dtype and number of axes; raises `ValueError` for other dtypes and shapes.
    """
    _check(picture, size, (np.uint8,), "uint8 (H, W) or (H, W, 3)", channels=(3,))
    bilinear = Image.Resampling.BILINEAR
    return np.array(Image.fromarray(picture).resize(size[::-1], bilinear, reducing_gap=None))


def resize_mask(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize a bool or integer (H, W) mask to ``size = (height, width)``, nearest neighbour.

    Keeps the dtype and makes up no value. Raises `ValueError` for other dtypes and shapes.
    """
    _check(mask, size, (np.bool_, np.integer), "bool or integer (H, W)")
    rows, columns = (
        (2 * np.arange(new) + 1) * old // (2 * new)  # the pixel under each new pixel's centre
        for new, old in zip(size, mask.shape, strict=True)
    )
    return mask[rows[:, None], columns]


def fit_size(
    size: tuple[int, int], longest: int, multiple: int = 1, enlarge: bool = True
) -> tuple[int, int]:
    """Return the (height, width) whose longest side is `longest`, the aspect kept.

    Each side is rounded to the nearest `multiple` (half upwards), at least one multiple.
    With ``enlarge=False`` a smaller picture keeps its size, up to that rounding.
    """
    if min(*size, longest, multiple) < 1:
        raise ValueError(f"{size=}, {longest=} and {multiple=} must all be at least 1")
    old = max(size)
    new = longest if enlarge else min(longest, old)
    height, width = (
        max(1, (2 * side * new + old * multiple) // (2 * old * multiple)) * multiple
        for side in size
    )
    return height, width


def fit(picture: np.ndarray, longest: int) -> np.ndarray:
    """Scale down to at most `longest` pixels a side as `resize` does; a smaller one as it is."""
    size = fit_size(picture.shape[:2], longest, enlarge=False)
    return picture if size == picture.shape[:2] else resize(picture, size)


# === Writing ===


def encode_png(array: np.ndarray) -> bytes:
    """Write a PNG file without metadata; equal arrays give equal bytes.

    Takes ``uint8`` (H, W), (H, W, 3) or (H, W, 4), or bool (H, W), written as 0 and 255.
    Raises `ValueError` for anything else.
    """
    kinds = "uint8 (H, W), (H, W, 3) or (H, W, 4), or bool (H, W)"
    is_mask = array.dtype == np.bool_
    _check(array, (1, 1), (np.uint8, np.bool_), kinds, channels=() if is_mask else (3, 4))
    if is_mask:
        array = array.astype(np.uint8) * np.uint8(255)
    file = io.BytesIO()
    # Photographs hardly shrink beyond level 1, which is three times as fast; masks do.
    Image.fromarray(array).save(file, "PNG", compress_level=6 if array.ndim == 2 else 1)
    return file.getvalue()


def encode_jpeg(picture: np.ndarray, quality: int = 90) -> bytes:
    """Write ``uint8`` (H, W, 3) as a JPEG file without metadata, for showing."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return file.getvalue()


def _check(
    array: np.ndarray, size: tuple, dtypes: tuple, accepted: str, channels: tuple = ()
) -> None:
    """Raise `ValueError` unless the dtype, the shape and the new size can be worked with."""
    right_type = any(np.issubdtype(array.dtype, dtype) for dtype in dtypes)
    right_shape = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in channels)
    if not (right_type and right_shape and array.size):
        raise ValueError(f"given {array.dtype} {array.shape}; accepted: {accepted}, not empty")
    if len(size) != 2 or min(size) < 1:
        raise ValueError(f"size {size} must be (height, width), each at least 1")
