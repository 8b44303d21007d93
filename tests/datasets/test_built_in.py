"""The built-in sets: drawn shapes, and tiles of the coins."""

import numpy as np
import pytest
from scipy import ndimage

from segcore import datasets
from segcore.datasets import coins, synthetic
from segcore.datasets.samples import DatasetError, load_square


@pytest.mark.parametrize("name", datasets.BUILT_IN)
@pytest.mark.parametrize("split", ["train", "test"])
def test_pictures_and_masks(name: str, split: str) -> None:
    samples = datasets.read(name, split)
    assert len({sample.name for sample in samples}) == len(samples) >= 8
    pictures, masks, damaged = load_square(samples[:40], 32)
    assert not damaged
    assert pictures.shape == (len(masks), 32, 32, 3) and pictures.dtype == np.uint8
    assert set(np.unique(masks)) == {0, 1}
    assert 0.1 < masks.mean() < 0.8


def test_a_drawing_is_always_the_same_and_no_two_are() -> None:
    first, again = (datasets.read("synthetic", "train") for _ in range(2))
    for one, other in zip(first[:5], again[:5], strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one.load(), other.load(), strict=True))
    everything = first[:60] + datasets.read("synthetic", "test")
    assert len({sample.load()[0].tobytes() for sample in everything}) == len(everything)


def test_brightness_does_not_give_the_drawn_mask_away() -> None:
    darker = []
    for sample in datasets.read("synthetic", "test"):
        picture, mask = sample.load()
        grey = picture.mean(axis=2)
        darker.append(grey[mask == 1].mean() < grey[mask == 0].mean())
    assert 0.25 < np.mean(darker) < 0.75


def test_the_masks_edge_is_an_edge_of_the_picture() -> None:
    rises = []
    for seed in range(30):
        picture, mask = synthetic.draw((0, seed))
        inside = mask.astype(bool)
        edge = inside & ~ndimage.binary_erosion(inside)
        smooth = ndimage.gaussian_filter(picture.astype(float), (1, 1, 0))
        gradient = np.hypot(ndimage.sobel(smooth, 0), ndimage.sobel(smooth, 1)).sum(axis=2)
        rises.append(gradient[edge].mean() / gradient[~edge].mean())
    assert np.median(rises) > 3


def test_the_coins_are_24_round_things() -> None:
    labels, count = ndimage.label(coins.mask())
    assert count == 24
    for part in ndimage.find_objects(labels):
        height, width = (s.stop - s.start for s in part)
        assert 0.8 < height / width < 1.25
        filled = (labels[part] > 0).mean()
        assert filled == pytest.approx(np.pi / 4, abs=0.08), "a disc fills its box so far"


def test_no_pixel_of_the_coins_is_in_both_parts() -> None:
    train, test = (datasets.read("coins", split) for split in ("train", "test"))
    assert not {sample.name for sample in train} & {sample.name for sample in test}
    assert len(train) + len(test) == (303 // coins.TILE) * (384 // coins.TILE)


@pytest.mark.parametrize("name", datasets.BUILT_IN)
def test_unknown_splits(name: str) -> None:
    with pytest.raises(DatasetError, match="'val'; accepted are train and test"):
        datasets.read(name, "val")


def test_full_names(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert datasets.full_name("coins") == "coins"
    assert datasets.full_name("./coins") == str(tmp_path / "coins")
