"""Segment what is clicked or boxed: a picture is encoded once, each prompt then takes moments.

Answers are the mean of those for the picture and for its mirror image, which are better than
either.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from segcore import images
from segcore.inference import runtime
from segcore.inference.zoo import Card, ModelUnavailable

MULTIPLE = 32  # of the encoder's input
CELL = 4  # masks come out at a quarter of it
SURE = 4.0  # the logit that a drawn mask is given as
LIFT = 0.2  # added to logits, a little low at edges: best for the IoU of training pictures
NONE, BACKGROUND, FOREGROUND, TOP_LEFT, BOTTOM_RIGHT = range(-1, 4)


@dataclass(frozen=True)
class Embedding:
    """What the encoder made of a picture: all that prompts need of it.

    Attributes
    ----------
    features : tuple of float32 arrays
        (2, h, w, channels) each: of the picture and of its mirror image.
    size : (height, width)
        The picture's, pixels.
    shape : (height, width)
        The encoder's input's, pixels.
    device : str
        Where it ran, in words.
    seconds : dict of str to float
        Time of each stage.
    """

    features: tuple[NDArray[np.float32], ...] = field(repr=False)
    size: tuple[int, int]
    shape: tuple[int, int]
    device: str
    seconds: dict[str, float]

    @property
    def low(self) -> tuple[int, int]:
        """The size of masks as logits."""
        return self.shape[0] // CELL, self.shape[1] // CELL

    @property
    def scale(self) -> NDArray[np.float32]:
        """Pixels of the encoder's input a pixel of the picture, in x and y."""
        (height, width), (rows, columns) = self.shape, self.size
        return np.array([width / columns, height / rows], np.float32)


class Masks(NamedTuple):
    """The answer to a prompt, the best mask first.

    Attributes
    ----------
    masks : (n, height, width) bool
        At the picture's size.
    scores : (n,) float32
        The IoU that each is expected to have with what was meant, 0 to 1.
    logits : (n, h, w) float32
        The masks at the network's size: `mask_input` for the next prompt.
    """

    masks: NDArray[np.bool_]
    scores: NDArray[np.float32]
    logits: NDArray[np.float32]


def embed(picture: NDArray[np.uint8], card: Card, device: str | None = None) -> Embedding:
    """Encode a picture, (height, width, 3) uint8 RGB; for the rest see `PromptPredictor`."""
    if "prompt" not in card.tasks:
        raise ModelUnavailable(
            f"{card.name} takes no clicks and boxes; choose a model for prompts, as weights/prompt."
        )
    began = perf_counter()
    runtime.engine(card, device, "encoder")
    runtime.engine(card, device, "decoder")
    loaded = perf_counter()
    shape = images.fit_size(picture.shape[:2], card.side, MULTIPLE)
    resized = images.resize(picture, shape)
    both = np.stack([resized, resized[:, ::-1]]).astype(np.float32)
    batch = card.normalisation(both).astype(np.float32)
    features, where = runtime.run_part(card, (batch,), device, "encoder")
    seconds = {"load model": loaded - began, "encoder": perf_counter() - loaded}
    size = (picture.shape[0], picture.shape[1])
    return Embedding(tuple(features), size, shape, where, seconds)


def decode(
    embedding: Embedding,
    card: Card,
    device: str | None,
    points: NDArray[np.float32],
    kinds: NDArray[np.float32],
    previous: NDArray[np.float32] | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Run the decoder for several prompts, on the picture and mirrored; return the means.

    Parameters
    ----------
    embedding, card, device
    points : (n, points, 2) float32
        (x, y) in pixels of the encoder's input.
    kinds : (n, points) float32
        -1 none, 0 background, 1 foreground, 2 and 3 a box's corners.
    previous : (n, h, w) float32 or None
        Logits of an earlier mask.

    Returns
    -------
    logits : (n, 4, h, w), scores : (n, 4) float32
        The single mask, then the three of an ambiguous prompt.
    """
    count = len(points)
    has = np.full((2, count), previous is not None, np.float32)
    if previous is None:
        previous = np.zeros((count, *embedding.low), np.float32)
    given = (
        *embedding.features,
        np.stack([points, _mirrored(points, kinds, embedding.shape[1])]),
        np.stack([kinds, kinds]),
        np.stack([previous, previous[..., ::-1]]),
        has,
    )
    (logits, scores), _ = runtime.run_part(card, given, device, "decoder")
    mean = (logits[0] + logits[1][..., ::-1]) / 2 + np.float32(LIFT)
    return mean, np.clip(scores.mean(axis=0), 0, 1)


def _mirrored(
    points: NDArray[np.float32], kinds: NDArray[np.float32], width: int
) -> NDArray[np.float32]:
    """Return where prompts are in the mirror image; of a box the left edge is the right one."""
    found = points.copy()
    found[..., 0] = width - points[..., 0]
    left, right = kinds == TOP_LEFT, kinds == BOTTOM_RIGHT
    found[left, 0], found[right, 0] = found[right, 0], found[left, 0]
    return found


class PromptPredictor:
    """Set a picture once, then ask for masks as often as wanted.

    The networks are shared by the whole process; what belongs to a visitor is the embedding
    that this object holds.

    Parameters
    ----------
    card : Card
        Of a promptable model.
    device : {"auto", "cpu", "gpu"} or None
        None: as ``SEGCORE_DEVICE`` says.

    Examples
    --------
    ::

        predictor = PromptPredictor(zoo.card("prompt"))
        predictor.set_image(picture)
        masks, scores, logits = predictor.predict([[120, 80]], [1])
        masks, scores, logits = predictor.predict(
            [[120, 80], [30, 90]], [1, 0], mask_input=logits[0], multimask_output=False
        )
    """

    def __init__(self, card: Card, device: str | None = None):
        self.card, self.device = card, device
        self.embedding: Embedding | None = None

    def set_image(self, picture: NDArray[np.uint8]) -> None:
        """Encode a picture, (height, width, 3) uint8 RGB; earlier prompts mean nothing for it.

        Raises
        ------
        ModelUnavailable
            If the model is not for prompts, cannot be loaded or fails on this picture.
        """
        self.embedding = embed(picture, self.card, self.device)

    def predict(
        self,
        point_coords: ArrayLike | None = None,
        point_labels: ArrayLike | None = None,
        box: ArrayLike | None = None,
        mask_input: NDArray[np.float32] | None = None,
        multimask_output: bool = True,
    ) -> Masks:
        """Return masks for a prompt.

        Parameters
        ----------
        point_coords : (n, 2) or None
            (x, y) of clicked pixels of the picture: column and row, from 0 on.
        point_labels : (n,) or None
            1 for the object, 0 for what is not of it.
        box : (x_min, y_min, x_max, y_max) or None
            The box's outer edges: a box around one pixel (x, y) is (x, y, x + 1, y + 1).
            Nothing outside is selected, unless a click adds something there.
        mask_input : (h, w) float32 or None
            Logits of an earlier answer, or what `mask_input` makes of any mask.
        multimask_output : bool
            Return three masks, of which one click may mean each; otherwise the likeliest.
            After several prompts the first of the three is the one mask that fits them all.

        Returns
        -------
        Masks
            Of 3 masks, or 1.

        Raises
        ------
        RuntimeError
            If no picture is set.
        ValueError
            If there is no prompt, or its shapes, labels or coordinates are not as said.
        """
        embedding = self._embedding()
        points, kinds = _prompt(embedding, point_coords, point_labels, box, mask_input)
        previous = None
        if mask_input is not None:
            previous = np.asarray(mask_input, np.float32)[None]
        (logits,), (scores,) = decode(embedding, self.card, self.device, points, kinds, previous)
        ambiguous = mask_input is None and kinds.shape[1] == 1
        three = 1 + np.argsort(-scores[1:], kind="stable")
        order = three if ambiguous else np.concatenate([[0], three[:2]])
        order = order[: 3 if multimask_output else 1]
        logits = logits[order]
        masks = np.stack([enlarged(each, embedding.size) > 0 for each in logits])
        first, last = points[0][kinds[0] == TOP_LEFT], points[0][kinds[0] == BOTTOM_RIGHT]
        added = points[0][kinds[0] == FOREGROUND]
        if box is not None and ((added >= first) & (added <= last)).all():
            masks &= _within(np.asarray(box, np.float32), embedding.size)
            outside = ~_within(np.concatenate([first[0], last[0]]) / CELL, embedding.low)
            logits[:, outside] = np.minimum(logits[:, outside], -SURE)
        return Masks(masks, scores[order], logits)

    def mask_input(self, mask: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Return a mask of the picture, (height, width) bool, as `predict` takes an earlier one."""
        embedding = self._embedding()
        if mask.shape != embedding.size:
            raise ValueError(
                f"The mask is {mask.shape} and the picture {embedding.size}; give one of the "
                "picture's size."
            )
        share = cv2.resize(
            mask.astype(np.float32), embedding.low[::-1], interpolation=cv2.INTER_AREA
        )
        return (2 * share - 1) * np.float32(SURE)

    def _embedding(self) -> Embedding:
        if self.embedding is None:
            raise RuntimeError("No picture is set; call set_image(picture) before predict().")
        return self.embedding


def enlarged(logits: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Return logits, (h, w), at another size, bilinear."""
    grown = cv2.resize(logits, size[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(grown, np.float32)


def _within(box: NDArray[np.floating], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the mask of the pixels that a box touches."""
    (x0, y0), (x1, y1) = np.floor(box[:2]).astype(int), np.ceil(box[2:]).astype(int)
    mask = np.zeros(size, bool)
    mask[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)] = True
    return mask


def _prompt(embedding: Embedding, coordinates, labels, box, mask):
    """Return points, (1, n, 2), and kinds, (1, n), of what `predict` was given."""
    if coordinates is None and box is None and mask is None:
        raise ValueError("There is no prompt; give points with labels, a box or a mask.")
    if (coordinates is None) != (labels is None):
        raise ValueError("Points and labels belong together; give both or none.")
    points, kinds = np.zeros((0, 2), np.float32), np.zeros(0, np.float32)
    if coordinates is not None:
        points = np.asarray(coordinates, np.float32) + 0.5
        kinds = np.asarray(labels, np.float32)
        if points.ndim != 2 or points.shape[1] != 2 or kinds.shape != points.shape[:1]:
            raise ValueError(
                f"The points are {points.shape} and their labels {kinds.shape}; accepted are "
                "(n, 2) and (n,)."
            )
        if not np.isin(kinds, (BACKGROUND, FOREGROUND)).all():
            raise ValueError("A label is neither 1, for the object, nor 0, for what is not of it.")
    if box is not None:
        corners = np.asarray(box, np.float32)
        if corners.shape != (4,) or not (corners[:2] < corners[2:]).all():
            raise ValueError(f"The box is {box}; accepted is (x_min, y_min, x_max, y_max).")
        points = np.concatenate([points, corners.reshape(2, 2)])
        kinds = np.append(kinds, (TOP_LEFT, BOTTOM_RIGHT)).astype(np.float32)
    if not len(points):
        points, kinds = np.zeros((1, 2), np.float32), np.full(1, NONE, np.float32)
    if not np.isfinite(points).all():
        raise ValueError("A coordinate is no number; accepted are pixels of the picture.")
    if mask is not None and np.shape(mask) != embedding.low:
        raise ValueError(
            f"The mask's logits are {np.shape(mask)}; accepted are {embedding.low}, as "
            "predict() and mask_input() return them."
        )
    points = np.clip(points, 0, embedding.size[::-1]) * embedding.scale
    return points[None].astype(np.float32), kinds[None]
