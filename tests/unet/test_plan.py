"""The plans against the networks themselves, layer by layer."""

import keras
import numpy as np
import pytest

from segcore.models.lecture_unet import lecture_unet
from segcore.models.original_unet import original_unet
from segcore.models.unet_sides import BORDER, output_side
from segcore.unet.plan import Plan, lecture, original
from segcore.unet.tiles import mirrored


def check(plan: Plan, model) -> None:
    layers = {layer.name: layer for layer in plan.layers}
    assert len(layers) == len(plan.layers)
    unplanned = {layer.name for layer in model.layers} - set(layers)
    assert all("ReLU" in n or "ropout" in n or "crop" in n for n in unplanned), unplanned
    for name, layer in layers.items():
        real = model.get_layer(name)
        shape = (layer.side, layer.side, layer.channels)
        assert tuple(real.output.shape[1:]) == shape, name
        assert real.count_params() == layer.parameters, name
    assert plan.parameters == model.count_params()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"batch_normalization": True, "base_width": 4},
        {"side": 64, "depth": 2, "base_width": 1, "classes": 3},
        {"side": 96, "depth": 5, "base_width": 3, "channels": 1},
        {"side": 2, "depth": 1, "base_width": 8},
    ],
)
def test_the_lectures_unet(options) -> None:
    keras_options = {k: v for k, v in options.items() if k not in ("side", "channels")}
    side, channels = options.get("side", 256), options.get("channels", 3)
    check(lecture(**options), lecture_unet((side, side, channels), **keras_options))


@pytest.mark.parametrize("options", [{}, {"side": 188, "base_width": 4, "classes": 5}])
def test_the_original_unet(options) -> None:
    keras_options = {k: v for k, v in options.items() if k != "side"}
    side = options.get("side", 572)
    check(original(**options), original_unet((side, side, 1), **keras_options))


def test_multiplications_against_a_count_by_loops() -> None:
    """Each output value of a kernel takes one for each value under it."""
    total = 0
    for layer, before in zip(lecture(8, depth=1, base_width=2).layers[1:], _inputs(), strict=True):
        if layer.kind in ("convolution", "output"):
            kernel = 1 if layer.kind == "output" else 9
            total += sum(kernel * before for _ in range(layer.side**2 * layer.channels))
        if layer.kind == "transposed":  # each input value is spread over 2 x 2 places
            total += (layer.side // 2) ** 2 * before * 4 * layer.channels
    assert lecture(8, depth=1, base_width=2).multiplications == total


def _inputs() -> list[int]:
    """Channels that each layer of the small network reads."""
    return [3, 2, 2, 2, 4, 4, 1, 3, 4, 4]


@pytest.mark.parametrize(
    ("build", "plan", "options"),
    [
        (lecture_unet, lecture, {"depth": 1}),
        (lecture_unet, lecture, {"depth": 2}),
        (original_unet, original, {}),
    ],
)
def test_the_field_is_what_a_value_depends_on(build, plan, options) -> None:
    """Networks of positive weights: which input pixels change the middle of a layer's output."""
    side = 188 if build is original_unet else 64
    model = build((side, side, 1), base_width=1, **options)
    plan = plan(side, channels=1, base_width=1, **options)
    model.set_weights([np.full_like(w, 0.25) for w in model.get_weights()])
    wanted = [layer for layer in plan.layers if layer.kind not in ("input", "output")]
    inner = keras.Model(model.input, [model.get_layer(layer.name).output for layer in wanted])
    zero = [np.asarray(x) for x in inner(np.zeros((1, side, side, 1), np.float32))]
    pushed = np.zeros((side, side, side, 1), np.float32)
    pushed[np.arange(side), side // 2, np.arange(side)] = 1e3  # one pixel of a row each
    for layer, base, outputs in zip(wanted, zero, inner(pushed), strict=True):
        middle = layer.side // 2
        changed = np.asarray(outputs)[:, :, middle].max(1) > base[:, :, middle].max(1)
        columns = np.flatnonzero(changed.any(-1))
        assert columns[-1] - columns[0] + 1 == layer.field, layer.name


@pytest.mark.parametrize(
    ("build", "options"),
    [
        (lecture, {"side": 100}),
        (lecture, {"side": 0}),
        (lecture, {"base_width": 0}),
        (lecture, {"depth": 0}),
        (original, {"side": 570}),
        (original, {"side": 180}),
    ],
)
def test_what_cannot_be_built_is_refused(build, options) -> None:
    ((name, value),) = options.items()
    words = f"side of {value} pixels" if build is original else f"{name}={value}"
    with pytest.raises(ValueError, match=words):
        build(**options)


# === Tiles ===


@pytest.mark.parametrize("shape", [(388, 388, 3), (5, 3, 1), (1, 1, 3)])
def test_the_mirrored_border_against_loops(shape) -> None:
    picture = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    found = mirrored(picture)

    def place(i: int, length: int) -> int:
        if length == 1:
            return 0
        i = abs(i) % (2 * length - 2)
        return i if i < length else 2 * length - 2 - i

    rows = [place(i - BORDER, shape[0]) for i in range(shape[0] + 2 * BORDER)]
    columns = [place(i - BORDER, shape[1]) for i in range(shape[1] + 2 * BORDER)]
    np.testing.assert_array_equal(found, picture[rows][:, columns])


def test_the_border_is_what_the_network_takes_off() -> None:
    assert {side - output_side(side) for side in range(188, 700, 16)} == {2 * BORDER}
