"""segcore.mask_files on PNG files: what each kind of file means, pixel for pixel."""

import io

import numpy as np
import pytest
from PIL import Image

from segcore.mask_files import MaskFileError, read
from segcore.objects import union

SIZE = (9, 13)


def png(values, mode=None, **options):
    picture = values if isinstance(values, Image.Image) else Image.fromarray(values)
    buffer = io.BytesIO()
    (picture.convert(mode) if mode else picture).save(buffer, "PNG", **options)
    return buffer.getvalue()


def masks(data, size=SIZE):
    return {thing.label: union([thing], size) for thing in read(data, "mask.png", size)}


def same_masks(found, expected):
    assert found.keys() == expected.keys()
    for label, mask in expected.items():
        np.testing.assert_array_equal(found[label], mask)


# === Values ===


@pytest.mark.parametrize("value", [1, 7, 128, 255])
def test_two_values_are_one_object(value):
    mask = np.random.default_rng(value).random(SIZE) < 0.4
    same_masks(masks(png(np.where(mask, value, 0).astype(np.uint8))), {str(value): mask})


def test_one_bit_a_pixel():
    mask = np.random.default_rng(0).random(SIZE) < 0.4
    same_masks(masks(png(mask)), {"1": mask})


def test_empty_full_and_one_pixel():
    assert masks(png(np.zeros(SIZE, np.uint8))) == {}
    same_masks(masks(png(np.full(SIZE, 255, np.uint8))), {"255": np.ones(SIZE, bool)})
    values = np.zeros(SIZE, np.uint8)
    values[-1, -1] = 3
    (thing,) = read(png(values), "mask.png", SIZE)
    assert (thing.patch.top, thing.patch.left, thing.patch.mask.shape) == (8, 12, (1, 1))
    assert (thing.score, thing.box) == (1, None)


@pytest.mark.parametrize("bits", [np.uint8, np.uint16])
def test_random_ids_come_back_as_they_were(bits):
    random = np.random.default_rng(bits().itemsize)
    for _ in range(500):
        size = tuple(random.integers(1, 9, 2))
        values = random.choice([0, 0, 1, 2, 9, 254 if bits is np.uint8 else 40_000], size)
        data = png(values.astype(bits))
        expected = {str(v): values == v for v in np.unique(values) if v}
        same_masks(masks(data, size), expected)


def test_void_is_left_out_among_several_values_of_eight_bits_only():
    values = np.zeros(SIZE, np.uint16)
    values[:3], values[3:6] = 4, 255
    same_masks(masks(png(values.astype(np.uint8))), {"4": values == 4})
    same_masks(masks(png(values)), {"4": values == 4, "255": values == 255})


def test_255_objects_of_sixteen_bits_are_read_and_256_are_none():
    values = np.arange(16 * 16, dtype=np.uint16).reshape(16, 16)
    assert len(masks(png(values), (16, 16))) == 255
    with pytest.raises(MaskFileError, match="256 different values, as a photo has"):
        read(png(values + 1), "mask.png", (16, 16))


# === Colours ===


def test_a_palette_counts_by_its_numbers_not_its_colours():
    values = np.random.default_rng(1).integers(0, 4, SIZE).astype(np.uint8)
    picture = Image.fromarray(values)
    picture.putpalette([9, 9, 9, 0, 0, 0, 9, 9, 9, 200, 0, 0])
    same_masks(masks(png(picture)), {str(v): values == v for v in (1, 2, 3)})


def test_each_colour_but_black_is_an_object():
    which = np.random.default_rng(2).integers(0, 3, SIZE)
    colours = np.array([(0, 0, 0), (255, 0, 0), (1, 2, 3)], np.uint8)
    labels = {"255": which == 1, str(1 + 2 * 256 + 3 * 65536): which == 2}
    same_masks(masks(png(colours[which])), labels)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA"])
def test_grey_saved_as_colour_is_grey(mode):
    values = np.random.default_rng(3).choice([0, 80, 255], SIZE).astype(np.uint8)
    same_masks(masks(png(values, mode)), {"80": values == 80})


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_what_is_transparent_is_background(mode):
    alpha = np.random.default_rng(4).choice([0, 90, 255], SIZE).astype(np.uint8)
    picture = Image.new(mode, SIZE[::-1], "white")
    picture.putalpha(Image.fromarray(alpha))
    same_masks(masks(png(picture)), {"255": alpha > 0})


def test_a_photo_is_told_apart():
    photo = np.random.default_rng(5).integers(0, 256, (40, 40, 3)).astype(np.uint8)
    with pytest.raises(MaskFileError, match="as a photo has; a mask has one value an object"):
        read(png(photo), "photo.png", (40, 40))


# === Size ===


@pytest.mark.parametrize("given", [(13, 9), (9, 12), (1, 1)])
def test_another_size_is_named_as_the_page_writes_sizes(given):
    with pytest.raises(MaskFileError) as caught:
        read(png(np.zeros(given, np.uint8)), "C:\\masks\\cat.png", SIZE)
    assert str(caught.value) == (
        f"cat.png: the masks are {given[1]} × {given[0]} pixels, the picture 13 × 9; choose the "
        "picture they were made for."
    )
