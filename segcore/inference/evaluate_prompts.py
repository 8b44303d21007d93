"""How good a promptable model is: IoU after a box and after some clicks, and its times."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segcore.datasets.targets import Targets, TargetSample
from segcore.images import PictureError
from segcore.inference.clicking import next_click
from segcore.inference.prompt import PromptPredictor
from segcore.techniques.regions import grab_cut
from segcore.techniques.types import Prompts

BOX = "box"
SMALLEST = 0.01  # share of the picture that an object must be larger than
GRAB_CUT_ROUNDS = 5
Mask = NDArray[np.bool_]


def parse(text: str) -> list[str]:
    """Return the prompts of ``box,1,3,5``: a box, numbers of clicks.

    Raises
    ------
    ValueError
        If there is anything else.
    """
    prompts = [word.strip() for word in text.split(",")]
    if wrong := [word for word in prompts if word != BOX and not (word.isdigit() and int(word))]:
        raise ValueError(
            f"--prompts has {', '.join(map(repr, wrong))}; accepted are box and numbers of clicks "
            "from 1 on, as in box,1,3,5."
        )
    return prompts


def evaluate(
    predictor: PromptPredictor,
    samples: Sequence[TargetSample],
    prompts: Sequence[str],
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Return the figures of a model on samples.

    Parameters
    ----------
    predictor : PromptPredictor
    samples : sequence of TargetSample
        Damaged ones are left out and listed.
    prompts : sequence of str
        "box" or a number of clicks.
    progress : callable or None
        Called with the number done and the number of all.

    Returns
    -------
    dict
        ``iou``: the mean over the objects for each prompt; ``grabcut``: that of GrabCut from the
        same boxes (null without "box"); ``images`` with at least one object, ``objects``;
        ``ms_encode`` and ``ms_prompt``, medians, from the picture to the embedding and from a
        prompt to the masks at the picture's size; ``damaged``, a sentence for each.

    Notes
    -----
    Objects are those of more than 1 % of the picture. The box is the tightest; the first click
    goes to the object's middle, each next to the middle of the largest error, with the last
    mask as a further prompt.
    """
    figures: dict[str, list[float]] = {prompt: [] for prompt in prompts}
    grab_cuts: list[float] = []
    encode: list[float] = []
    times: list[float] = []
    damaged: list[str] = []
    count = 0
    for i, sample in enumerate(samples, 1):
        try:
            picture, targets = sample.load()
        except PictureError as error:
            damaged.append(str(error))
        else:
            objects = list(wanted(targets))
            if objects:
                count += 1
                began = perf_counter()
                predictor.set_image(picture)
                encode.append(perf_counter() - began)
            for target, void in objects:
                for prompt, value in _ious(predictor, target, void, prompts, times).items():
                    figures[prompt].append(value)
                if BOX in prompts:
                    grab_cuts.append(iou(target, _grab_cut(picture, target), void))
        if progress:
            progress(i, len(samples))
    return {
        "iou": {prompt: _mean(values) for prompt, values in figures.items()},
        "grabcut": _mean(grab_cuts),
        "images": count,
        "objects": len(next(iter(figures.values()))),
        "ms_encode": 1000 * median(encode) if encode else None,
        "ms_prompt": 1000 * median(times) if times else None,
        "damaged": damaged,
    }


def wanted(targets: Targets) -> Iterator[tuple[Mask, Mask]]:
    """Yield the mask of each object that is asked for, and the void pixels."""
    void = targets.ids == 0
    for number in sorted(targets.things):
        target = targets.ids == number
        if np.count_nonzero(target) > SMALLEST * target.size:
            yield target, void


def iou(target: Mask, mask: Mask, void: Mask) -> float:
    """Return the IoU of two masks, one of them not empty, outside of the void."""
    both = np.count_nonzero(target & mask & ~void)
    return both / np.count_nonzero((target | mask) & ~void)


def tight_box(mask: Mask) -> tuple[int, int, int, int]:
    """Return x_min, y_min, x_max, y_max of a mask, the latter one behind the last pixel."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _ious(
    predictor: PromptPredictor,
    target: Mask,
    void: Mask,
    prompts: Sequence[str],
    times: list[float],
) -> dict[str, float]:
    """Return the IoU that each prompt reaches; add the seconds of each prediction to `times`."""

    def predict(**prompt: Any):
        began = perf_counter()
        answer = predictor.predict(**prompt)
        times.append(perf_counter() - began)
        return answer

    found = {}
    if BOX in prompts:
        found[BOX] = iou(target, predict(box=tight_box(target)).masks[0], void)
    points: list[tuple[int, int]] = []
    labels: list[int] = []
    mask, logits = np.zeros_like(target), None
    for number in range(1, 1 + max((int(p) for p in prompts if p != BOX), default=0)):
        click = next_click(target, mask, void)
        if click:  # otherwise the mask is right: it stays
            points.append(click[0])
            labels.append(click[1])
            answer = predict(point_coords=points, point_labels=labels, mask_input=logits)
            mask, logits = answer.masks[0], answer.logits[0]
        if str(number) in prompts:
            found[str(number)] = iou(target, mask, void)
    return found


def _grab_cut(picture: NDArray[np.uint8], target: Mask) -> Mask:
    prompts = Prompts((), tuple(map(float, tight_box(target))))  # type: ignore[arg-type]
    return grab_cut(picture, {"rounds": GRAB_CUT_ROUNDS}, prompts).mask


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
