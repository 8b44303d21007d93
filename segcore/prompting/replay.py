"""From acts to masks: each act in its order, the mask so far as a prompt of the next one."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from segcore.prompting.acts import Act, Acts, Choose, Frame, From, Point

Mask = NDArray[np.bool_]


class Predictor(Protocol):
    """What `segcore.inference.prompt.PromptPredictor` offers, where the words are."""

    embedding: Any

    def set_image(self, picture: NDArray[np.uint8]) -> None:
        """Encode a picture."""

    def predict(
        self,
        point_coords: Any = None,
        point_labels: Any = None,
        box: Any = None,
        mask_input: Any = None,
        multimask_output: bool = True,
    ) -> tuple[Mask, NDArray[np.float32], NDArray[np.float32]]:
        """Return masks, the best first, their predicted IoU and their logits."""

    def mask_input(self, mask: Mask) -> NDArray[np.float32]:
        """Return the logits that stand for a mask."""


@dataclass(frozen=True)
class Reply:
    """What the acts so far lead to.

    Attributes
    ----------
    masks : (n, h, w) bool
        One, or the alternatives.
    scores : (n,) float
        Predicted IoU; nan for a mask that was brought from elsewhere.
    chosen : int
        The mask that counts.
    logits : (n, h', w') float32
        What the next act is given of the chosen mask.
    """

    masks: Mask
    scores: NDArray[np.float32]
    chosen: int
    logits: NDArray[np.float32]

    @property
    def mask(self) -> Mask:
        """The chosen mask, (h, w) bool."""
        return self.masks[self.chosen]

    @property
    def score(self) -> float:
        """The chosen mask's predicted IoU."""
        return float(self.scores[self.chosen])


class Replay:
    """Answers for lists of acts on one picture, each prefix computed once.

    Parameters
    ----------
    predictor : Predictor
        Its picture is set.
    factors : (x, y)
        From the acts' pixels to those of the predictor's picture.
    begin : callable
        Returns the mask (h, w) of a method of the bench, and the logits that stand for it, for
        acts that begin from one.
    state : callable
        Returns what the mask of such a method depends on, beside the picture.
    remembered : int
        How many answers are kept.
    """

    def __init__(
        self,
        predictor: Predictor,
        factors: tuple[float, float],
        begin: Callable[[str], tuple[Mask, NDArray[np.float32]]],
        state: Callable[[str], Hashable] = lambda method: None,
        remembered: int = 24,
    ):
        self._predictor, self._factors = predictor, factors
        self._begin, self._state = begin, state
        self._known: dict[Hashable, Reply] = {}
        self._remembered = remembered

    def reply(self, acts: Acts) -> Reply | None:
        """Return the answer to the acts, None while there is nothing to answer."""
        if not acts:
            return None
        key = (acts, *(self._state(act.method) for act in acts if isinstance(act, From)))
        if key not in self._known:
            answer = self._step(acts[:-1], acts[-1], self.reply(acts[:-1]))
            if answer is None:
                return None
            while len(self._known) >= self._remembered:
                self._known.pop(next(iter(self._known)))
            self._known[key] = answer
        return self._known[key]

    def _step(self, before: Acts, act: Act, so_far: Reply | None) -> Reply | None:
        if isinstance(act, From):
            mask, logits = self._begin(act.method)
            return Reply(mask[None], np.array([np.nan], np.float32), 0, logits[None])
        if isinstance(act, Choose):
            known = so_far is not None and act.index < len(so_far.masks)
            return replace(so_far, chosen=act.index) if so_far and known else so_far
        return self._predict((*before, act), so_far)

    def _predict(self, acts: Acts, so_far: Reply | None) -> Reply:
        x, y = self._factors
        points = [act for act in acts if isinstance(act, Point)]
        frames = [act for act in acts if isinstance(act, Frame)]
        # To the predictor a pixel's number is its middle, to a scale it is its corner.
        coordinates = [((p.x + 0.5) * x - 0.5, (p.y + 0.5) * y - 0.5) for p in points]
        box = np.multiply(frames[-1].corners, (x, y, x, y)).astype(np.float32) if frames else None
        previous = None
        if so_far is not None and not isinstance(acts[-1], Frame):  # a new box asks anew
            previous = so_far.logits[so_far.chosen]
        masks, scores, logits = self._predictor.predict(
            point_coords=np.array(coordinates, np.float32) if points else None,
            point_labels=np.array([p.adds for p in points], np.int64) if points else None,
            box=box,
            mask_input=previous,
        )
        return Reply(masks, scores, 0, logits)
