"""Every layer of a U-Net with its shape and its cost, worked out without a network.

`lecture` and `original` follow `segcore.models.lecture_unet` and `segcore.models.original_unet`
layer by layer, name by name; the server shows them without TensorFlow. Layers that change
neither shape nor channels are told with the one before: ReLU, dropout and the cropping of skips.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from segcore.models.unet_sides import LEVELS, output_side
from segcore.unet.receptive_field import Seen

Part = Literal["encoder", "bottleneck", "decoder", "output"]


@dataclass(frozen=True)
class Layer:
    """A layer and what comes out of it.

    Attributes
    ----------
    name : str
        As in Keras.
    kind : str
        input, convolution (with its ReLU), linear (a convolution without), normalisation (with
        its ReLU), pooling, transposed, concatenation or output.
    part : {"encoder", "bottleneck", "decoder", "output"}
    level : int
        From 1, the picture's own size, to the bottom.
    side, channels : int
        The output is (side, side, channels).
    parameters : int
    multiplications : int
        For one picture, of the kernel with its input; each goes with an addition.
    field : int
        Side of the square of input pixels that a value in the middle of the output can
        depend on, at most the picture's.
    """

    name: str
    kind: str
    part: Part
    level: int
    side: int
    channels: int
    parameters: int = 0
    multiplications: int = 0
    field: int = 1

    @property
    def shape(self) -> str:
        """The output's shape for people."""
        return f"{self.side}×{self.side}×{self.channels}"

    @property
    def bytes(self) -> int:
        """Of the output of one picture, float32."""
        return 4 * self.side**2 * self.channels


@dataclass(frozen=True)
class Plan:
    """A network's layers, in the order in which they are computed."""

    layers: tuple[Layer, ...]

    @property
    def parameters(self) -> int:
        """Of all layers."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def multiplications(self) -> int:
        """Of all layers, for one picture."""
        return sum(layer.multiplications for layer in self.layers)

    @property
    def bytes(self) -> int:
        """Of these layers' outputs of one picture, float32, which a training keeps."""
        return sum(layer.bytes for layer in self.layers)

    @property
    def bottom(self) -> Layer:
        """The last layer of the bottleneck."""
        return [layer for layer in self.layers if layer.part == "bottleneck"][-1]


class Skip(NamedTuple):
    """What a skip connection carries."""

    channels: int
    seen: Seen


class _Writer:
    """Adds layer after layer to a plan, each on the output of the one before."""

    def __init__(self, side: int, channels: int, name: str):
        self.part: Part = "encoder"
        self.level = 1
        self.seen = Seen.input(side)
        self.layers = [Layer(name, "input", "encoder", 1, side, channels)]

    @property
    def last(self) -> Layer:
        return self.layers[-1]

    def add(self, name: str, kind: str, side: int, channels: int, **costs: int) -> None:
        costs["field"] = self.seen.field
        self.layers.append(Layer(name, kind, self.part, self.level, side, channels, **costs))

    @property
    def skip(self) -> Skip:
        """What a concatenation further up can take from here."""
        return Skip(self.last.channels, self.seen)

    def convolution(
        self,
        name: str,
        channels: int,
        kernel: int = 3,
        *,
        same: bool,
        bias: bool = True,
        kind: str = "convolution",
    ) -> None:
        side = self.last.side - (0 if same else kernel - 1)
        weights = kernel**2 * self.last.channels * channels
        self.seen = self.seen.convolved(kernel, same)
        self.add(
            name,
            kind,
            side,
            channels,
            parameters=weights + channels * bias,
            multiplications=weights * side**2,
        )

    def normalisation(self, name: str) -> None:
        self.add(
            name,
            "normalisation",
            self.last.side,
            self.last.channels,
            parameters=4 * self.last.channels,  # scale, shift, running mean and variance
        )

    def pooling(self, name: str) -> None:
        self.seen = self.seen.pooled()
        self.add(name, "pooling", self.last.side // 2, self.last.channels)
        self.level += 1

    def up(self, name: str, channels: int) -> None:
        """Double the side by a transposed convolution, 2 x 2 with stride 2."""
        before = self.last
        weights = 4 * before.channels * channels
        self.part, self.level, self.seen = "decoder", self.level - 1, self.seen.doubled()
        self.add(
            name,
            "transposed",
            2 * before.side,
            channels,
            parameters=weights + channels,
            multiplications=weights * before.side**2,
        )

    def concatenation(self, name: str, skip: Skip) -> None:
        self.seen = self.seen.joined(skip.seen)
        self.add(name, "concatenation", self.last.side, self.last.channels + skip.channels)


def lecture(
    side: int = 256,
    *,
    channels: int = 3,
    classes: int = 1,
    base_width: int = 8,
    depth: int = 6,
    batch_normalization: bool = False,
) -> Plan:
    """Return the layers of `segcore.models.lecture_unet.lecture_unet`.

    Parameters
    ----------
    side : int
        Of the input, in pixels; a multiple of ``2**depth``.
    channels : int
        Of the input.
    classes, base_width, depth, batch_normalization
        As there; each number 1 or more.

    Raises
    ------
    ValueError
        If the side is no such multiple, or a number is below 1.

    Examples
    --------
    >>> lecture().parameters
    6667639
    """
    if min(side, channels, classes, base_width, depth) < 1 or side % 2**depth:
        raise ValueError(
            f"side={side}, channels={channels}, classes={classes}, base_width={base_width}, "
            f"depth={depth}: each must be 1 or more, and the side a multiple of {2**depth}."
        )
    plan = _Writer(side, channels, "Input")

    def level(filters: int, name: str) -> Skip:
        for i in (1, 2):
            if batch_normalization:
                plan.convolution(f"{name}_{i}", filters, same=True, bias=False, kind="linear")
                plan.normalisation(f"{name}_{i}_BN")
            else:
                plan.convolution(f"{name}_{i}", filters, same=True)
        return plan.skip

    skips = []
    for i in range(1, depth + 1):
        skips.append(level(base_width * 2 ** (i - 1), f"Conv_Down_{i}"))
        plan.pooling(f"MaxPool_Down_{i}")
    plan.part = "bottleneck"
    level(base_width * 2**depth, "Conv_Bottle")
    names = ["Bottle", *(f"Up_{i}" for i in range(1, depth))]
    width = base_width * 2**depth // 8
    for i, name in enumerate(names, 1):
        plan.up(f"Conv_Transp_{name}", max(1, width))
        width = max(1, width) // 2
        plan.concatenation(f"Concatenate_{name}", skips.pop())
        if i < depth:
            level(base_width * 2 ** (depth - i), f"Conv_Up_{i}")
    level(2 * base_width, "Conv_Classif")
    plan.part = "output"
    plan.convolution("Conv_Out", classes, 1, same=True, kind="output")
    return Plan(tuple(plan.layers))


def original(side: int = 572, *, channels: int = 1, classes: int = 2, base_width: int = 64) -> Plan:
    """Return the layers of `segcore.models.original_unet.original_unet`.

    Parameters
    ----------
    side : int
        Of the input, in pixels, as `segcore.models.unet_sides.output_side` accepts it.
    channels : int
        Of the input.
    classes, base_width
        As there.

    Raises
    ------
    ValueError
        If a pooling would meet an odd side.

    Examples
    --------
    >>> original().layers[-1].shape
    '388×388×2'
    """
    output_side(side)
    plan = _Writer(side, channels, "input")

    def level(filters: int, name: str) -> Skip:
        for i in (1, 2):
            plan.convolution(f"{name}_conv_{i}", filters, same=False)
        return plan.skip

    skips = []
    for i in range(1, LEVELS + 1):
        skips.append(level(base_width * 2 ** (i - 1), f"down_{i}"))
        plan.pooling(f"down_{i}_pool")
    plan.part = "bottleneck"
    level(base_width * 2**LEVELS, "bottleneck")
    for i in range(LEVELS, 0, -1):
        plan.up(f"up_{i}", base_width * 2 ** (i - 1))
        plan.concatenation(f"up_{i}_concatenate", skips.pop())
        level(base_width * 2 ** (i - 1), f"up_{i}")
    plan.part = "output"
    plan.convolution("output", classes, 1, same=True, kind="output")
    return Plan(tuple(plan.layers))
