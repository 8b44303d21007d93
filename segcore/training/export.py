"""From a run folder to ``weights/NAME``: both engines' files and the model card."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

from segcore import images, models
from segcore.inference import zoo
from segcore.normalisation import EFFICIENTNET_LITE
from segcore.sample_pictures import sample_pictures
from segcore.training.recipes import Recipe
from segcore.training.runs import Run
from segcore.training.tasks import Part, task

TOLERANCE = 1e-3  # of probability, between the engines
MASKS_AGREE = 0.995  # IoU of masks before and after rounding
HALF_FROM = 1024  # elements; smaller tensors stay in single precision
CHECKED_SIZES = ((256, 256), (320, 224), (97, 131))


class ExportError(RuntimeError):
    """One sentence about a run that cannot be exported."""


@dataclass(frozen=True)
class Description:
    """What a card says that no file knows."""

    name: str
    title: str
    summary: str
    terms: str


def export(
    run: Run,
    about: Description,
    weights: Path,
    *,
    side: int = 0,
    keep_aspect: bool = False,
    average: Sequence[Path] = (),
) -> Path:
    """Write ``model.keras``, the ONNX files and ``card.json`` of a run's best epoch.

    The weights of convolutions are rounded to half precision, in both files alike, and
    stored so in the ONNX file where they are still exact; both engines compute in single
    precision. Weights whose rounding changes the masks stay as they are.

    Parameters
    ----------
    run : Run
        Its ``best.keras`` is exported.
    about : Description
    weights : Path
        The folder in which ``NAME/`` is made or replaced.
    side, keep_aspect
        How pictures are brought to the network's size; see `segcore.inference.zoo.Card`. A
        side of 0 means the recipe's.
    average : sequence of Path
        ``.keras`` files of the same network, other epochs or stages of its training, that the
        weights are averaged with (Wortsman et al., "Model soups", ICML 2022).

    Returns
    -------
    Path
        The model's folder. The card says which run's weights they are: name and creation of
        the run, SHA-256 of its ``best.keras``. It has no metrics yet: `segcore evaluate
        --write-card` measures them.

    Raises
    ------
    ExportError
        If the name is none, the run has no finished epoch, a file to average with is missing
        or of another network, or the two engines differ by `TOLERANCE` or more.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", about.name):
        raise ExportError(
            f"{about.name!r} is no name for a model; use small letters, digits, - and _."
        )
    if not run.best.is_file():
        raise ExportError(f"{run.folder} has no finished epoch to export; train it first.")
    training = _training(run)
    recipe = Recipe.from_dict(run.settings()["recipe"])
    final, folder = weights / about.name, weights / f".{about.name}.part"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        best = Path(shutil.copyfile(run.best, folder / "best.keras"))  # the run may still train
        origin = run.identity() | {"sha256": _fingerprint(best)["sha256"]}
        model = _in_half_precision(_mean([best, *average]), recipe)
        best.unlink()
        keras_file = folder / "model.keras"
        model.save(keras_file)
        for name, part in _parts(model, recipe).items():
            part.network.export(str(folder / f"{name}.onnx"), format="onnx", verbose=False)
            _store_in_half_precision(folder / f"{name}.onnx")
        difference = largest_difference(model, folder, recipe)
        if difference >= TOLERANCE:
            raise ExportError(
                f"The engines differ by {difference:.2g} in probability; less than {TOLERANCE} "
                "is wanted, so the export is not usable."
            )
        card = {
            "name": about.name,
            "title": about.title,
            "summary": about.summary,
            "architecture": recipe.architecture,
            "parameters": model.count_params(),
            "side": side or recipe.side,
            "keep_aspect": keep_aspect,
            "normalisation": recipe.to_dict()["normalisation"],
            "classes": task(recipe).CLASSES,
            "tasks": task(recipe).ABILITIES,
            "training": {
                **training,
                "terms": about.terms,
                "engines_differ_by": difference,
                "run": origin,
                **({"averaged_with": [_short(path) for path in average]} if average else {}),
            },
            "metrics": {},
            "files": {
                path.name: _fingerprint(path)
                for path in (keras_file, *sorted(folder.glob("*.onnx")))
            },
        }
        zoo.write_card(folder, card)
        shutil.rmtree(final, ignore_errors=True)
        folder.rename(final)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return final


def largest_difference(model: keras.Model, folder: Path, recipe: Recipe) -> float:
    """Return the largest difference between Keras and ONNX Runtime, of all parts and outputs.

    Of probabilities as it is, of outputs that go beyond [-1, 1] as a fraction of the largest.
    Measured on the sample photographs at three sizes, one of them odd.
    """
    sessions: dict[str, onnxruntime.InferenceSession] = {}
    differences = [0.0]
    for sample in sample_pictures().values():
        picture = sample.picture()
        for size in CHECKED_SIZES:
            for name, (network, inputs) in _parts(
                model, recipe, images.resize(picture, size)
            ).items():
                if name not in sessions:
                    sessions[name] = onnxruntime.InferenceSession(
                        folder / f"{name}.onnx", providers=["CPUExecutionProvider"]
                    )
                given = [given.name for given in sessions[name].get_inputs()]
                values = dict(zip(given, map(np.asarray, inputs), strict=True))
                ours = sessions[name].run(None, values)
                call = inputs[0] if len(inputs) == 1 else list(inputs)
                theirs = keras.tree.flatten(network(call, training=False))
                for a, b in zip(ours, map(np.asarray, theirs), strict=True):
                    differences.append(np.abs(a - b).max() / max(1, np.abs(b).max()))
    return float(max(differences))


def _parts(
    model: keras.Model, recipe: Recipe, picture: np.ndarray | None = None
) -> dict[str, Part]:
    picture = np.zeros((64, 64, 3), np.uint8) if picture is None else picture
    batch = recipe.normalisation(picture[None].astype(np.float32))
    return task(recipe).parts(model, batch)


def _mean(files: Sequence[Path]) -> list[np.ndarray]:
    """Return the mean weights of networks of one kind."""
    keras.mixed_precision.set_global_policy("float32")
    total: list[np.ndarray] = []
    for path in files:
        if not path.is_file():
            raise ExportError(f"{_short(path)} is no file; name a .keras file of the same network.")
        weights = models.load(path).get_weights()
        if total and [w.shape for w in total] != [w.shape for w in weights]:
            raise ExportError(
                f"{_short(path)} is of another network, so there is no mean; name a file of an "
                "earlier stage or epoch of this one."
            )
        total = [a + b for a, b in zip(total, weights, strict=True)] if total else weights
    return [values / np.float32(len(files)) for values in total]


def _short(path: Path) -> str:
    """Return the end of a path, from the run's folder on: it names no folder of a machine."""
    return "/".join(path.parts[-3 if path.parent.name == "checkpoints" else -2 :])


def _in_half_precision(trained: list[np.ndarray], recipe: Recipe) -> keras.Model:
    """Build the network for any picture size, its kernels rounded if that keeps the masks."""
    options = {k: v for k, v in recipe.options.items() if k != "frozen_blocks"}
    if recipe.normalisation == EFFICIENTNET_LITE:
        options["imagenet"] = False
    model = models.build(recipe.architecture, input_shape=(None, None, 3), **options)
    model.set_weights(trained)
    exact = _sample_masks(model, recipe)
    model.set_weights(
        [
            w.astype(np.float16).astype(np.float32) if w.ndim > 1 and w.size >= HALF_FROM else w
            for w in trained
        ]
    )
    rounded = _sample_masks(model, recipe)
    agreement = (exact & rounded).sum() / max(1, (exact | rounded).sum())
    if exact.any() and agreement < MASKS_AGREE:
        model.set_weights(trained)
    return model


def _sample_masks(model: keras.Model, recipe: Recipe) -> np.ndarray:
    """Return the (n, 256, 256) bool masks of the sample photographs."""
    pictures = [images.resize(s.picture(), (256, 256)) for s in sample_pictures().values()]
    batch = recipe.normalisation(np.stack(pictures).astype(np.float32))
    return task(recipe).objective(recipe).foreground(model, batch) >= 0.5


def _store_in_half_precision(path: Path) -> None:
    """Keep large tensors of an ONNX file as float16, cast to float32 where they are used.

    Only where nothing is lost: kernels into which the converter has folded a batch
    normalisation are no longer the rounded ones, and rounding them again would part the
    engines by more than `TOLERANCE` on photographs.
    """
    model = onnx.load(path)
    graph = model.graph
    casts = []
    for tensor in list(graph.initializer):
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < HALF_FROM:
            continue
        half = values.astype(np.float16)
        if not np.array_equal(half.astype(np.float32), values):
            continue
        stored = f"{tensor.name}_half"
        graph.initializer.remove(tensor)
        graph.initializer.append(numpy_helper.from_array(half, stored))
        casts.append(helper.make_node("Cast", [stored], [tensor.name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    part = path.with_name(f"{path.name}.part")
    onnx.save(model, part)
    os.replace(part, path)


def _training(run: Run) -> dict[str, Any]:
    """Return what the card says of the training, earlier stages first."""
    newest = run.settings()
    stages: list[dict[str, Any]] = []
    while True:
        settings, records = run.settings(), run.records("epochs")
        stages.insert(
            0,
            {
                "recipe": settings["recipe"]["name"],
                "data": [Path(d).name for d in settings["data"]],
                "pictures": settings["pictures"]["training"],
                "epochs": len(records),
                "best_epoch": run.best_epoch(),
                "learning_rate": settings["recipe"]["learning_rate"],
                "batch": settings["recipe"]["batch"],
                "side": settings["recipe"]["side"],
                "minutes": round(sum(r["seconds"] for r in records) / 60, 1),
            },
        )
        if not settings["init"]:
            break
        init = Path(settings["init"])
        run = Run(init.parent)
        if not run.exists:
            stages = _before(init, settings.get("init_sha256")) + stages
            break
    return {
        "recipe": " → ".join(stage["recipe"] for stage in stages),
        "data": " → ".join(
            f"{' + '.join(s['data'])} ({s['pictures']} pictures, {s['epochs']} epochs)"
            for s in stages
            if "data" in s
        ),
        "minutes": round(sum(stage.get("minutes", 0) for stage in stages), 1),
        "machine": newest["machine"],
        "stages": stages,
    }


def _before(init: Path, fingerprint: str | None) -> list[dict[str, Any]]:
    """Return the stages that led to a file: its card's if the zoo still has the same one."""
    card = init.parent / "card.json"
    if not card.is_file():
        return [{"recipe": f"weights of {init.name}"}]
    about = json.loads(card.read_text("utf-8"))
    if about["files"].get(init.name, {}).get("sha256") != fingerprint:
        return [{"recipe": f"weights of {init.parent.name}"}]
    return about["training"].get("stages") or [{"recipe": f"weights of {init.parent.name}"}]


def _fingerprint(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
