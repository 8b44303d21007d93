"""The promptable model: attention against a plain one, prompts, sizes, files."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from segcore import models
from segcore.models import promptable
from segcore.models.prompt_decoder import MASKS
from segcore.models.prompt_layers import Attention, fourier, prompt_maps
from tests._tiny_encoder import tiny_encoder

SIDE = 64


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(promptable, "lite_encoder", tiny_encoder)
        return models.build("promptable", width=32, fine=8, heads=2, depth=1)


@pytest.fixture(scope="module")
def features(model):
    rng = np.random.default_rng(0)
    shapes = [layer.shape[-1] for layer in model.get_layer("encoder").outputs]
    return [
        rng.normal(size=(2, (4, 8, 16)[i], (6, 12, 24)[i], channels)).astype(np.float32)
        for i, channels in enumerate(shapes)
    ]


def prompt(points, kinds, previous=None, has=0.0):
    points, kinds = np.float32(points), np.float32(kinds)
    batch, count = kinds.shape[:2]
    previous = np.zeros((batch, count, 16, 24), np.float32) if previous is None else previous
    return [points, kinds, previous, np.full((batch, count), has, np.float32)]


def run(model, features, *given, **named):
    return [
        np.asarray(x) for x in model.get_layer("decoder")([*features, *prompt(*given, **named)])
    ]


def plain_attention(layer, queries, keys, values, valid):
    """Vaswani et al., equation 1, head by head and pixel by pixel."""
    kernels = {n: np.asarray(getattr(layer, f"{n}_kernel")) for n in ("query", "key", "value")}
    q, k, v = queries @ kernels["query"], keys @ kernels["key"], values @ kernels["value"]
    part = layer.width // layer.heads
    out = np.zeros_like(q)
    for head in range(layer.heads):
        own = slice(head * part, (head + 1) * part)
        scores = q[..., own] @ k[..., own].swapaxes(1, 2) / np.sqrt(part)
        scores = np.where(valid[:, None], scores, -np.inf)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        out[..., own] = (weights / weights.sum(-1, keepdims=True)) @ v[..., own]
    return out @ np.asarray(layer.out_kernel)


@pytest.mark.parametrize(("many", "queries", "keys"), [("keys", 3, 50), ("queries", 50, 3)])
def test_attention_in_another_order_is_the_same(many, queries, keys):
    rng = np.random.default_rng(2)
    layer = Attention(16, 4)
    layer.build()
    q, k, v = (rng.normal(size=(2, n, 16)).astype(np.float32) for n in (queries, keys, keys))
    valid = rng.random((2, keys)) < 0.7
    valid[:, 0] = True
    found = np.asarray(layer(q, k, v, valid, many=many))
    np.testing.assert_allclose(found, plain_attention(layer, q, k, v, valid), atol=1e-4)


def test_positions_are_encoded_by_distance_alone():
    points = np.random.default_rng(3).random((5, 2)).astype(np.float32) / 2
    moved = points + np.float32(0.25)
    codes, their_codes = (np.asarray(fourier(tf.constant(p), 64)) for p in (points, moved))
    np.testing.assert_allclose(codes @ codes.T, their_codes @ their_codes.T, atol=1e-3)
    np.testing.assert_allclose(np.diag(codes @ codes.T), 32, rtol=1e-4)


def test_absent_points_change_nothing(model, features):
    point, padded = [[[[20, 30]]]] * 2, [[[[5, 5], [20, 30], [90, 1]]]] * 2
    masks, iou = run(model, features, point, [[[1]]] * 2)
    assert masks.shape == (2, 1, MASKS, 16, 24)
    assert iou.shape == (2, 1, MASKS)
    their_masks, their_iou = run(model, features, padded, [[[-1, 1, -1]]] * 2)
    np.testing.assert_allclose(their_masks, masks, atol=1e-4)
    np.testing.assert_allclose(their_iou, iou, atol=1e-5)


def test_the_order_of_points_does_not_matter_and_each_prompt_stands_alone(model, features):
    points = np.random.default_rng(4).uniform(0, 60, (2, 3, 2, 2))
    kinds = np.array([[[1, 0], [2, 3], [1, 1]]] * 2)
    masks, _ = run(model, features, points, kinds)
    turned, _ = run(model, features, points[:, :, ::-1], kinds[:, :, ::-1])
    np.testing.assert_allclose(turned, masks, atol=1e-4)
    alone, _ = run(model, [f[1:] for f in features], points[1:, 1:2], kinds[1:, 1:2])
    np.testing.assert_allclose(alone[0, 0], masks[1, 1], atol=1e-4)


def test_kind_place_and_previous_mask_matter(model, features):
    first, _ = run(model, features, [[[[20, 30]]]] * 2, [[[1]]] * 2)
    background, _ = run(model, features, [[[[20, 30]]]] * 2, [[[0]]] * 2)
    elsewhere, _ = run(model, features, [[[[60, 30]]]] * 2, [[[1]]] * 2)
    previous = np.random.default_rng(5).normal(size=(2, 1, 16, 24)).astype(np.float32)
    ignored, _ = run(model, features, [[[[20, 30]]]] * 2, [[[1]]] * 2, previous)
    used, _ = run(model, features, [[[[20, 30]]]] * 2, [[[1]]] * 2, previous, 1.0)
    np.testing.assert_array_equal(ignored, first)
    for other in (background, elsewhere, used):
        assert np.abs(other - first).max() > 1e-4


def test_the_real_encoder_fits_and_its_weights_go_by_path():
    whole = models.build("promptable", variant="lite0", imagenet=False, width=32, fine=8)
    paths = {weight.path for weight in whole.weights}
    assert {"stem_conv/kernel", "block3_depthwise_conv/kernel", "head_conv/bias"} <= paths
    assert len(paths) == len(whole.weights)


def test_whole_model_takes_any_size_and_survives_its_file(model, tmp_path):
    model.save(tmp_path / "model.keras")
    again = models.load(tmp_path / "model.keras")
    rng = np.random.default_rng(6)
    for height, width in ((64, 96), (96, 32)):
        picture = rng.normal(size=(1, height, width, 3)).astype(np.float32)
        previous = np.zeros((1, 1, height // 4, width // 4), np.float32)
        given = [picture, *prompt([[[[9, 9]]]], [[[1]]], previous)]
        masks, iou = model(given, training=False)
        assert masks.shape == (1, 1, MASKS, height // 4, width // 4)
        for ours, theirs in zip((masks, iou), again(given, training=False), strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_prompts_are_drawn_where_they_are():
    centres = np.stack(np.meshgrid(np.arange(6) + 0.5, np.arange(4) + 0.5), -1).reshape(-1, 2)
    points = np.float32([[[1.5, 2.5], [4.5, 0.5], [9, 9]], [[2, 1], [5, 3], [9, 9]]])
    kinds = np.array([[1, 0, -1], [2, 3, -1]])
    maps = np.asarray(prompt_maps(points, kinds, centres.astype(np.float32)))
    maps = maps.reshape(2, 4, 6, 5)
    background, foreground, box = maps[0, ..., 0], maps[0, ..., 2], maps[1, ..., 4]
    assert np.unravel_index(background.argmax(), background.shape) == (0, 4)
    assert np.unravel_index(foreground.argmax(), foreground.shape) == (2, 1)
    inside = np.zeros((4, 6), bool)
    inside[1:3, 2:5] = True
    np.testing.assert_array_equal(box > 0, inside)
    assert not maps[1, ..., :4].any() and not maps[0, ..., 4].any()
