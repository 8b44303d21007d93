"""Thresholding: brighter or darker than a number, one for all pixels or one for each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from segcore.techniques.channels import CHANNEL, channel, stretched
from segcore.techniques.foreground import pick, pick_parameter
from segcore.techniques.types import Answer, Method, Number, Prompts, Step, Values

FAMILY = "Thresholding"
_PICK = pick_parameter("bright")
_WINDOW = Number(
    "window", "Window", 51, 3, 151, 2, "Side of the square around each pixel, in pixels; odd."
)


def _answer(
    grey: NDArray[np.uint8],
    regions: NDArray[np.integer],
    values: Values,
    prompts: Prompts,
    steps: tuple[Step, ...] = (),
    thresholds: tuple[float, ...] = (),
) -> Answer:
    return Answer(
        pick(regions, grey, str(values["pick"]), prompts),
        (Step("Channel", grey), *steps, Step("Classes", stretched(regions))),
        regions,
        grey,
        thresholds,
    )


def _one(find: Callable[[NDArray[np.uint8], Values], float]):
    """Return the function of a method with one threshold for the whole picture."""

    def function(picture: NDArray[np.uint8], values: Values, prompts: Prompts) -> Answer:
        grey = channel(picture, str(values["channel"]))
        threshold = float(find(grey, values))
        regions = (grey > threshold).astype(np.int64)
        return _answer(grey, regions, values, prompts, thresholds=(threshold,))

    return function


def _each(find: Callable[[NDArray[np.uint8], int, Values], NDArray[np.floating]]):
    """Return the function of a method with a threshold for each pixel."""

    def function(picture: NDArray[np.uint8], values: Values, prompts: Prompts) -> Answer:
        grey = channel(picture, str(values["channel"]))
        surface = find(grey, fitting_window(int(values["window"]), grey.shape), values)
        regions = (grey > surface).astype(np.int64)
        steps = (Step("Threshold of each pixel", stretched(surface)),)
        return _answer(grey, regions, values, prompts, steps)

    return function


def fitting_window(window: int, size: tuple[int, ...]) -> int:
    """Return the largest odd side up to `window` that a picture of this size holds, at least 1."""
    side = min(window, *size)
    return side if side % 2 else max(1, side - 1)


def _otsu(grey: NDArray[np.uint8], values: Values) -> float:
    from skimage import filters

    return filters.threshold_otsu(grey)


def _li(grey: NDArray[np.uint8], values: Values) -> float:
    from skimage import filters

    return filters.threshold_li(grey)


def _triangle(grey: NDArray[np.uint8], values: Values) -> float:
    from skimage import filters

    return filters.threshold_triangle(grey)


def _multi_otsu(picture: NDArray[np.uint8], values: Values, prompts: Prompts) -> Answer:
    from skimage import filters

    grey = channel(picture, str(values["channel"]))
    classes = min(int(values["classes"]), len(np.unique(grey)))
    if classes < 2:
        return _answer(grey, np.zeros(grey.shape, np.int64), values, prompts)
    thresholds = filters.threshold_multiotsu(grey, classes=classes)
    regions = np.digitize(grey, bins=thresholds, right=True)
    return _answer(grey, regions, values, prompts, thresholds=tuple(map(float, thresholds)))


def _local(grey: NDArray[np.uint8], window: int, values: Values) -> NDArray[np.floating]:
    from skimage import filters

    method, offset = str(values["weights"]), float(values["offset"])
    if method == "median":
        return _median(grey, window) - offset
    return filters.threshold_local(grey, window, method=method, offset=offset)


def _median(grey: NDArray[np.uint8], window: int) -> NDArray[np.uint8]:
    """Return scikit-image's median around each pixel, a hundred times as fast."""
    import cv2

    beyond = window // 2
    padded = cv2.copyMakeBorder(grey, *4 * (beyond,), cv2.BORDER_REFLECT)
    median = cv2.medianBlur(padded, window)
    return np.asarray(median[beyond : len(median) - beyond, beyond : median.shape[1] - beyond])


def _sauvola(grey: NDArray[np.uint8], window: int, values: Values) -> NDArray[np.floating]:
    from skimage import filters

    return filters.threshold_sauvola(grey, window_size=window, k=float(values["k"]), r=128)


def methods() -> list[Method]:
    """Return the methods of this family."""
    from segcore.techniques.types import Choice

    manual = Number("threshold", "Threshold", 110, 0, 255, 1, "Pixels above it are one class.")
    classes = Number("classes", "Classes", 3, 2, 4, 1, "How many classes the histogram is cut in.")
    weights = Choice(
        "weights",
        "Average",
        "gaussian",
        {"gaussian": "Gaussian", "mean": "Mean", "median": "Median"},
        "How the pixels of the window are weighed.",
    )
    offset = Number("offset", "Offset", -8.0, -40.0, 40.0, 1.0, "Taken off the window's average.")
    k = Number("k", "k", 0.2, 0.0, 0.8, 0.02, "How far a quiet window's threshold sinks.")
    common = (CHANNEL, _PICK)
    return [
        Method(
            "manual",
            "Manual threshold",
            FAMILY,
            "One number, chosen by hand.",
            _one(lambda grey, values: float(values["threshold"])),
            (manual, *common),
        ),
        Method(
            "otsu",
            "Otsu",
            FAMILY,
            "The number that makes both classes as uniform as can be (Otsu 1979).",
            _one(_otsu),
            common,
        ),
        Method(
            "multi-otsu",
            "Multi-Otsu",
            FAMILY,
            "Otsu with several thresholds (Liao et al. 2001).",
            _multi_otsu,
            (classes, *common),
        ),
        Method(
            "li",
            "Li",
            FAMILY,
            "The number that keeps most of the information: minimum cross-entropy (Li 1993).",
            _one(_li),
            common,
        ),
        Method(
            "triangle",
            "Triangle",
            FAMILY,
            "The farthest point of the histogram from a line over its slope (Zack 1977).",
            _one(_triangle),
            common,
        ),
        Method(
            "local",
            "Local threshold",
            FAMILY,
            "Each pixel against the average around it.",
            _each(_local),
            (_WINDOW, offset, weights, *common),
        ),
        Method(
            "sauvola",
            "Sauvola",
            FAMILY,
            "Local mean and contrast, made for scanned text (Sauvola 2000).",
            _each(_sauvola),
            (_WINDOW, k, *common),
        ),
    ]
