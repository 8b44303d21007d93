"""Edges: where the picture changes; closed contours are filled and become regions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segcore.techniques.channels import CHANNEL, channel, stretched
from segcore.techniques.types import Answer, Method, Number, Parameter, Prompts, Step, Values

FAMILY = "Edges"


def sobel(picture: NDArray[np.uint8], values: Values, prompts: Prompts) -> Answer:
    """Sobel's gradient, thresholded."""
    from skimage import filters

    return _gradient(channel(picture, str(values["channel"])), filters.sobel, values)


def scharr(picture: NDArray[np.uint8], values: Values, prompts: Prompts) -> Answer:
    """Scharr's gradient, which is nearer to the same in all directions, thresholded."""
    from skimage import filters

    return _gradient(channel(picture, str(values["channel"])), filters.scharr, values)


def _gradient(grey: NDArray[np.uint8], operator, values: Values) -> Answer:
    strength = operator(grey.astype(np.float64) / 255)
    return _filled(
        grey,
        strength > float(values["strength"]),
        values,
        (Step("Gradient", stretched(strength)),),
    )


def laplacian(picture: NDArray[np.uint8], values: Values, prompts: Prompts) -> Answer:
    """Zero crossings of the Laplacian of Gaussian that are steep enough (Marr, Hildreth 1980)."""
    from scipy import ndimage

    grey = channel(picture, str(values["channel"]))
    response = ndimage.gaussian_laplace(grey.astype(np.float64) / 255, float(values["sigma"]))
    low, high = (f(response, size=(3, 3)) for f in (ndimage.minimum_filter, ndimage.maximum_filter))
    crossing = (low < 0) & (high > 0) & (high - low > float(values["steep"]))
    return _filled(grey, crossing, values, (Step("Laplacian of Gaussian", stretched(response)),))


def canny(picture: NDArray[np.uint8], values: Values, prompts: Prompts) -> Answer:
    """Thin edges, weak ones kept where they hang on strong ones (Canny 1986)."""
    from skimage import feature

    grey = channel(picture, str(values["channel"]))
    low, high = sorted((float(values["low"]), float(values["high"])))
    edges = feature.canny(
        grey / 255, sigma=float(values["sigma"]), low_threshold=low, high_threshold=high
    )
    return _filled(grey, edges, values)


def _filled(
    grey: NDArray[np.uint8],
    edges: NDArray[np.bool_],
    values: Values,
    steps: tuple[Step, ...] = (),
) -> Answer:
    """Close gaps of the edges, fill what they enclose, take away lines and specks."""
    from scipy import ndimage
    from skimage import morphology

    radius = int(values["gap"])
    disk = morphology.disk(radius)
    padded = np.pad(edges, radius)  # dilation at the picture's edge needs room to come back
    closed = ndimage.binary_closing(padded, disk) if radius else padded
    filled = ndimage.binary_fill_holes(closed)
    opened = ndimage.binary_opening(filled, morphology.disk(max(1, radius)))
    inner = (slice(radius, radius + edges.shape[0]), slice(radius, radius + edges.shape[1]))
    mask = morphology.remove_small_objects(opened[inner], max_size=int(values["smallest"]))
    steps = (
        *steps,
        Step("Edges", stretched(edges)),
        Step("Gaps closed", stretched(closed[inner])),
        Step("Filled", stretched(filled[inner])),
    )
    return Answer(mask, steps, mask.astype(np.int64))


def methods() -> list[Method]:
    """Return the methods of this family."""
    strength = Number("strength", "Strength", 0.08, 0.01, 0.5, 0.01, "Gradient that is an edge.")
    sigma = Number("sigma", "Smoothing", 2.0, 0.5, 6.0, 0.25, "Of the Gaussian, in pixels.")
    common: tuple[Parameter, ...] = (
        Number("gap", "Gaps", 3, 0, 12, 1, "Radius of gaps in contours to close, in pixels."),
        Number("smallest", "Specks", 80, 0, 1000, 10, "Regions up to so many pixels go."),
        CHANNEL,
    )
    return [
        Method(
            "sobel", "Sobel", FAMILY, "The slope of the brightness.", sobel, (strength, *common)
        ),
        Method(
            "scharr",
            "Scharr",
            FAMILY,
            "The slope, nearly the same for every direction.",
            scharr,
            (strength, *common),
        ),
        Method(
            "log",
            "Laplacian of Gaussian",
            FAMILY,
            "Where the curvature of the blurred brightness changes its sign.",
            laplacian,
            (
                sigma,
                Number("steep", "Steepness", 0.015, 0.001, 0.1, 0.001, "Least jump at a crossing."),
                *common,
            ),
        ),
        Method(
            "canny",
            "Canny",
            FAMILY,
            "Thin edges that hang together.",
            canny,
            (
                sigma,
                Number("low", "Low", 0.05, 0.0, 0.5, 0.01, "Kept if joined to a strong edge."),
                Number("high", "High", 0.12, 0.0, 0.5, 0.01, "Always an edge."),
                *common,
            ),
        ),
    ]
