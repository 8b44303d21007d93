"""What each layer of the lecture's trained U-Net makes of a picture, with skips on or off.

The exported network is edited in memory: the tensor of every layer becomes an output, and
each skip connection is multiplied by an input of its own, 1 for on and 0 for off.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segcore.inference import zoo
from segcore.inference.predictor import network_input
from segcore.inference.runtime import OnnxEngine, first_line
from segcore.inference.zoo import Card, ModelUnavailable
from segcore.memory import give_back
from segcore.unet.plan import Layer, lecture

MODEL = "pets-lecture"
DEPTH = 6
SKIPS = tuple(range(1, DEPTH + 1))  # by the level that they lie in

LAYERS = lecture(depth=DEPTH).layers[1:]  # without the input

_lock = threading.Lock()
_engines: dict[tuple[Path, str], OnnxEngine] = {}


@dataclass(frozen=True)
class Stage:
    """A layer and what it made of a picture.

    Attributes
    ----------
    layer : Layer
    feature_map : (height, width, channels) float32
    """

    layer: Layer
    feature_map: NDArray[np.float32]


@dataclass(frozen=True)
class Activations:
    """What the network made of a picture, layer by layer.

    Attributes
    ----------
    stages : tuple of Stage
        In the order of `LAYERS`.
    probability : (256, 256) float32
        Of a pet, in [0, 1].
    """

    stages: tuple[Stage, ...]
    probability: NDArray[np.float32]

    def stage(self, name: str) -> Stage:
        """Return a stage by its layer's name; a `KeyError` for any other."""
        for stage in self.stages:
            if stage.layer.name == name:
                return stage
        raise KeyError(name)


def up_name(level: int) -> str:
    """Return what the lecture calls the way up into a level: "Bottle", "Up_1" to "Up_5".

    Examples
    --------
    >>> up_name(6), up_name(5), up_name(1)
    ('Bottle', 'Up_1', 'Up_5')
    """
    return "Bottle" if level == DEPTH else f"Up_{DEPTH - level}"


def convolution_name(level: int) -> str:
    """Return the name that the two convolutions of the decoder share in a level.

    Examples
    --------
    >>> convolution_name(6), convolution_name(2), convolution_name(1)
    ('Conv_Up_1', 'Conv_Up_5', 'Conv_Classif')
    """
    return "Conv_Classif" if level == 1 else f"Conv_Up_{DEPTH + 1 - level}"


def activations(
    picture: NDArray[np.uint8], off: Collection[int] = frozenset(), card: Card | None = None
) -> Activations:
    """Run the network on a picture and keep what every layer made of it.

    It runs on the CPU; the answer holds 28 MB of numbers.

    Parameters
    ----------
    picture : (height, width, 3) uint8
        RGB; stretched to 256 × 256 as for segmenting.
    off : collection of int
        The levels, 1 to 6, whose skip connection carries zeros.
    card : Card or None
        None: the lecture's U-Net that comes with the app.

    Returns
    -------
    Activations

    Raises
    ------
    ValueError
        If `off` names a level that there is not.
    ModelUnavailable
        If the model's file is absent, does not match its card, or is another network.
    """
    if unknown := set(off) - set(SKIPS):
        raise ValueError(f"off={sorted(unknown)}: the skip connections are 1 to {DEPTH}.")
    card = card or zoo.card(MODEL)
    gates = (np.float32(level not in off) for level in SKIPS)
    batch = network_input(picture, card)
    *maps, output = _engine(card).outputs(batch, *(np.asarray(gate) for gate in gates))
    tensors = [*(tensor[0].transpose(1, 2, 0) for tensor in maps), output[0]]
    stages = tuple(Stage(*made) for made in zip(LAYERS, tensors, strict=True))
    return Activations(stages, output[0, ..., 0])


# === The edited network ===


def _engine(card: Card) -> OnnxEngine:
    """Return the edited network, loaded once for the whole process."""
    with _lock:
        path = card.file("model.onnx")
        key = (path, card.files["model.onnx"]["sha256"])
        if key not in _engines:
            try:
                _engines[key] = OnnxEngine(_edited(path))
            except Exception as error:  # protobuf and ONNX Runtime raise kinds of their own
                raise ModelUnavailable(
                    f"{card.name} cannot be looked into: its model.onnx is not the lecture's "
                    f"U-Net of {DEPTH} levels ({first_line(error)})."
                ) from error
            finally:
                give_back()
        return _engines[key]


def _edited(path: Path) -> bytes:
    """Return the network with the skips' switches as inputs and every layer as an output."""
    import onnx

    model = onnx.load(path)
    graph = model.graph
    (result,) = graph.output
    tensors = [_tensor(graph, layer) for layer in LAYERS[:-1]]
    single = onnx.TensorProto.FLOAT
    for level in SKIPS:
        place, concatenate = _find(graph, f"Concatenate_{up_name(level)}", "Concat")
        _, skip = concatenate.input
        gate, gated = f"skip_{level}", f"skip_{level}_gated"
        graph.input.append(onnx.helper.make_tensor_value_info(gate, single, []))
        concatenate.input[1] = gated
        graph.node.insert(place, onnx.helper.make_node("Mul", [skip, gate], [gated]))
    del graph.output[:]
    for tensor in tensors:
        graph.output.append(onnx.helper.make_tensor_value_info(tensor, single, None))
    graph.output.append(result)
    return model.SerializeToString()


def _tensor(graph: Any, layer: Layer) -> str:
    """Return the name of the (1, channels, height, width) tensor that a layer makes."""
    if layer.kind == "transposed":
        # What the layer's own operator makes is still padded or cropped to its exact size.
        _find(graph, layer.name, "ConvTranspose")
        _, concatenate = _find(graph, layer.name.replace("Conv_Transp", "Concatenate"), "Concat")
        return concatenate.input[0]
    operators = {"convolution": "Relu", "pooling": "MaxPool", "concatenation": "Concat"}
    _, node = _find(graph, layer.name, operators[layer.kind])
    if layer.kind == "concatenation":
        _, skip = node.input
        _, convolution = _find(graph, f"Conv_Down_{layer.level}_2", "Relu")
        axes = [attribute.i for attribute in node.attribute if attribute.name == "axis"]
        if skip != convolution.output[0] or axes != [1]:
            raise ValueError(f"{layer.name} does not join the skip of level {layer.level}")
    return node.output[0]


def _find(graph: Any, name: str, operator: str) -> tuple[int, Any]:
    """Return the place and the node of a layer's operator; a `ValueError` without just one."""
    # A name such as "lecture_unet_1/Conv_Up_1_2_1/Relu": Keras numbers layers once more.
    pattern = re.compile(rf"(?:^|/){name}(?:_\d+)?/")
    found = [
        (i, node)
        for i, node in enumerate(graph.node)
        if node.op_type == operator and pattern.search(node.name)
    ]
    if len(found) != 1:
        raise ValueError(f"{len(found)} times {operator} for {name}")
    return found[0]
