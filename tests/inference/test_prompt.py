"""The predictor's coordinates, its guard and "everything", with networks that draw.

The encoder pretended here hands the picture through; the decoder fills boxes, and around a
click draws discs of three sizes, in the coordinates that real networks get.
"""

import threading

import numpy as np
import pytest

from segcore.inference import runtime
from segcore.inference.everything import CLICKS, Filter, distinct, everything, grid, stability
from segcore.inference.prompt import PromptPredictor, enlarged
from segcore.inference.zoo import Card, ModelUnavailable

RADII = (40, 20, 10, 30)  # of the single mask and the three, pixels of the network's input


def encoder(batch):
    return (batch[:, ::16, ::16], batch[:, ::8, ::8], batch[:, ::4, ::4])


def decoder(embedding, fine_8, fine_4, points, kinds, previous, has):
    height, width = fine_4.shape[1:3]
    y, x = (4 * np.mgrid[:height, :width] + 2).astype(np.float32)
    masks = np.full((*points.shape[:2], 4, height, width), -8, np.float32)
    for i in np.ndindex(points.shape[:2]):
        places, what = points[i], kinds[i]
        if has[i]:
            masks[i] = previous[i]
        if 2 in what:
            (left, top), (right, bottom) = places[what == 2][0], places[what == 3][0]
            inside = (x > left) & (x < right) & (y > top) & (y < bottom)
            masks[(*i, slice(None), inside)] = 8
        for (px, py), kind in zip(places, what, strict=True):
            if kind in (0, 1):
                for channel, radius in enumerate(RADII):
                    disc = np.hypot(x - px, y - py) <= radius
                    masks[(*i, channel, disc)] = 8 if kind else -8
    scores = np.float32([0.9, 0.5, 0.8, 0.7])
    return masks, np.broadcast_to(scores, (*points.shape[:2], 4))


@pytest.fixture
def card(make_model, monkeypatch):
    networks = {"encoder": encoder, "decoder": decoder}

    def run_part(card, inputs, wanted=None, part=""):
        return networks[part](*inputs), "CPU (pretended)"

    monkeypatch.setattr(runtime, "engine", lambda *_: None)
    monkeypatch.setattr(runtime, "run_part", run_part)
    return Card.read(make_model(side=320, tasks=["prompt"]))


def predictor(card, size):
    found = PromptPredictor(card)
    found.set_image(np.zeros((*size, 3), np.uint8))
    return found


def centre(mask):
    return np.argwhere(mask).mean(axis=0)[::-1]


# === Coordinates ===


@pytest.mark.parametrize("size", [(320, 320), (640, 300), (90, 200), (1500, 2000), (33, 31)])
def test_a_click_lands_where_it_was_made(card, size):
    height, width = size
    point = np.array([width * 3 // 5, height * 2 // 5])
    masks, scores, logits = predictor(card, size).predict([point], [1])
    assert masks.shape == (3, height, width)
    assert masks.dtype == bool
    assert logits.shape[0] == 3
    np.testing.assert_allclose(scores, [0.8, 0.7, 0.5])
    pixel = max(size) / 320
    np.testing.assert_allclose(centre(masks[0]), point, atol=max(0.5, 1.5 * pixel))
    np.testing.assert_allclose(np.sqrt(masks[0].sum() / np.pi), 10 * pixel, rtol=0.2)


@pytest.mark.parametrize("size", [(320, 320), (640, 300), (90, 200), (1500, 2000)])
def test_a_box_is_filled_to_its_edges(card, size):
    height, width = size
    box = np.array([width // 5, height // 4, width * 4 // 5, height // 2])
    mask = predictor(card, size).predict(box=box).masks[0]
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    found = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
    np.testing.assert_allclose(found, box, atol=3.5 * max(size) / 320)


def test_nothing_outside_a_box_is_selected_unless_a_click_adds_it(card):
    found = predictor(card, (96, 128))
    box = (20.4, 30.0, 60.0, 70.2)
    inside = np.zeros((96, 128), bool)
    inside[30:71, 20:60] = True
    everywhere = np.full(found.embedding.low, 9, np.float32)
    for clicks in (None, [[30, 40]], [[40, 50], [59, 31]]):
        labels = None if clicks is None else np.ones(len(clicks))
        masks, _, logits = found.predict(clicks, labels, box, everywhere)
        assert masks[0].any() and not masks[:, ~inside].any()
        assert logits[:, :5].max() <= 0 and logits[:, :, -8:].max() <= 0
    masks, *_ = found.predict([[30, 40], [100, 50]], [1, 1], box, everywhere)
    assert masks[0][~inside].any()


def test_several_prompts_mean_one_mask_first(card):
    one = predictor(card, (320, 320))
    masks, scores, _ = one.predict([[100, 100], [104, 100]], [1, 1])
    np.testing.assert_allclose(scores, [0.9, 0.8, 0.7])
    assert masks[0].sum() > masks[2].sum() > masks[1].sum()
    assert one.predict([[100, 100]], [1], multimask_output=False).masks.shape == (1, 320, 320)
    assert not one.predict([[100, 100], [100, 100]], [1, 0]).masks.any()


def test_any_mask_can_be_refined(card):
    one, mask = predictor(card, (200, 300)), np.zeros((200, 300), bool)
    mask[40:120, 50:220] = True
    again = one.predict(mask_input=one.mask_input(mask)).masks[0]
    assert (again & mask).sum() / (again | mask).sum() > 0.95
    grown = one.predict([[260, 80]], [1], mask_input=one.mask_input(mask)).masks[0]
    assert grown[80, 260]
    assert (grown & mask).sum() > 0.95 * mask.sum()


# === The guard ===


def test_without_picture_the_guard_says_what_to_do(card):
    with pytest.raises(RuntimeError, match=r"call set_image\(picture\)"):
        PromptPredictor(card).predict([[1, 1]], [1])


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        ({}, "There is no prompt"),
        ({"point_coords": [[1, 1]]}, "belong together"),
        ({"point_coords": [1, 1], "point_labels": [1]}, r"accepted are \(n, 2\)"),
        ({"point_coords": [[1, 1]], "point_labels": [1, 0]}, r"accepted are \(n, 2\)"),
        ({"point_coords": [[1, 1]], "point_labels": [2]}, "neither 1"),
        ({"point_coords": [[1, np.nan]], "point_labels": [1]}, "no number"),
        ({"box": [9, 9, 3, 12]}, "x_min, y_min"),
        ({"box": [9, 9, 3]}, "x_min, y_min"),
        ({"mask_input": np.zeros((3, 3))}, r"accepted are \(80, 80\)"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(card, prompt, sentence):
    with pytest.raises(ValueError, match=sentence):
        predictor(card, (320, 320)).predict(**prompt)


def test_a_mask_of_another_size_is_refused(card):
    with pytest.raises(ValueError, match="picture's size"):
        predictor(card, (50, 60)).mask_input(np.zeros((60, 50), bool))


def test_a_model_for_something_else_is_refused(make_model):
    with pytest.raises(ModelUnavailable, match="choose a model for prompts"):
        PromptPredictor(Card.read(make_model())).set_image(np.zeros((9, 9, 3), np.uint8))


def test_visitors_share_the_networks_not_the_pictures(card):
    sizes = [(100 + 10 * i, 300 - 10 * i) for i in range(8)]
    found = {}

    def visit(size):
        one = predictor(card, size)
        for _ in range(3):
            found[size] = one.predict([[50, 60]], [1]).masks

    threads = [threading.Thread(target=visit, args=(size,)) for size in sizes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for size in sizes:
        assert found[size].shape[1:] == size
        np.testing.assert_array_equal(
            found[size], predictor(card, size).predict([[50, 60]], [1])[0]
        )


# === Everything ===


def test_grid_fills_the_picture_evenly():
    points = grid((64, 128), 16)
    assert points.shape == (128, 2)
    assert points.min(axis=0).tolist() == [4, 4]
    assert points.max(axis=0).tolist() == [124, 60]


def test_stability_is_the_iou_of_two_cuts():
    logits = np.random.default_rng(0).normal(size=(4, 9, 9)).astype(np.float32)
    inner, outer = logits > 0.5, logits > -0.5
    expected = (inner & outer).sum((1, 2)) / (inner | outer).sum((1, 2))
    np.testing.assert_allclose(stability(logits, 0.5), expected)
    assert stability(logits - 99, 0.5).tolist() == [0] * 4


@pytest.mark.parametrize("seed", range(5))
def test_duplicates_go_as_in_a_plain_loop(seed):
    rng = np.random.default_rng(seed)
    masks = np.zeros((30, 12, 12), bool)
    for mask in masks:
        top, left = rng.integers(0, 8, 2)
        mask[top : top + 4, left : left + 4] = True
    scores = rng.random(30)
    kept = []
    for i in np.argsort(-scores):
        ious = [(masks[i] & masks[k]).sum() / (masks[i] | masks[k]).sum() for k in kept]
        if all(iou <= 0.5 for iou in ious):
            kept.append(i)
    assert distinct(masks, scores, 0.5) == kept


def test_everything_keeps_distinct_objects_best_first_and_can_be_stopped(card):
    embedding = predictor(card, (1000, 2000)).embedding
    found = everything(embedding, card, side=8, keep=Filter(iou=0.75))
    assert (found.shape, found.size) == ((320, 640), (1000, 2000))
    assert len(found.objects) == 8 * 4
    scores = [thing.score for thing in found.objects]
    assert scores == sorted(scores, reverse=True)
    calls = []
    everything(embedding, card, side=8, progress=lambda *call: calls.append(call))
    assert calls == [(CLICKS * i, 32) for i in range(1, 32 // CLICKS + 1)]
    stopped = everything(embedding, card, side=16, progress=lambda *_: False)
    assert 0 < len(stopped.objects) < len(everything(embedding, card, side=16).objects)


def test_nothing_good_is_no_object(card):
    found = everything(predictor(card, (64, 64)).embedding, card, side=2, keep=Filter(iou=0.99))
    assert found.objects == ()


def test_logits_grow_without_shift():
    ramp = np.linspace(-1, 1, 8, dtype=np.float32)[None].repeat(4, 0)
    grown = enlarged(ramp, (16, 32))
    np.testing.assert_allclose(grown, -grown[:, ::-1], atol=1e-6)
