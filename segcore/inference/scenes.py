"""A picture and a scene model in; classes, objects or both out."""

from __future__ import annotations

from time import perf_counter

import cv2
import numpy as np
from numpy.typing import NDArray

from segcore import images
from segcore.class_sets import SCENES
from segcore.inference import mask_rcnn, runtime
from segcore.inference.zoo import Card, ModelUnavailable
from segcore.labels import ClassMap, Instances, Panoptic
from segcore.scenes import views
from segcore.scenes.grouping import Centres, find_centres, group

WORKING_SIDE = 640  # pixels: the longest side of the results
MULTIPLE = 4  # the networks' maps are at a quarter of their input
POSSIBLE = 0.02  # a class that is nowhere more probable is not looked at again
PEAK = 0.1
SCORE = 0.25  # of the peak's root; chosen on the training pictures with hand-made panoptic labels


def semantic(picture: NDArray[np.uint8], card: Card, device: str | None = None) -> ClassMap:
    """Return the class of each pixel of a picture.

    Parameters
    ----------
    picture : (height, width, 3) uint8
        RGB.
    card : Card
        Of a Panoptic-DeepLab; only the classes of its pixels are used.
    device : {"auto", "cpu", "gpu"} or None
        None: as ``SEGCORE_DEVICE`` says.

    Raises
    ------
    ModelUnavailable
        If the model cannot do this, cannot be loaded or fails on this picture.
    """
    maps, where, seconds = _maps(picture, card, device)
    return _class_map(maps, where, seconds, picture, card)


def panoptic(picture: NDArray[np.uint8], card: Card, device: str | None = None) -> Panoptic:
    """Return the objects of at least `SCORE`, and the stuff; for the rest see `semantic`."""
    return _panoptic(picture, card, device, SCORE)


def _panoptic(picture: NDArray[np.uint8], card: Card, device: str | None, score: float) -> Panoptic:
    maps, where, seconds = _maps(picture, card, device)
    classes = _class_map(maps, where, seconds, picture, card)
    began = perf_counter()
    _, heat, offsets = maps
    ratio = np.array(classes.shape, np.float32) / heat.shape[:2]
    points, scores = find_centres(np.clip(heat[..., 0], 0, 1), PEAK)
    # The root lifts the low peaks of a small network, so that the class counts as well.
    centres = Centres((points + 0.5) * ratio - 0.5, np.sqrt(scores))
    offsets = _enlarged(offsets, classes.shape) * ratio
    result = group(classes, centres, offsets, score=score)
    seconds["group"] = perf_counter() - began
    return result


def instances(picture: NDArray[np.uint8], card: Card, device: str | None = None) -> Instances:
    """Return all objects of a picture, also by a Mask R-CNN; for the rest see `semantic`."""
    if card.architecture == "mask_rcnn":
        return mask_rcnn.instances(picture, card, _shape(picture), device)
    return views.objects(_panoptic(picture, card, device, 0))


def _shape(picture: NDArray[np.uint8]) -> tuple[int, int]:
    return images.fit_size((picture.shape[0], picture.shape[1]), WORKING_SIDE, enlarge=False)


def _maps(picture: NDArray[np.uint8], card: Card, device: str | None):
    """Return what the network says, (h, w, channels) each, where it ran and the seconds."""
    if card.architecture != "panoptic_deeplab":
        raise ModelUnavailable(
            f"{card.name} tells no scenes apart; choose a model for {', '.join(card.tasks)}."
        )
    times = [perf_counter()]
    runtime.engine(card, device)
    times.append(perf_counter())
    size = images.fit_size(picture.shape[:2], card.side, MULTIPLE)
    batch = card.normalisation(images.resize(picture, size)[None].astype(np.float32))
    times.append(perf_counter())
    outputs, where = runtime.run_part(card, (batch,), device)
    times.append(perf_counter())
    stages = ("load model", "resize", "network")
    seconds = {s: b - a for s, a, b in zip(stages, times, times[1:], strict=False)}
    return [output[0] for output in outputs], where, seconds


def _class_map(
    maps: list[NDArray[np.float32]],
    where: str,
    seconds: dict[str, float],
    picture: NDArray[np.uint8],
    card: Card,
) -> ClassMap:
    began = perf_counter()
    size, shape = (picture.shape[0], picture.shape[1]), _shape(picture)
    probabilities = _softmax(maps[0])
    classes, best = np.zeros(shape, np.uint8), np.full(shape, -1, np.float32)
    for index in range(probabilities.shape[-1]):
        plane = np.ascontiguousarray(probabilities[..., index])
        if plane.max() < POSSIBLE:
            continue
        plane = _enlarged(plane, shape)
        np.copyto(classes, index, where=plane > best)
        np.maximum(best, plane, out=best)
    scores = np.rint(np.clip(best, 0, 1) * 255).astype(np.uint8)
    seconds["classes"] = perf_counter() - began
    return ClassMap(
        shape, size, SCENES, card.name, where, seconds=seconds, classes=classes, scores=scores
    )


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _enlarged(values: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Resize bilinearly, pixel centre to pixel centre."""
    size = (shape[1], shape[0])
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_LINEAR), np.float32)
