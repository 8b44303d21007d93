"""A picture through a shipped model: sizes, threads, the mirrored average."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from segcore import images
from segcore.inference import zoo
from segcore.inference.predictor import network_input, segment
from segcore.sample_pictures import sample_pictures

MODELS = ("pets", "pets-lecture")


@pytest.fixture(scope="module")
def cat() -> np.ndarray:
    return sample_pictures()["chelsea"].picture()


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    "size",
    [
        (1, 1),  # a single pixel
        (2, 1),  # two
        (1, 3000),  # a line: one side stays at the smallest the network takes
        (33, 31),  # odd
        (1500, 2000),  # larger than any input
    ],
)
def test_every_size_comes_back_at_its_own_size(model, size, cat):
    result = segment(images.resize(cat, size), zoo.card(model))
    assert result.size == size
    assert result.probability().shape == result.mask().shape == size
    assert result.coarse.dtype == np.uint8


@pytest.mark.parametrize("value", [0, 127, 255])
def test_a_constant_picture_is_segmented(value):
    result = segment(np.full((90, 120, 3), value, np.uint8), zoo.card("pets"))
    assert result.mask().mean() < 0.5


def test_the_input_keeps_the_aspect_or_is_a_square(cat):
    pets, lecture = (network_input(cat, zoo.card(name)) for name in MODELS)
    height, width = pets.shape[1:3]
    assert max(height, width) == zoo.card("pets").side and height % 32 == width % 32 == 0
    assert width / height == pytest.approx(451 / 300, abs=0.15)
    assert lecture.shape == (1, 256, 256, 3)
    assert 0 <= lecture.min() < lecture.max() <= 1
    assert -1 <= pets.min() < 0 < pets.max() <= 1


@pytest.mark.parametrize("model", MODELS)
def test_the_mirrored_average_of_a_mirrored_picture_is_mirrored(model, cat):
    """The average is symmetric; a single pass is not, so the test can tell them apart."""
    square = np.ascontiguousarray(cat[:, :300])
    mirrored = np.ascontiguousarray(square[:, ::-1])
    card = zoo.card(model)
    a, b = (segment(p, card, tta=True).coarse.astype(int) for p in (square, mirrored))
    assert np.abs(a - b[:, ::-1]).max() <= 1
    c, d = (segment(p, card).coarse.astype(int) for p in (square, mirrored))
    assert np.abs(c - d[:, ::-1]).max() > 1


def test_threads_get_what_a_single_caller_gets():
    card = zoo.card("pets")
    pictures = [sample.picture() for sample in sample_pictures().values()] * 3
    alone = [segment(picture, card).coarse for picture in pictures]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda p: segment(p, card).coarse, pictures))
    for a, b in zip(alone, together, strict=True):
        np.testing.assert_array_equal(a, b)


def test_stages_are_timed(cat):
    result = segment(cat, zoo.card("pets"))
    assert list(result.seconds) == ["load model", "resize", "network"]
    assert all(seconds >= 0 for seconds in result.seconds.values())
    assert result.device == "CPU (ONNX Runtime)"
