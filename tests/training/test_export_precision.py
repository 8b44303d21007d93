"""`segcore export` rounds weights to half precision, but not those computed from others."""

from pathlib import Path

import keras
import numpy as np
import onnx

from segcore import models
from segcore.inference import zoo
from segcore.training import export as exporting
from segcore.training.recipes import Recipe
from segcore.training.runs import Run

from .test_export import LARGE


def test_folded_batch_normalisation_is_not_rounded_twice(tmp_path: Path) -> None:
    """The converter folds it into kernels, which half precision no longer holds exactly."""
    options = {"base_width": 8, "depth": 2, "batch_normalization": True}
    recipe = Recipe("normalised", "lecture_unet", options, side=32)
    network = models.build("lecture_unet", input_shape=(32, 32, 3), **options)
    rng = np.random.default_rng(9)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([rng.uniform(0.5, 3, w.shape) for w in layer.get_weights()])
    run = Run(tmp_path / "run")
    settings = {"recipe": recipe.to_dict(), "data": [], "init": None, "pictures": {"training": 1}}
    settings["machine"] = "a machine"
    run.create(settings)
    network.save(run.best)
    about = exporting.Description("normalised", "", "", "")
    exporting.export(run, about, tmp_path / "weights", side=32, keep_aspect=False)
    card = zoo.card("normalised", tmp_path / "weights")
    graph = onnx.load(card.folder / "model.onnx").graph
    assert "BatchNormalization" not in {node.op_type for node in graph.node}, "it is folded"
    large = [tensor.data_type for tensor in graph.initializer if np.prod(tensor.dims) >= LARGE]
    assert large.count(onnx.TensorProto.FLOAT) >= 4
    assert card.training["engines_differ_by"] < 2e-5
