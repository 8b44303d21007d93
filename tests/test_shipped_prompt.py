"""The promptable model that the project ships: as good as its card says.

Nothing here is skipped: a model that is missing is a failure.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import ndimage
from skimage import data

from segcore import images
from segcore.inference import runtime, zoo
from segcore.inference.evaluate_prompts import iou, tight_box
from segcore.inference.everything import everything
from segcore.inference.prompt import PromptPredictor
from segcore.metrics import mask_iou
from segcore.objects import cut
from segcore.techniques.samples import bench_samples

NAME = "prompt"
CLICK, TOP_LEFT, BOTTOM_RIGHT = 1, 2, 3


def card() -> zoo.Card:
    return zoo.card(NAME, zoo.WEIGHTS)


@cache
def predictor(sample: str) -> PromptPredictor:
    found = PromptPredictor(card(), "cpu")
    found.set_image(bench_samples()[sample].picture())
    return found


def test_the_figures_reach_what_is_promised() -> None:
    figures = card().metrics
    grab_cut, scenes = figures["grabcut_prompt"], figures["scenes_prompt"]
    assert grab_cut["images"] == 20
    assert scenes["images"] > 100
    assert grab_cut["iou"]["box"] >= 0.80
    assert grab_cut["iou"]["1"] >= 0.65
    assert grab_cut["iou"]["5"] >= 0.85
    assert scenes["iou"]["box"] >= 0.75


@pytest.mark.parametrize("size", [(256, 256), (97, 131), (64, 300)])
def test_the_engines_agree(size: tuple[int, int]) -> None:
    import keras

    clear_session = keras.backend.clear_session
    try:
        parts = {
            name: runtime.KerasEngine(card().file("model.keras"), name, gpu=False)
            for name in ("encoder", "decoder")
        }
    finally:
        keras.backend.clear_session = clear_session
    shape = tuple(side // 32 * 32 for side in size)
    picture = images.resize(data.astronaut(), shape)
    batch = card().normalisation(picture[None].astype(np.float32))
    features = agree("encoder", parts, batch)
    points = np.array([[[[40, 30], [0, 0]], [[10, 10], [60, 50]]]], np.float32)
    kinds = np.array([[[CLICK, -1], [TOP_LEFT, BOTTOM_RIGHT]]], np.float32)
    previous = np.zeros((1, 2, shape[0] // 4, shape[1] // 4), np.float32)
    agree("decoder", parts, *features, points, kinds, previous, np.zeros((1, 2), np.float32))


def regions(mask: np.ndarray) -> np.ndarray:
    labels, count = ndimage.label(mask)
    return np.stack([labels == i for i in range(1, count + 1)])


def agree(part: str, engines: dict[str, runtime.KerasEngine], *given: np.ndarray):
    ours = runtime.OnnxEngine(card().file(f"{part}.onnx")).outputs(*given)
    for a, b in zip(ours, engines[part].outputs(*given), strict=True):
        assert a.shape == b.shape
        assert np.abs(a - b).max() < 1e-3 * max(1, np.abs(b).max())
    return ours


def test_a_box_selects_the_cat_that_people_drew() -> None:
    wanted = bench_samples()["chelsea"].truth()
    found = predictor("chelsea").predict(box=tight_box(wanted))
    assert iou(wanted, found.masks[0], np.zeros_like(wanted)) > 0.8


def test_a_box_selects_the_cup_and_a_click_takes_the_table_away() -> None:
    cup, spoon = (200, 300), (60, 20)
    one = predictor("coffee").predict(box=(100, 70, 500, 330))
    assert one.masks[0][cup] and not one.masks[0][spoon]
    assert 0.15 < one.masks[0].mean() < 0.45
    all_of_it = predictor("coffee").mask_input(np.ones_like(one.masks[0]))
    more = predictor("coffee").predict(
        [cup[::-1], spoon[::-1]], [1, 0], mask_input=all_of_it, multimask_output=False
    )
    assert more.masks[0][cup] and not more.masks[0][spoon]


def test_the_mirror_image_has_mirrored_masks() -> None:
    picture = bench_samples()["coffee"].picture()
    width = picture.shape[1]
    found = []
    for pixels, column, edges in (
        (picture, 300, (100, 500)),
        (picture[:, ::-1].copy(), width - 1 - 300, (width - 500, width - 100)),
    ):
        one = PromptPredictor(card(), "cpu")
        one.set_image(pixels)
        box = (edges[0], 70, edges[1], 330)
        found.append([one.predict([[column, 200]], [1]), one.predict(box=box)])
    for here, there in zip(*found, strict=True):
        assert 0.1 < here.masks[0].mean() < 0.6
        assert (here.masks == there.masks[..., ::-1]).mean() > 0.999
        np.testing.assert_allclose(here.scores, there.scores, atol=0.01)


def test_everything_finds_most_coins() -> None:
    found = everything(predictor("coins").embedding, card(), "cpu")
    coins = regions(images.resize_mask(bench_samples()["coins"].truth(), found.shape))
    overlaps = mask_iou(coins, cut(found.objects, found.shape))
    assert (overlaps.max(axis=1) > 0.5).sum() > 12, "of 24"


def test_everything_is_distinct() -> None:
    found = everything(predictor("chelsea").embedding, card(), "cpu", side=6)
    assert 1 <= len(found.objects) < 60
    assert {thing.score >= 0.4 for thing in found.objects} == {True}
    shapes = cut(found.objects, found.shape)
    overlaps = mask_iou(shapes, shapes)
    np.fill_diagonal(overlaps, 0)
    assert overlaps.max() < 0.75
