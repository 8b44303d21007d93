"""A model and a data set for the command line.

The model is made here, without training: the probability of a pixel is the mean of the
channels of its left neighbour. That is easy to work out by hand, and not symmetric, so that
averaging with the mirrored picture shows.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from PIL import Image

from segcore.inference import zoo
from tests.cli.by_hand import SIDE


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A zoo with one model, "left"."""
    folder = tmp_path / "zoo" / "left"
    folder.mkdir(parents=True)
    shape = ["n", "h", "w"]
    numbers = {
        "channels": [3], "pads": [0, 0, 1, 0, 0, 0, 0, 0], "start": [0], "end": [-1], "width": [2],
    }  # fmt: skip
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["x", "channels"], ["mean"], keepdims=1),
            helper.make_node("Pad", ["mean", "pads"], ["moved"]),
            helper.make_node("Slice", ["moved", "start", "end", "width"], ["y"]),
        ],
        "left",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [*shape, 3])],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [*shape, 1])],
        [numpy_helper.from_array(np.array(v, np.int64), k) for k, v in numbers.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    content = model.SerializeToString()
    (folder / "model.onnx").write_bytes(content)
    card = {
        "name": "left",
        "title": "Left neighbour",
        "summary": "Bright – to the right of it.",
        "architecture": "none",
        "parameters": 0,
        "side": SIDE,
        "keep_aspect": False,
        "normalisation": {"mean": 0.0, "std": 255.0},
        "classes": ["pet"],
        "training": dict.fromkeys(zoo.TRAINING_KEYS, "drawn by hand"),
        "metrics": {},
        "files": {
            "model.onnx": {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        },
    }
    (folder / "card.json").write_text(json.dumps(card))
    monkeypatch.setattr(zoo, "WEIGHTS", folder.parent)
    return folder.parent


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Three test pictures of different sizes and one to train with, drawn."""
    root = tmp_path / "pets"
    (root / "images").mkdir(parents=True)
    (root / "annotations" / "trimaps").mkdir(parents=True)
    rng = np.random.default_rng(8)
    sizes = {"a": (48, 48), "b": (72, 40), "c": (32, 96), "d": (48, 64)}
    for name, (height, width) in sizes.items():
        rows, columns = np.mgrid[:height, :width]
        distance = np.hypot(rows - height / 2, columns - width / 2) - 12
        picture = np.where(distance[..., None] < 0, (250, 160, 90), (20, 90, 160))
        picture = (picture + rng.normal(0, 60, picture.shape)).clip(0, 255).astype(np.uint8)
        trimap = np.select([distance < -3, distance < 0], [1, 3], 2).astype(np.uint8)
        Image.fromarray(picture).save(root / "images" / f"{name}.jpg", quality=95)
        Image.fromarray(trimap).save(root / "annotations" / "trimaps" / f"{name}.png")
    (root / "annotations" / "test.txt").write_text("a 1 1 1\nb 1 1 1\nc 1 1 1\n")
    (root / "annotations" / "trainval.txt").write_text("d 1 1 1\n")
    return root
