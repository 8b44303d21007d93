"""Exported PNG and ZIP files, opened again with Pillow and zipfile."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from segcore.exporters.pictures import FORMATS, encode, file_name, unique_names, zip_files
from segcore.labels import Segmentation

PICTURE = np.random.default_rng(5).integers(0, 256, (7, 9, 3), dtype=np.uint8)
COARSE = np.random.default_rng(6).integers(0, 256, (7, 9), dtype=np.uint8)
RESULT = Segmentation(COARSE, (7, 9), "model", "CPU")
INSIDE = COARSE >= 128


def opened(data):
    image = Image.open(io.BytesIO(data))
    assert image.format == "PNG" and image.size == (9, 7) and not image.info
    return image.mode, np.asarray(image)


# === PNG ===


def test_a_mask_is_0_and_255():
    mode, pixels = opened(encode("mask", PICTURE, RESULT))
    assert mode == "L"
    np.testing.assert_array_equal(pixels, np.where(INSIDE, 255, 0))


def test_a_cutout_is_transparent_outside():
    mode, pixels = opened(encode("cutout", PICTURE, RESULT))
    assert mode == "RGBA"
    np.testing.assert_array_equal(pixels[INSIDE, :3], PICTURE[INSIDE])
    np.testing.assert_array_equal(pixels[..., 3], np.where(INSIDE, 255, 0))
    assert (pixels[~INSIDE] == 0).all()  # nothing of what was cut away is left in the file


def test_an_overlay_blends_the_colour():
    colour = (200, 10, 30)
    mode, pixels = opened(encode("overlay", PICTURE, RESULT, colour=colour, opacity=0.25))
    assert mode == "RGB"
    np.testing.assert_array_equal(pixels[~INSIDE], PICTURE[~INSIDE])
    expected = np.rint(PICTURE[INSIDE] * 0.75 + np.array(colour) * 0.25)
    np.testing.assert_array_equal(pixels[INSIDE], expected)


@pytest.mark.parametrize("kind", FORMATS)
def test_the_threshold_is_used_and_bytes_repeat(kind):
    files = [encode(kind, PICTURE, RESULT, threshold) for threshold in (0.1, 0.9, 0.9)]
    assert files[0] != files[1] == files[2]


def test_files_have_the_pictures_size_not_the_networks():
    result = Segmentation(COARSE[:2, :3], (7, 9), "model", "CPU")
    for kind in FORMATS:
        opened(encode(kind, PICTURE, result))


@pytest.mark.parametrize("kind", ["", "Mask", "jpeg"])
def test_unknown_formats_are_refused_by_value(kind):
    with pytest.raises(ValueError, match=f"'{kind}'; accepted are mask, overlay, cutout"):
        encode(kind, PICTURE, RESULT)


# === Names ===


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cat.jpg", "cat_mask.png"),
        ("my cat.v2.jpeg", "my cat.v2_mask.png"),  # only the last ending goes
        ("cat", "cat_mask.png"),  # no ending
        (".cat", ".cat_mask.png"),  # a dot in front is no ending
        ("folder/cat.jpg", "cat_mask.png"),  # folders go
        ("../../cat.jpg", "cat_mask.png"),  # upward ones too
        ("Kätzchen 猫.png", "Kätzchen 猫_mask.png"),  # letters stay
    ],
)
def test_file_name(name, expected):
    assert file_name(name, "mask") == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], []),
        (["a.png", "b.png"], ["a.png", "b.png"]),  # nothing to do
        (["a.png"] * 3, ["a.png", "a (2).png", "a (3).png"]),
        (["a.png", "A.PNG"], ["a.png", "A (2).PNG"]),  # one file on Windows and macOS
        (["a.png", "a (2).png", "a.png"], ["a.png", "a (2).png", "a (3).png"]),  # taken
        (["a.png", "a.png", "a (2).png"], ["a.png", "a (2).png", "a (2) (2).png"]),
        (["a", "a"], ["a", "a (2)"]),  # no ending
        (["straße.png", "STRASSE.png"], ["straße.png", "STRASSE (2).png"]),  # case folded
    ],
)
def test_unique_names(names, expected):
    assert list(unique_names(names)) == expected


# === ZIP ===

FILES = [("a_mask.png", b"first"), ("Kätzchen 猫_mask.png", b"\x89PNG" * 50), ("empty.png", b"")]


def test_a_zip_holds_the_files_in_order():
    with zipfile.ZipFile(io.BytesIO(zip_files(FILES))) as archive:
        assert archive.testzip() is None
        assert [(name, archive.read(name)) for name in archive.namelist()] == FILES
        for entry in archive.infolist():
            assert entry.compress_type == zipfile.ZIP_STORED  # PNG is compressed already
            assert entry.external_attr >> 16 & 0o400  # its owner may read what is unpacked


def test_equal_files_give_equal_zips():
    assert zip_files(FILES) == zip_files(iter(FILES))
    assert zip_files(FILES) != zip_files(FILES[::-1])


def test_an_empty_zip_can_be_opened():
    with zipfile.ZipFile(io.BytesIO(zip_files([]))) as archive:
        assert archive.namelist() == []
