"""Which pictures, which predictor and which figures an evaluation of a scene model takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from segcore.datasets import oxford_pet, scenes, voc
from segcore.datasets.samples import DatasetError
from segcore.inference import evaluate_scenes
from segcore.inference.evaluate_scenes import Predict, Progress
from segcore.inference.touching import touching
from segcore.inference.zoo import Card
from segcore.labels import Result
from segcore.scenes import views
from segcore.scenes.components import components, panoptic
from segcore.scenes.merge import merge

TASKS = ("semantic", "instance", "panoptic")
MEASURES: dict[str, Callable[..., dict[str, Any]]] = {
    "semantic": evaluate_scenes.semantic,
    "instance": evaluate_scenes.instances,
    "panoptic": evaluate_scenes.panoptic,
}


def task_of(card: Card) -> str | None:
    """Return the task of a model that says most of a picture; None if it is no scene model."""
    able = [task for task in TASKS if task in card.tasks]
    return able[-1] if able else None


@dataclass(frozen=True)
class Job:
    """An evaluation to be run.

    Attributes
    ----------
    task : {"semantic", "instance", "panoptic"}
    samples : sequence of samples
    measure : callable
        Of `evaluate_scenes`.
    view : callable or None
        Turns a predictor's result into what is measured; None: as it is.
    """

    task: str
    samples: Sequence[Any]
    measure: Callable[..., dict[str, Any]]
    view: Callable[[Any], Result] | None = None

    def run(self, predict: Predict, progress: Progress | None = None) -> dict[str, Any]:
        """Return the figures of a predictor."""
        return self.measure(_after(self.view, predict), self.samples, progress)

    def touching(self, predict: Predict) -> dict[str, Any]:
        """Return the figures of `touching.touching`; what a panoptic result holds all counts."""
        if self.task == "semantic" or self.view:
            raise DatasetError(
                "--touching needs --task instance or panoptic, and a folder in COCO's panoptic "
                "layout."
            )
        if self.task == "panoptic":
            return touching(_after(views.objects, predict), self.samples, score=0)
        return touching(predict, self.samples)


def job(task: str, root: Path, split: str) -> Job:
    """Return what evaluates a task on a folder.

    Parameters
    ----------
    task : {"semantic", "instance", "panoptic"}
    root : Path
        In COCO's panoptic layout; for classes of pixels also in Pascal VOC's or the
        Oxford-IIIT Pet's.
    split : {"train", "val", "test"}
        "val" and "test" mean the part that is not for training, whatever it is called.

    Raises
    ------
    DatasetError
        If the folder has none of these layouts, or the task needs another.
    """
    training = split == "train"
    if scenes.recognises(root):
        return Job(task, scenes.read(root, "train" if training else "val"), MEASURES[task])
    view = views.class_map if task == "panoptic" else None
    for layout, measure, rest in (
        (voc, evaluate_scenes.voc, "val"),
        (oxford_pet, evaluate_scenes.pets, "test"),
    ):
        if layout.recognises(root):
            if task == "instance":
                raise DatasetError(
                    f"{root} does not tell objects apart: use --task semantic or panoptic, or a "
                    "folder in COCO's panoptic layout."
                )
            return Job(task, layout.read(root, "train" if training else rest), measure, view)
    raise DatasetError(
        f"{root} is no data set of scenes: it needs panoptic_val.json (COCO panoptic), "
        f"{voc.LISTS / 'val.txt'} (Pascal VOC) or annotations/trainval.txt (Oxford-IIIT Pet)."
    )


def predictor(task: str, card: Card, device: str | None = None) -> Predict:
    """Return a model's predictor of a task; a ValueError if it is not made for that."""
    if task not in card.tasks:
        raise ValueError(f"{card.name} has no --task {task}; accepted are {', '.join(card.tasks)}.")
    functions = {"semantic": "semantic", "instance": "instances", "panoptic": "panoptic"}
    run = getattr(import_module("segcore.inference.scenes"), functions[task])
    return lambda picture: run(picture, card, device)


def merged(task: str, semantic: Predict, instances: Predict) -> Predict:
    """Return the merge of two predictors' results, with the published thresholds."""
    if task != "panoptic":
        raise ValueError("--objects are merged with classes: use it with --task panoptic.")
    return lambda picture: merge(semantic(picture), instances(picture)).panoptic


def baseline(task: str, semantic: Predict) -> Predict:
    """Return the connected components of a semantic predictor as a predictor of a task."""
    if task == "semantic":
        raise ValueError("--baseline is of objects: use it with --task instance or panoptic.")
    return _after(components if task == "instance" else panoptic, semantic)


def _after(view: Callable[[Any], Any] | None, predict: Predict) -> Predict:
    return (lambda picture: view(predict(picture))) if view else predict
