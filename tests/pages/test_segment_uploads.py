"""The page Segment and files of every kind: the right picture, or one sentence and on we go.

`tests/images` holds the pixels to oracles; here it is the page that must stand.
"""

import io
import struct
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image
from skimage import data

from segcore.images import MAX_BYTES

CAT = data.chelsea()  # 451 × 300
RIGHT = (451, 300)


def save(picture: np.ndarray | Image.Image, format: str, **options) -> bytes:
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def cat(mode: str = "RGB") -> Image.Image:
    return Image.fromarray(CAT).convert(mode)


def chunk(kind: bytes, content: bytes = b"") -> bytes:
    crc = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + crc


def png(width: int, height: int, rows: bytes) -> bytes:
    """Put a grey PNG of one bit a pixel together, whatever is in it."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND")


def bomb(side: int) -> bytes:
    """Return a well-formed PNG of side × side pixels in a few kilobytes."""
    return png(side, side, bytes(side * (1 + -(-side // 8))))


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("cat.txt", "a cat")
    return file.getvalue()


def rotated() -> bytes:
    tags = Image.Exif()
    tags[0x0112] = 6
    return save(CAT, "JPEG", exif=tags)


JPEG, PNG, GIF = save(CAT, "JPEG"), save(CAT, "PNG"), save(cat("P"), "GIF")
MIRRORED = Image.fromarray(CAT[:, ::-1])
GREY16 = data.chelsea()[..., 0].astype(np.uint16) * 257
SOF = JPEG.index(b"\xff\xc0")  # height and width stand five bytes further on
HUGE = JPEG[: SOF + 5] + b"\xff\xdc\xff\xdc" + JPEG[SOF + 9 :]

# reason: (name, content, size as (width, height))
GOOD = {
    "baseline JPEG": ("cat.jpg", JPEG, RIGHT),
    "progressive JPEG": ("cat.jpg", save(CAT, "JPEG", progressive=True), RIGHT),
    "CMYK": ("cat.jpg", save(cat("CMYK"), "JPEG"), RIGHT),
    "turned by EXIF": ("cat.jpg", rotated(), (300, 451)),
    "something after the end": ("cat.jpg", JPEG + b"\0more" * 99, RIGHT),
    "16 bits": ("cat.png", save(GREY16, "PNG"), RIGHT),
    "1 bit": ("cat.png", save(cat("1"), "PNG"), RIGHT),
    "palette": ("cat.png", save(cat("P"), "PNG"), RIGHT),
    "transparent": ("cat.png", save(cat("RGBA"), "PNG"), RIGHT),
    "grey with alpha": ("cat.png", save(cat("LA"), "PNG"), RIGHT),
    "animated GIF": (
        "cat.gif",
        save(cat(), "GIF", save_all=True, append_images=[MIRRORED], duration=99),
        RIGHT,
    ),
    "animated WebP": (
        "cat.webp",
        save(cat(), "WEBP", save_all=True, append_images=[MIRRORED]),
        RIGHT,
    ),
    "TIFF of two pages": (
        "cat.tif",
        save(cat(), "TIFF", save_all=True, append_images=[cat()]),
        RIGHT,
    ),
    "TIFF of floats": ("cat.tiff", save(cat("F"), "TIFF"), RIGHT),
    "BMP": ("cat.bmp", save(CAT, "BMP"), RIGHT),
    "PNG that calls itself JPEG": ("cat.jpg", PNG, RIGHT),
    "name in capitals": ("CAT.JPG", JPEG, RIGHT),
    "name in Markdown and HTML": ("**a** <b>$x$<i> [c](d) _e_.png", PNG, RIGHT),
    "one pixel": ("dot.png", save(CAT[:1, :1], "PNG"), (1, 1)),
    "a strip": ("strip.png", save(np.zeros((1, 9000, 3), np.uint8), "PNG"), (9000, 1)),
}

# reason: (name, content, words of the sentence)
BAD = {
    "empty": ("cat.jpg", b"", "is empty"),
    "one byte": ("cat.jpg", b"\xff", "not a picture"),
    "text": ("cat.png", b"This is not a cat.\n" * 40, "not a picture"),
    "web page": ("cat.jpg", b"<!doctype html><html><body>404</body></html>", "a web page"),
    "PDF": ("cat.jpg", b"%PDF-1.7\n" + bytes(99), "a PDF"),
    "SVG": ("cat.png", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG"),
    "HEIC": ("cat.jpg", b"\0\0\0\x18ftypheic" + bytes(99), "a HEIC"),
    "ZIP": ("cat.png", zipped(), "not a picture"),
    "noise": ("cat.webp", np.random.default_rng(0).bytes(5000), "not a picture"),
    "truncated JPEG": ("cat.jpg", JPEG[: len(JPEG) // 2], "cut short"),
    "truncated PNG": ("cat.png", PNG[: len(PNG) // 2], "cut short"),
    "truncated GIF": ("cat.gif", GIF[: len(GIF) // 2], "cut short"),
    "only a header": ("cat.gif", b"GIF89a", "damaged"),
    "wrong check sum": ("cat.png", PNG[:20] + b"\1" + PNG[21:], "damaged"),
    "zero pixels": ("cat.png", png(0, 0, b""), "damaged"),
    "PNG bomb": ("cat.png", bomb(30_000), "pixels"),
    "just too many pixels": ("cat.png", bomb(6_400), "40 megapixels"),
    "JPEG that claims 65500 × 65500": ("cat.jpg", HUGE, "pixels"),
    "too many bytes": ("cat.bmp", b"BM" + bytes(MAX_BYTES), "20 MB"),
}


def is_a_sentence(text: str) -> bool:
    return text.endswith(".") and text.count(". ") == 0 and "\n" not in text and len(text) < 250


@pytest.mark.parametrize(("name", "content", "size"), GOOD.values(), ids=GOOD)
def test_odd_files_are_segmented(open_page, offered, name, content, size):
    page = open_page()
    page.upload([(name, content)])
    assert page.healthy(), [*page.app.exception, *page.errors()]
    (row,) = page.rows()
    assert row["Picture"] == name
    assert row["Size"] == f"{size[0]} × {size[1]}"
    for button in ("Mask", "Overlay", "Cut-out"):
        assert Image.open(io.BytesIO(offered[button]["data"]())).size == size


@pytest.mark.parametrize(("name", "content", "words"), BAD.values(), ids=BAD)
def test_bad_files_get_one_sentence_and_the_page_goes_on(open_page, name, content, words):
    page = open_page()
    page.upload([(name, content)])
    assert not page.app.exception
    (error,) = page.errors()
    assert is_a_sentence(error), error
    assert error.startswith(name)
    assert words in error
    assert page.rows() == []
    page.choose("threshold", 0.4)
    assert not page.app.exception
    assert page.errors() == [error]
    page.upload([("cat.jpg", JPEG)])
    assert page.healthy()
    assert [row["Size"] for row in page.rows()] == ["451 × 300"]


def test_a_bad_file_among_good_ones_spoils_nothing(open_page, network_runs):
    page = open_page()
    coffee = save(data.coffee(), "JPEG")
    page.upload([("cat.jpg", JPEG), ("bad.jpg", JPEG[:999]), ("coffee.jpg", coffee)])
    assert not page.app.exception
    (error,) = page.errors()
    assert error.startswith("bad.jpg ")
    assert [row["Picture"] for row in page.rows()] == ["cat.jpg", "coffee.jpg"]
    assert len(network_runs) == 2
    page.choose("threshold", 0.2)
    assert len(network_runs) == 2


def test_two_files_of_one_name_are_two_pictures(open_page, offered):
    page = open_page()
    page.upload([("cat.jpg", JPEG), ("cat.jpg", save(data.coffee(), "JPEG"))])
    assert page.healthy()
    assert [row["Size"] for row in page.rows()] == ["451 × 300", "600 × 400"]
    sizes = []
    for number in (0, 1):
        page.select("Picture shown", number)
        assert page.healthy()
        sizes.append(Image.open(io.BytesIO(offered["Mask"]["data"]())).size)
    assert sizes == [(451, 300), (600, 400)]


def test_uploads_are_kept_while_samples_are_shown(open_page):
    page = open_page()
    page.upload([("cat.jpg", JPEG)])
    page.choose("source", "Samples")
    assert page.healthy()
    assert page.rows()[0]["Picture"] != "cat.jpg"
    page.choose("source", "Upload")
    assert page.healthy()
    assert [row["Picture"] for row in page.rows()] == ["cat.jpg"]
    page.click("Remove")
    assert page.healthy()
    assert page.rows() == []


def test_too_many_files_are_said_to_be_left_out(open_page, monkeypatch):
    monkeypatch.setattr("segcore.ui.pictures.MAX_PICTURES", 2)
    page = open_page()
    page.upload([(f"cat-{number}.jpg", JPEG) for number in range(3)])
    assert page.healthy()
    assert [row["Picture"] for row in page.rows()] == ["cat-0.jpg", "cat-1.jpg"]
    (warning,) = page.app.warning
    assert warning.value.startswith("3 pictures were given and up to 2 are taken")


@pytest.mark.parametrize("source", ["Upload", "Camera"])
def test_without_a_picture_the_page_says_what_to_do(open_page, source):
    page = open_page()
    page.choose("source", source)
    assert page.healthy()
    assert len(page.app.info) == 1
    assert page.rows() == []
    page.choose("threshold", 0.3)
    assert page.healthy()
