"""The lecture's U-Net against the lecture's own table of layers, and its options.

Oracles: ``lecture_unet_layers.csv``, the 46 rows as the lecture lists them; parameter
counts added up from kernel sizes; padding and cropping done by hand in NumPy.
"""

import csv
from pathlib import Path

import keras
import numpy as np
import pytest

from segcore import models
from segcore.models.layers import CropLike, PadToMultiple
from segcore.models.lecture_unet import lecture_unet

TABLE = Path(__file__).with_name("lecture_unet_layers.csv")
ROWS = list(csv.DictReader(TABLE.open(encoding="utf-8", newline="")))


def names(model):
    return [layer.name for layer in model.layers]


def noise(*shape, seed=0):
    return np.random.default_rng(seed).random(shape, np.float32)


def run(model, batch):
    return np.asarray(model(batch, training=False))


def parameters(width, depth, classes, channels=3):
    """Add the parameters up level by level: a kernel's size times its channels, and biases."""

    def convolutions(given, made, kernel=9):
        return kernel * given * made + made

    total, widths = 0, [width * 2**i for i in range(depth)]
    for made in widths:
        total += convolutions(channels, made) + convolutions(made, made)
        channels = made
    made = 2 * channels
    total += convolutions(channels, made) + convolutions(made, made)
    for i, skip in enumerate(reversed(widths)):
        up = max(1, 2 * widths[-1] // 8 // 2**i)
        total += convolutions(made, up, kernel=4)
        made = skip if i < depth - 1 else 2 * width
        total += convolutions(up + skip, made) + convolutions(made, made)
    return total + convolutions(made, classes, kernel=1)


# === The table ===


@pytest.fixture(scope="module")
def lecture():
    return lecture_unet()


def test_the_table_is_whole():
    assert len(ROWS) == 46
    assert sum(int(row["parameters"]) for row in ROWS) == 6_667_639


@pytest.mark.parametrize("index", range(46), ids=[row["name"] for row in ROWS])
def test_each_layer_is_as_the_lecture_lists_it(lecture, index):
    layer, row = lecture.layers[index], ROWS[index]
    sizes = tuple(int(row[key]) for key in ("height", "width", "channels"))
    assert layer.name == row["name"]
    assert type(layer).__name__ == row["type"]
    assert tuple(layer.output.shape) == (None, *sizes)
    assert layer.count_params() == int(row["parameters"])


def test_nothing_is_added_to_the_table(lecture):
    assert len(lecture.layers) == 46
    assert lecture.count_params() == 6_667_639
    assert lecture.count_params() == sum(np.prod(w.shape) for w in lecture.trainable_weights)


def test_activations_are_the_lectures(lecture):
    used = {
        layer.name: layer.activation.__name__
        for layer in lecture.layers
        if isinstance(layer, keras.layers.Conv2D)
    }
    assert used.pop("Conv_Out") == "sigmoid"
    assert set(used.values()) == {"relu"}
    assert len(used) == sum(row["type"] == "Conv2D" for row in ROWS) - 1


# === Options ===


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"base_width": 4}, (4, 6, 1)),  # half as wide
        ({"depth": 3}, (8, 3, 1)),  # shallower
        ({"depth": 1, "base_width": 1}, (1, 1, 1)),  # the smallest: one level, one filter
        ({"classes": 5, "depth": 2}, (8, 2, 5)),  # several classes
        ({"base_width": 2, "depth": 5}, (2, 5, 1)),  # upward filters stop at one
    ],
    ids=str,
)
def test_width_depth_and_classes_give_their_parameters(options, expected):
    assert lecture_unet((64, 64, 3), **options).count_params() == parameters(*expected)


def test_the_formula_gives_the_lectures_total():
    assert parameters(8, 6, 1) == 6_667_639


def test_dropout_follows_every_level_and_adds_no_parameters():
    plain = lecture_unet((16, 16, 3), base_width=2, depth=2)
    dropped = lecture_unet((16, 16, 3), base_width=2, depth=2, dropout=0.25)
    added = [layer for layer in dropped.layers if isinstance(layer, keras.layers.Dropout)]
    levels = ["Conv_Down_1", "Conv_Down_2", "Conv_Bottle", "Conv_Up_1", "Conv_Classif"]
    assert [layer.name for layer in added] == [f"{level}_Dropout" for level in levels]
    assert {layer.rate for layer in added} == {0.25}
    assert dropped.count_params() == plain.count_params()
    assert [n for n in names(dropped) if not n.endswith("_Dropout")] == names(plain)


def test_dropout_acts_in_training_only():
    model, batch = lecture_unet((16, 16, 3), depth=2, dropout=0.5), noise(1, 16, 16, 3)
    trained = [np.asarray(model(batch, training=True)) for _ in range(2)]
    assert not np.array_equal(*trained)
    np.testing.assert_array_equal(run(model, batch), run(model, batch))


def test_batch_normalization_sits_between_convolution_and_relu():
    model = lecture_unet((16, 16, 3), base_width=2, depth=2, batch_normalization=True)
    threes = [la for la in model.layers if getattr(la, "kernel_size", None) == (3, 3)]
    assert len(threes) == 10
    for layer in threes:
        (normalised,) = [node.operation for node in layer._outbound_nodes]
        (activated,) = [node.operation for node in normalised._outbound_nodes]
        assert (normalised.name, activated.name) == (f"{layer.name}_BN", f"{layer.name}_ReLU")
        assert layer.activation.__name__ == "linear" and not layer.use_bias
    filters = sum(layer.filters for layer in threes)
    # four numbers a filter for the normalisation in place of one bias
    assert model.count_params() == parameters(2, 2, 1) + 3 * filters


@pytest.mark.parametrize("classes", [1, 2, 7])
def test_outputs_are_probabilities(classes):
    result = run(lecture_unet((16, 16, 3), depth=2, classes=classes), noise(2, 16, 16, 3))
    assert result.shape == (2, 16, 16, classes) and result.dtype == np.float32
    assert 0 <= result.min() and result.max() <= 1
    if classes > 1:
        np.testing.assert_allclose(result.sum(-1), 1, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "given"),
    [
        ({"classes": 0}, "classes=0"),  # no output
        ({"base_width": 0}, "base_width=0"),  # no filters
        ({"depth": 0}, "depth=0"),  # no U
        ({"depth": -1}, "depth=-1"),  # negative
        ({"dropout": 1.5}, "1.5"),  # more than everything dropped
        ({"initializer": "no_such"}, "no_such"),  # unknown to Keras
    ],
    ids=str,
)
def test_bad_options_are_refused_by_value(options, given):
    with pytest.raises(ValueError, match=given):
        lecture_unet((64, 64, 3), **options)


# === Any size ===


@pytest.fixture(scope="module")
def any_size():
    return lecture_unet((None, None, 3), base_width=2)


@pytest.mark.parametrize(
    "size",
    [
        (64, 64),  # fits as it is
        (1, 1),  # one pixel
        (65, 63),  # one more and one less than fits
        (128, 70),  # only one side is padded
    ],
)
def test_output_size_equals_input_size(any_size, size):
    assert run(any_size, noise(1, *size, 3)).shape == (1, *size, 1)


def test_a_fixed_odd_size_is_padded_too():
    model = lecture_unet((50, 40, 3), base_width=2)
    assert model.output_shape == (None, 50, 40, 1)
    assert {"Pad", "Crop"} <= set(names(model))


def test_padding_leaves_multiples_of_64_alone(any_size):
    fixed = lecture_unet((128, 64, 3), base_width=2)
    assert not {"Pad", "Crop"} & set(names(fixed))
    fixed.set_weights(any_size.get_weights())
    batch = noise(2, 128, 64, 3)
    np.testing.assert_allclose(run(any_size, batch), run(fixed, batch), atol=1e-6)


def test_other_sizes_equal_padding_and_cropping_by_hand(any_size):
    batch = noise(1, 70, 37, 3)
    by_hand = np.pad(batch, ((0, 0), (0, 128 - 70), (0, 64 - 37), (0, 0)))
    expected = run(any_size, by_hand)[:, :70, :37]
    np.testing.assert_allclose(run(any_size, batch), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("side", "multiple", "padded"),
    [(1, 8, 8), (7, 8, 8), (8, 8, 8), (9, 8, 16), (5, 1, 5)],
)
def test_pad_to_multiple(side, multiple, padded):
    layer, batch = PadToMultiple(multiple), noise(1, side, multiple, 2)
    result = np.asarray(layer(batch))
    expected = np.zeros((1, padded, multiple, 2), np.float32)
    expected[:, :side] = batch
    np.testing.assert_array_equal(result, expected)
    assert layer.compute_output_shape((None, side, None, 2)) == (None, padded, None, 2)


# === Files ===


def test_save_and_load_give_the_same_network(any_size, tmp_path):
    any_size.save(tmp_path / "model.keras")
    loaded, batch = models.load(tmp_path / "model.keras"), noise(1, 33, 64, 3)
    np.testing.assert_array_equal(run(loaded, batch), run(any_size, batch))
    assert names(loaded) == names(any_size)


@pytest.mark.parametrize("wanted", [False, True])
def test_the_optimizer_comes_back_only_when_asked_for(wanted, tmp_path):
    model = lecture_unet((8, 8, 3), depth=1, base_width=1)
    model.compile(keras.optimizers.RMSprop(0.0125), "binary_crossentropy", run_eagerly=True)
    model.train_on_batch(noise(1, 8, 8, 3), noise(1, 8, 8, 1))
    model.save(tmp_path / "model.keras")
    loaded = models.load(tmp_path / "model.keras", optimizer=wanted)
    assert loaded.compiled == wanted
    if wanted:
        assert loaded.optimizer.learning_rate.numpy() == np.float32(0.0125)
        assert int(loaded.optimizer.iterations) == 1
        for ours, theirs in zip(loaded.optimizer.variables, model.optimizer.variables, strict=True):
            np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def test_layers_keep_their_settings():
    for layer, key in ((PadToMultiple(16), "multiple"), (CropLike("center"), "anchor")):
        again = type(layer).from_config(layer.get_config())
        assert getattr(again, key) == getattr(layer, key)


def test_a_file_with_code_is_refused(tmp_path):
    inputs = keras.Input((2,))
    model = keras.Model(inputs, keras.layers.Lambda(lambda x: x + 1)(inputs))
    model.save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match="unsafe|safe_mode"):
        models.load(tmp_path / "model.keras")


# === By name ===


def test_build_finds_networks_by_name():
    model = models.build("lecture_unet", input_shape=(8, 8, 3), depth=1, base_width=1)
    assert model.name == "lecture_unet"
    assert model.count_params() == parameters(1, 1, 1)


def test_build_lists_the_names_there_are():
    with pytest.raises(ValueError, match="'alexnet'.*lecture_unet, original_unet, encoder_unet"):
        models.build("alexnet")
