"""The edited network, held to the exported one and to Keras, layer by layer."""

import re
import shutil

import keras
import numpy as np
import onnx
import pytest

from segcore import images, models
from segcore.inference import predictor, runtime, zoo
from segcore.inference.zoo import ModelUnavailable
from segcore.sample_pictures import sample_pictures
from segcore.unet import inside
from segcore.unet.inside import LAYERS, SKIPS, activations, convolution_name
from segcore.unet.words import sentence

PICTURES = ("chelsea", "coffee")
# The largest difference was 1.1e-6 of a layer's largest value, that of float32 sums in another
# order; a wrong channel or place differs by about that value itself.
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def card():
    return zoo.card(inside.MODEL)


@pytest.fixture(scope="module")
def network(card):
    """Return the Keras network with all layers as outputs."""
    model = models.load(card.file("model.keras"))
    return keras.Model(model.input, [model.get_layer(layer.name).output for layer in LAYERS])


def same(seen, expected) -> None:
    for stage, tensor in zip(seen.stages, expected, strict=True):
        tensor = np.asarray(tensor)[0]
        assert stage.feature_map.shape == tensor.shape, stage.layer.name
        assert stage.feature_map.dtype == np.float32
        difference = np.abs(stage.feature_map - tensor).max()
        assert difference <= TOLERANCE * np.abs(tensor).max(), stage.layer.name
    assert np.abs(seen.probability - np.asarray(expected[-1])[0, ..., 0]).max() < 1e-5


@pytest.mark.parametrize("name", PICTURES)
def test_with_all_skips_it_is_the_network_that_segments(name, card):
    picture = sample_pictures()[name].picture()
    expected, _ = runtime.run(card, predictor.network_input(picture, card), "cpu")
    seen = activations(picture)
    assert seen.probability.shape == (256, 256)
    assert np.abs(seen.probability - expected[0, ..., 0]).max() < 1e-5
    coarse = predictor.segment(picture, card, device="cpu").coarse
    assert (np.rint(seen.probability * 255) == coarse).mean() > 0.999


@pytest.mark.parametrize("name", PICTURES)
def test_every_layer_is_that_of_keras(name, card, network):
    picture = sample_pictures()[name].picture()
    same(activations(picture), network(predictor.network_input(picture, card), training=False))


@pytest.mark.parametrize("off", [{1}, {3}, {6}, {2, 5}, set(SKIPS)])
def test_a_skip_that_is_off_is_one_whose_weights_are_zero(off, card, network):
    """All but the joined maps themselves, in which the zeros are seen."""
    picture = sample_pictures()["chelsea"].picture()
    kept = {}
    for level in off:
        layer = network.get_layer(f"{convolution_name(level)}_1")
        kept[layer] = layer.get_weights()
        kernel, bias = layer.get_weights()
        skips = network.get_layer(f"Conv_Down_{level}_2").filters
        kernel[:, :, -skips:] = 0
        layer.set_weights([kernel, bias])
    try:
        expected = network(predictor.network_input(picture, card), training=False)
    finally:
        for layer, weights in kept.items():
            layer.set_weights(weights)
    expected = [np.array(tensor) for tensor in expected]
    for layer, tensor in zip(LAYERS, expected, strict=True):
        if layer.kind == "concatenation" and layer.level in off:
            tensor[..., -network.get_layer(f"Conv_Down_{layer.level}_2").filters :] = 0
    same(activations(picture, off), expected)


def test_the_picture_is_stretched_before_so_a_square_of_it_gives_the_same():
    picture = sample_pictures()["coffee"].picture()
    square = images.resize(picture, (256, 256))
    assert (activations(picture).probability == activations(square).probability).all()


def test_the_layers_are_those_of_the_lecture(network):
    names = [layer.name for layer in network.layers if not layer.name.startswith(("In", "Pad"))]
    assert [name for name in names if name != "Crop"] == [layer.name for layer in LAYERS]
    with pytest.raises(KeyError):
        activations(np.zeros((8, 8, 3), np.uint8)).stage("Conv_Down_7_1")


def test_what_is_said_of_a_layer_is_true_of_its_shape():
    """Each number of channels or places in a sentence is the layer's, or of the level's name."""
    layers = {layer.name: layer for layer in LAYERS}
    for name, number in (("Conv_Bottle_1", "512 channels"), ("Conv_Classif_2", "16 channels")):
        assert number == f"{layers[name].channels} channels" and number in sentence(layers[name])
    for layer in LAYERS:
        fields = re.findall(r"depends on (\d+)×\1 pixels", sentence(layer))
        assert fields in ([], [str(layer.field)])
        places = re.findall(r"(\d+)×\1 places", sentence(layer))
        wanted = {"bottleneck": str(layer.side), "decoder": "2"}.get(layer.part)
        assert set(places) <= {wanted}, layer.name
    assert layers["Conv_Bottle_2"].field == 256, "each sees the whole picture"


def test_a_level_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match=r"off=\[7\].*1 to 6"):
        activations(np.zeros((8, 8, 3), np.uint8), {3, 7})


# === Files ===


def other(card, folder, change) -> zoo.Card:
    """Return a card of its own folder whose network was changed, its check sum made right."""
    shutil.copytree(card.folder, folder)
    path = folder / "model.onnx"
    model = onnx.load(path)
    change(model.graph)
    onnx.save(model, path)
    files = {**card.files, "model.onnx": {"sha256": zoo.sha256(path), "bytes": 0}}
    return zoo.Card(**{**vars(card), "folder": folder, "files": files})


def rename(graph):
    for node in graph.node:
        node.name = node.name.replace("Conv_Up_3_2", "another")


def swap(graph):
    skip = next(n for n in graph.node if "Conv_Down_2_2_1/Relu" in n.name).output[0]
    for node in graph.node:
        if "Concatenate_Up_4" in node.name and node.op_type == "Concat":
            assert node.input[1] == skip
            node.input[:] = [skip, node.input[0]]


@pytest.mark.parametrize("change", [rename, swap])
def test_another_network_is_unavailable_in_one_sentence(change, card, tmp_path):
    changed = other(card, tmp_path / "pets-lecture", change)
    with pytest.raises(ModelUnavailable) as caught:
        activations(np.zeros((8, 8, 3), np.uint8), card=changed)
    assert "not the lecture's U-Net of 6 levels" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_damaged_file_is_unavailable(card, tmp_path):
    folder = tmp_path / "pets-lecture"
    shutil.copytree(card.folder, folder)
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"x")
    with pytest.raises(ModelUnavailable, match="SHA-256 differs"):
        activations(
            np.zeros((8, 8, 3), np.uint8), card=zoo.Card(**{**vars(card), "folder": folder})
        )
