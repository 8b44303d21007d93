"""Every method on awkward pictures; the bench's size, scores and messages."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from segcore import techniques
from segcore.techniques.families import DEEP, GUIDES, INTERACTIVE
from segcore.techniques.foreground import pick
from segcore.techniques.samples import bench_samples, prompts_of

NAMES = list(techniques.methods())
AWKWARD = {
    "constant": np.full((30, 40, 3), 90, np.uint8),
    "black": np.zeros((30, 40, 3), np.uint8),
    "white": np.full((30, 40, 3), 255, np.uint8),
    "two pixels across": np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8),
    "two pixels down": np.array([[[200, 30, 10]], [[0, 90, 255]]], np.uint8),
    "one pixel": np.full((1, 1, 3), 7, np.uint8),
    "a line": np.random.default_rng(0).integers(0, 256, (1, 300, 3), np.uint8),
    "grey": np.random.default_rng(1).integers(0, 256, (24, 31), np.uint8),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("error")
def test_awkward_pictures(name):
    for kind, picture in AWKWARD.items():
        size = picture.shape[:2]
        answer = techniques.run(name, picture, techniques.middle(size)).answer
        assert answer.mask.shape == size and answer.mask.dtype == bool, kind
        assert all(step.picture.dtype == np.uint8 for step in answer.steps), kind


def test_twelve_megapixels_are_worked_on_at_a_bounded_size():
    picture = np.zeros((3000, 4000, 3), np.uint8)
    picture[1000:2000, 1000:3000] = 200
    prompts = techniques.Prompts(((2000, 1500),), (900, 900, 3100, 2100))
    truth = picture[..., 0] > 0
    for name in ("otsu", "growing", "grabcut"):
        mask = techniques.run(name, picture, prompts).answer.mask
        assert mask.shape == techniques.working_size((3000, 4000)) == (360, 480)
        assert techniques.score(mask, truth) > 0.97


@pytest.mark.parametrize("name", NAMES)
def test_defaults_lie_in_their_ranges_and_have_a_sentence_each(name):
    method = techniques.methods()[name]
    assert method.family in techniques.FAMILIES and method.sentence
    for parameter in method.parameters:
        assert parameter.accept(str(parameter.default)) == parameter.default
        assert parameter.help.endswith(".")


def test_a_grey_picture_gives_what_its_colour_copy_gives():
    grey = bench_samples()["coins"].picture()[..., 0]
    prompts = techniques.middle(grey.shape)
    for name in ("otsu", "slic"):
        copies = grey, np.repeat(grey[..., None], 3, axis=2)
        one, other = (techniques.run(name, p, prompts).answer.mask for p in copies)
        assert np.array_equal(one, other)


@pytest.mark.parametrize("name", ["k-means", "mixture", "grabcut"])
def test_a_second_run_gives_the_same(name):
    sample = bench_samples()["hue"]
    picture = sample.picture()
    first, second = (
        techniques.run(name, picture, prompts_of(sample, (1, 1))).answer.mask for _ in "12"
    )
    assert np.array_equal(first, second)


def test_picks():
    regions = np.zeros((6, 6), int)
    regions[2:4, 2:4] = 1
    brightness = np.where(regions, 10, 200).astype(np.uint8)
    inner, outer = regions == 1, regions == 0
    prompts = techniques.Prompts(((0, 0),), (2, 2, 4, 4))
    expected = {"inner": inner, "dark": inner, "bright": outer, "box": inner, "seeds": outer}
    for how, mask in expected.items():
        assert np.array_equal(pick(regions, brightness, how, prompts), mask), how


def test_each_family_wins_and_fails_where_its_guide_says():
    assert set(GUIDES) == {*techniques.FAMILIES, DEEP, INTERACTIVE}
    for family, guide in GUIDES.items():
        if family in (DEEP, INTERACTIVE):  # tests/pages/test_techniques_networks.py
            continue
        scores = []
        for case in (guide.wins, guide.fails):
            sample = bench_samples()[case.sample]
            picture = sample.picture()
            answer = techniques.run(case.method, picture, prompts_of(sample, (1, 1))).answer
            scores.append(techniques.score(answer.mask, sample.truth()))
        assert scores[0] > 0.8, (family, scores)
        assert scores[1] < 0.5, (family, scores)


def test_scores():
    mask, empty = np.eye(4, dtype=bool), np.zeros((4, 4), bool)
    assert techniques.score(mask, mask) == 1
    assert techniques.score(mask, np.kron(mask, np.ones((2, 2), bool))) == 1
    assert math.isnan(techniques.score(empty, empty))


def test_what_there_is_not_is_said():
    picture = AWKWARD["constant"]
    with pytest.raises(ValueError, match="no method 'otto'"):
        techniques.run("otto", picture, techniques.middle((30, 40)))
    with pytest.raises(ValueError, match="otsu has no parameter 'size'"):
        techniques.run("otsu", picture, techniques.middle((30, 40)), {"size": 3})


def test_nothing_heavy_is_imported_before_a_method_runs():
    code = (
        "import sys, segcore.techniques as t; t.methods();"
        "print([m for m in ('cv2', 'skimage.filters', 'sklearn', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
