"""segcore.render, pixel for pixel against loops in plain Python on small pictures."""

import numpy as np
import pytest
from skimage.color import rgb2lab

from segcore import render

RED = (255, 0, 10)
RNG = np.random.default_rng(4)
PICTURE = RNG.integers(0, 256, (9, 11, 3), dtype=np.uint8)
SHAPE = PICTURE.shape[:2]


def mask_of(*pixels):
    mask = np.zeros(SHAPE, bool)
    for y, x in pixels:
        mask[y, x] = True
    return mask


MASKS = {
    "empty": np.zeros(SHAPE, bool),
    "full": np.ones(SHAPE, bool),
    "one pixel": mask_of((4, 5)),
    "a corner": mask_of((0, 0), (0, 1), (1, 0)),
    "a block": np.pad(np.ones((6, 6), bool), ((2, 1), (3, 2))),
    "noise": RNG.random(SHAPE) < 0.5,
}
each_mask = pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)


def by_pixel(function):
    """Call ``function(y, x)`` for each pixel and return the values as a picture."""
    rows, columns = SHAPE
    return np.array([[function(y, x) for x in range(columns)] for y in range(rows)])


def neighbours(y, x, radius):
    """Yield the pixels of a square about one, those outside the picture left out."""
    for i in range(max(0, y - radius), min(SHAPE[0], y + radius + 1)):
        for j in range(max(0, x - radius), min(SHAPE[1], x + radius + 1)):
            yield i, j


# === Colours ===


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("#000000", (0, 0, 0)),
        ("#ff800a", (255, 128, 10)),
        ("#FF800A", (255, 128, 10)),  # capitals
    ],
)
def test_parse_colour(text, colour):
    assert render.parse_colour(text) == colour


@pytest.mark.parametrize(
    "text",
    [
        "",  # nothing
        "ff800a",  # no sign
        "##f800a",  # two signs
        "#f80",  # short form
        "#ff800aff",  # with opacity
        "#gg800a",  # not hexadecimal
        "#ff 80 ",  # spaces, which bytes.fromhex skips
        "#ff800a\n",  # a line too many
        "red",  # a name
    ],
)
def test_other_texts_are_refused_by_value(text):
    with pytest.raises(ValueError) as refused:
        render.parse_colour(text)
    assert str(refused.value) == (f"The colour is {text!r}; accepted is #rrggbb, such as #009e73.")


def test_heat_colours_pass_their_stops_and_rise_in_lightness():
    colours = render.heat_colours()
    assert colours.shape == (256, 3) and colours.dtype == np.uint8
    assert tuple(colours[0]) == render.HEAT_STOPS[0]
    assert tuple(colours[255]) == render.HEAT_STOPS[-1]
    middle = [(a + b) / 2 for a, b in zip(*render.HEAT_STOPS[1:3], strict=True)]
    near = colours[round(255 * 3 / 8)]  # halfway between the second stop and the third
    np.testing.assert_allclose(near, middle, atol=1.5)
    assert (np.diff(rgb2lab(colours[None])[0, ::8, 0]) > 0).all()


# === Views ===


@each_mask
@pytest.mark.parametrize("opacity", [0.0, 0.3, 0.5, 1.0])
def test_overlay(mask, opacity):
    def blended(y, x):
        old = PICTURE[y, x].tolist()
        if not mask[y, x]:
            return old
        return [v * (1 - opacity) + c * opacity for v, c in zip(old, RED, strict=True)]

    result = render.overlay(PICTURE, mask, RED, opacity)
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result, np.rint(by_pixel(blended)))


@each_mask
@pytest.mark.parametrize("width", [1, 2, 3])
def test_outline(mask, width):
    def drawn(y, x):
        if mask[y, x]:
            edge = not all(mask[p] for p in neighbours(y, x, width))
            return RED if edge else PICTURE[y, x].tolist()
        halo = any(mask[p] for p in neighbours(y, x, 1))
        return (255, 255, 255) if halo else PICTURE[y, x].tolist()

    np.testing.assert_array_equal(render.outline(PICTURE, mask, RED, width), by_pixel(drawn))


@each_mask
def test_cutout(mask):
    def cut(y, x):
        return [*PICTURE[y, x].tolist(), 255] if mask[y, x] else [0, 0, 0, 0]

    result = render.cutout(PICTURE, mask)
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result, by_pixel(cut))


@pytest.mark.parametrize("opacity", [0.0, 0.4, 1.0])
def test_heat_map(opacity):
    probability = RNG.integers(0, 256, SHAPE, dtype=np.uint8)
    scale = render.heat_colours()

    def laid(y, x):
        red, green, blue = PICTURE[y, x].tolist()
        grey = int(0.299 * red + 0.587 * green + 0.114 * blue + 0.5)  # ITU-R 601
        return [grey * (1 - opacity) + int(c) * opacity for c in scale[probability[y, x]]]

    result = render.heat_map(PICTURE, probability, opacity)
    assert result.dtype == np.uint8
    np.testing.assert_allclose(result, by_pixel(laid), atol=1)


@pytest.mark.parametrize("square", [1, 2, 12])
def test_checkerboard(square):
    rgba = np.dstack([PICTURE, np.where(MASKS["noise"], 255, 0).astype(np.uint8)])

    def shown(y, x):
        if MASKS["noise"][y, x]:
            return PICTURE[y, x].tolist()
        return [205 if (y // square + x // square) % 2 else 235] * 3

    result = render.checkerboard(rgba, square)
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result, by_pixel(shown))


@pytest.mark.parametrize("view", [render.overlay, render.outline, render.cutout])
def test_the_picture_given_is_left_alone(view):
    picture, mask = PICTURE.copy(), MASKS["noise"].copy()
    picture.flags.writeable = mask.flags.writeable = False
    view(picture, mask)
    np.testing.assert_array_equal(picture, PICTURE)
