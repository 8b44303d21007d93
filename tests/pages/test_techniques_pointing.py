"""Seeds on the canvas are the pixels under them."""

import pytest

from segcore.techniques import Prompts
from segcore.ui.techniques.pointing import _to_canvas, from_drawn

NOW = Prompts(((3.0, 4.0),), (1.0, 1.0, 30.0, 20.0))


def click(x: float, y: float, scale: float) -> dict:
    at = {"left": x * scale, "top": y * scale, "originX": "center", "originY": "center"}
    return {"objects": [{"type": "Circle", "radius": 5, "strokeWidth": 2, **at}]}


@pytest.mark.parametrize("scale", [0.37, 1.0, 2.6])
@pytest.mark.parametrize("part", [0.01, 0.3, 0.5, 0.7, 0.99])
def test_anywhere_in_a_pixel_is_that_pixel(part, scale):
    assert from_drawn(click(160 + part, 120 + part, scale), scale, NOW).seeds == ((160.0, 120.0),)


@pytest.mark.parametrize("scale", [0.37, 1.0, 2.6])
def test_what_the_canvas_is_told_comes_back(scale):
    assert from_drawn(_to_canvas(NOW, scale), scale, NOW) == NOW


def test_scaled_seeds_stay_on_what_they_point_at():
    for factor, pixel in ((0.5, (1, 2)), (1.0, (3, 4)), (3.0, (10, 13))):
        (found,) = NOW.scaled(factor, factor).pixels((100, 100))
        assert found[::-1] == pixel
