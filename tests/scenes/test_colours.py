"""The colours of classes and objects, as people with and without all cones see them."""

import itertools

import numpy as np
import pytest

from segcore.class_sets import SCENES
from segcore.scenes.colours import (
    PATTERNS,
    class_colours,
    linear,
    object_colour,
    oklab,
    pattern_of,
    shade,
)

# Machado, Oliveira and Fernandes 2009, severity 1.0
VISIONS = {
    "all cones": np.eye(3),
    "no green": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "no red": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
}


def seen(colours, vision):
    """Return OKLab values of colours as a vision has them."""
    light = np.clip(linear(np.array(colours)) @ VISIONS[vision].T, 0, 1)
    values = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return oklab(values * 255)


def nearest(lab):
    return min(np.linalg.norm(a - b) for a, b in itertools.combinations(lab, 2))


@pytest.mark.parametrize("vision", VISIONS)
def test_no_two_classes_look_alike(vision):
    assert nearest(seen(class_colours(SCENES), vision)) > 0.02  # a just noticeable difference
    things = [class_colours(SCENES)[i] for i in SCENES.things]
    assert nearest(seen(things, vision)) > 0.05


@pytest.mark.parametrize("vision", VISIONS)
def test_no_two_of_sixteen_objects_look_alike(vision):
    assert nearest(seen([object_colour(i) for i in range(1, 17)], vision)) > 0.08


def test_things_are_more_colourful_than_stuff():
    chroma = np.hypot(*oklab(np.array(class_colours(SCENES)))[:, 1:].T)
    assert np.median(chroma[list(SCENES.things)]) > 2 * np.median(chroma[list(SCENES.stuff)])


@pytest.mark.parametrize("index", SCENES.things)
def test_shades_of_a_class_differ_in_lightness_and_begin_with_its_colour(index):
    colour = class_colours(SCENES)[index]
    assert shade(colour, 0) == shade(colour, 1) == colour
    shades = [shade(colour, number) for number in range(1, 8)]
    assert len(set(shades)) == 7
    lightness = np.sort(oklab(np.array(shades))[:, 0])
    assert np.diff(lightness).min() > 0.045
    assert all(0 <= value <= 255 for one in shades for value in one)


def test_a_shade_keeps_the_hue():
    lab = oklab(np.array([shade(class_colours(SCENES)[0], i) for i in range(1, 8)]))
    hues = np.degrees(np.arctan2(lab[:, 2], lab[:, 1]))
    assert np.ptp(hues) < 12, hues


def test_only_stuff_has_a_pattern():
    patterns = [pattern_of(SCENES, i) for i in range(len(SCENES))]
    assert {patterns[i] for i in SCENES.things} == {0}
    assert {patterns[i] for i in SCENES.stuff} == set(range(1, PATTERNS + 1))


def test_oklab_agrees_with_its_authors_table():
    # XYZ (0.950, 1, 1.089) is white, of which Ottosson gives L 1, a 0, b 0
    assert oklab(np.array([[255, 255, 255]])) == pytest.approx(np.array([[1, 0, 0]]), abs=1e-3)
    red = oklab(np.array([[255, 0, 0]]))[0]
    assert red == pytest.approx([0.6279554, 0.2248631, 0.1258463], abs=1e-5)
