"""A picture and a model in, a segmentation at the picture's own size out."""

from __future__ import annotations

from time import perf_counter

import numpy as np

from segcore import images
from segcore.inference import runtime
from segcore.inference.zoo import Card
from segcore.labels import Segmentation

MULTIPLE = 32


def network_input(picture: np.ndarray, card: Card) -> np.ndarray:
    """Return a picture as the network wants it: (1, h, w, 3) float32, normalised."""
    size = (card.side, card.side)
    if card.keep_aspect:
        size = images.fit_size(picture.shape[:2], card.side, MULTIPLE)
    resized = images.resize(picture, size)
    return card.normalisation(resized[None].astype(np.float32))


def segment(
    picture: np.ndarray, card: Card, *, device: str | None = None, tta: bool = False
) -> Segmentation:
    """Segment a picture.

    Parameters
    ----------
    picture : (height, width, 3) uint8
        RGB.
    card : Card
        The model.
    device : {"auto", "cpu", "gpu"} or None
        None: as ``SEGCORE_DEVICE`` says.
    tta : bool
        Test-time augmentation: average with the result of the mirrored picture.

    Returns
    -------
    Segmentation
        With the seconds of the stages ``load model`` (0 once loaded), ``resize`` and
        ``network``.

    Raises
    ------
    ModelUnavailable
        If the model cannot be loaded or fails on this picture.
    """
    times = [perf_counter()]
    runtime.engine(card, device)
    times.append(perf_counter())
    batch = network_input(picture, card)
    times.append(perf_counter())
    output, where = runtime.run(card, batch, device)
    probability = output[0, ..., 0]
    if tta:
        mirrored, where = runtime.run(card, batch[:, :, ::-1].copy(), device)
        probability = (probability + mirrored[0, :, ::-1, 0]) / 2
    coarse = np.rint(probability * 255).astype(np.uint8)
    times.append(perf_counter())
    stages = ("load model", "resize", "network")
    return Segmentation(
        coarse=coarse,
        size=picture.shape[:2],
        model=card.name,
        device=where,
        seconds={s: b - a for s, a, b in zip(stages, times, times[1:], strict=False)},
    )
