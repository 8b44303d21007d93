"""A picture and a Mask R-CNN in, its objects out."""

from __future__ import annotations

from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from segcore import images
from segcore.class_sets import SCENES
from segcore.inference import runtime
from segcore.inference.detection import SCORE, detect, masked_objects
from segcore.inference.zoo import Card
from segcore.labels import Instances

MULTIPLE = 32  # of the sides of the network's input
PARTS = ("trunk", "box_head", "mask_head")


class CardDetector:
    """The parts of a model as `segcore.inference.detection.Detector` wants them.

    Parameters
    ----------
    card : Card
    device : {"auto", "cpu", "gpu"} or None
        None: as ``SEGCORE_DEVICE`` says.

    Raises
    ------
    ModelUnavailable
        From each method, if the model cannot be loaded or fails on this picture.
    """

    def __init__(self, card: Card, device: str | None = None):
        self._card, self._wanted = card, device
        self.device = ""

    def load(self) -> None:
        """Load all parts."""
        for part in PARTS:
            self.device = runtime.engine(self._card, self._wanted, part).device

    def _run(self, part: str, values: np.ndarray) -> tuple[np.ndarray, ...]:
        outputs, self.device = runtime.run_part(self._card, (values,), self._wanted, part)
        return outputs

    def trunk(self, batch: NDArray[np.float32]) -> tuple[np.ndarray, ...]:
        """Return P2 to P5, objectness logits and box deltas of one picture."""
        return self._run("trunk", batch)

    def box_head(self, bins: NDArray[np.float32]) -> tuple[np.ndarray, ...]:
        """Return class logits and box deltas of (n, 7, 7, channels)."""
        return self._run("box_head", bins)

    def mask_head(self, bins: NDArray[np.float32]) -> np.ndarray:
        """Return the mask logits, (n, 28, 28, classes), of (n, 14, 14, channels)."""
        return self._run("mask_head", bins)[0]


def instances(
    picture: NDArray[np.uint8],
    card: Card,
    shape: tuple[int, int],
    device: str | None = None,
    score: float = SCORE,
) -> Instances:
    """Return the objects of a picture.

    Parameters
    ----------
    picture : (height, width, 3) uint8
        RGB.
    card : Card
        Of a Mask R-CNN.
    shape : (h, w)
        Size of the result's masks.
    device : {"auto", "cpu", "gpu"} or None
        None: as ``SEGCORE_DEVICE`` says.
    score : float
        The lowest score kept.

    Returns
    -------
    Instances
        With the seconds of the stages ``load model`` (0 once loaded), ``resize``, ``network``
        (with the suppression between its parts) and ``masks``.

    Raises
    ------
    ModelUnavailable
        If the model cannot be loaded or fails on this picture.
    """
    times = [perf_counter()]
    network = CardDetector(card, device)
    network.load()
    times.append(perf_counter())
    size = images.fit_size(picture.shape[:2], card.side, MULTIPLE)
    batch = card.normalisation(images.resize(picture, size)[None].astype(np.float32))
    times.append(perf_counter())
    found = detect(network, batch, score=score)
    times.append(perf_counter())
    objects = masked_objects(found, size, shape, SCENES.names)
    times.append(perf_counter())
    stages = ("load model", "resize", "network", "masks")
    return Instances(
        shape,
        (picture.shape[0], picture.shape[1]),
        SCENES,
        card.name,
        network.device,
        seconds={s: b - a for s, a, b in zip(stages, times, times[1:], strict=False)},
        objects=objects,
    )
