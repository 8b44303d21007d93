"""Objects that are kept: names, numbers, colours, sizes; and masks laid over a picture."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from segcore import images
from segcore.objects import Patch, union
from segcore.prompting import kept
from segcore.prompting.overlay import EDGE, FILL, edge, overlay


def square(top: int, left: int, side: int, size=(40, 60)) -> np.ndarray:
    mask = np.zeros(size, bool)
    mask[top : top + side, left : left + side] = True
    return mask


def some() -> tuple[kept.Kept, ...]:
    things = kept.keep((), "cat", square(5, 5, 10), 0.9, "8,8")
    things = kept.keep(things, "", square(20, 20, 10), float("nan"))
    return kept.keep(things, "  a\nrug  ", square(0, 40, 5), 0.5)


def test_names_numbers_and_colours():
    things = some()
    assert [(t.number, t.name, t.score) for t in things] == [
        (1, "cat", 0.9),
        (2, "object 2", pytest.approx(float("nan"), nan_ok=True)),
        (3, "a rug", 0.5),
    ]
    assert len({t.colour for t in things}) == 3
    fewer = kept.remove(things, 2)
    assert [t.number for t in fewer] == [1, 3] and fewer[1].colour == things[2].colour
    assert kept.keep(fewer, "x", square(1, 1, 2), 1)[-1].number == 4
    assert [t.name for t in kept.rename(things, 1, "dog")] == ["dog", "object 2", "a rug"]
    assert kept.rename(things, 1, " ")[0].name == "cat"


def test_an_empty_mask_and_one_too_many_are_not_taken():
    assert kept.keep((), "x", np.zeros((4, 4), bool), 1.0) == ()
    many = (some()[0],) * kept.MOST
    assert len(kept.keep(many, "x", square(1, 1, 2), 1.0)) == kept.MOST


def test_masks_grow_to_the_pictures_own_size():
    full = kept.at_size(some(), (40, 60), (400, 600))
    assert [thing.label for thing in full] == ["cat", "object 2", "a rug"]
    assert [thing.score for thing in full] == [0.9, 1.0, 0.5]
    patch = full[0].patch
    assert (patch.top, patch.left) == (50, 50) and patch.mask.shape == (100, 100)
    assert patch.mask.mean() > 0.99
    same = kept.at_size(some(), (40, 60), (40, 60))
    np.testing.assert_array_equal(same[0].patch.mask, np.ones((10, 10), bool))


@pytest.mark.parametrize("size", [(97, 131), (400, 601), (41, 60)])
def test_grown_masks_are_those_of_the_whole_picture(size):
    rng = np.random.default_rng(8)
    for _ in range(10):
        mask = ndimage.binary_dilation(rng.random((40, 60)) < 0.002, iterations=3)
        mask |= square(0, 57, 3) if rng.random() < 0.3 else False
        things = kept.keep((), "x", mask, 1.0)
        whole = images.resize(mask * np.uint8(255), size)
        grown = union(kept.at_size(things, mask.shape, size), size)
        assert set(whole[grown != (whole >= 128)]) <= {127, 128}  # a half, rounded up or down


def test_the_number_stands_inside_its_object():
    rng = np.random.default_rng(5)
    for _ in range(50):
        mask = ndimage.binary_dilation(rng.random((200, 300)) < 0.0005, iterations=9)
        thing = kept.keep((), "x", mask, 1.0)[0]
        x, y = thing.middle()
        assert mask[int(y), int(x)]


def test_the_edge_is_what_erosion_takes_away():
    mask = np.random.default_rng(6).random((30, 40)) < 0.7
    cross = ndimage.generate_binary_structure(2, 1)
    np.testing.assert_array_equal(edge(mask), mask & ~ndimage.binary_erosion(mask, cross))


def test_an_overlay_has_each_mask_in_its_colour_with_an_outline():
    layers = [
        (Patch(5, 5, np.ones((10, 10), bool)), (1, 2, 3)),
        (Patch(8, 8, np.ones((9, 9), bool)), (9, 8, 7)),
    ]
    data = overlay(layers, (40, 60))
    pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))
    assert pixels.shape == (40, 60, 4) and pixels[0, 0, 3] == 0
    assert pixels[6, 6].tolist() == [1, 2, 3, FILL] and pixels[5, 5].tolist() == [1, 2, 3, EDGE]
    assert pixels[12, 12].tolist() == [9, 8, 7, FILL] and pixels[8, 8, 3] == EDGE
    assert overlay([], (40, 60)) == b""


@pytest.mark.parametrize("count", [1, 127, 200])
def test_an_overlay_takes_any_number_of_masks(count):
    colours = [(n % 9, 7, 0) for n in range(count)]
    layers = [(Patch(0, 3 * n, np.ones((3, 3), bool)), colour) for n, colour in enumerate(colours)]
    file = overlay(layers, (3, 3 * count))
    pixels = np.asarray(Image.open(io.BytesIO(file)).convert("RGBA"))
    assert [tuple(pixel) for pixel in pixels[1, 1::3, :3].tolist()] == colours
    assert set(pixels[1, 1::3, 3].tolist()) == {FILL} and set(pixels[0, :, 3].tolist()) == {EDGE}
