"""Files that are refused: one sentence each, before harm is done."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageFile

from segcore import images
from segcore.images import PictureError

from ._files import (
    BMP,
    GIF,
    JPEG,
    LAST_SCAN,
    PNG,
    PROGRESSIVE,
    RGB,
    STRICT,
    TIFF,
    TILE_BOMB,
    WEBP,
    broken,
    chunk,
    png,
    save,
    tiff,
)

pytestmark = STRICT


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
