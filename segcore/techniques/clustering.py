"""Clustering: pixels of similar colour, and place if wished, belong together.

k-means and mean shift are OpenCV's, SLIC is scikit-image's. scikit-learn would cost the
server about 150 MB and two seconds for the mixture alone, so `segcore.techniques.mixture`
fits it; a test holds it to scikit-learn's likelihood.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segcore.techniques import mixture
from segcore.techniques.channels import SPACES, features
from segcore.techniques.foreground import answer, pick_parameter
from segcore.techniques.types import Answer, Choice, Method, Number, Prompts, Step, Values

FAMILY = "Clustering"
PARTS = ("part", "parts")
FITTED = 20_000  # pixels that clusters are fitted to; all are assigned afterwards


def sampled(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return at most `FITTED` of the rows, evenly spread."""
    return np.ascontiguousarray(rows[:: -(-len(rows) // FITTED)])


def k_means(rows: NDArray[np.float32], clusters: int) -> NDArray[np.float32]:
    """Return the centres, (clusters, d), of the best of three seeded k-means++ starts."""
    import cv2

    cv2.setRNGSeed(0)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, 50, 0.05)
    fitted = sampled(rows)
    if len(fitted) == 1:  # OpenCV takes a single row for a column
        return fitted
    clusters = min(clusters, len(fitted))
    labels = np.zeros((len(fitted), 1), np.int32)
    centres = cv2.kmeans(fitted, clusters, labels, stop, 3, cv2.KMEANS_PP_CENTERS)[2]
    return np.asarray(centres, np.float32)


def nearest(rows: NDArray[np.float32], centres: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the number of the centre that is nearest to each row."""
    from scipy.cluster.vq import vq

    return vq(rows, centres)[0].astype(np.int64)


def by_k_means(picture: NDArray[np.uint8], values: Values, prompts: Prompts) -> Answer:
    """Assign each pixel to the nearest of k colours."""
    rows = features(picture, str(values["space"]), float(values["position"]))
    labels = nearest(rows, k_means(rows, int(values["clusters"])))
    return answer(picture, labels.reshape(picture.shape[:2]), values, prompts, PARTS)


def by_mixture(picture: NDArray[np.uint8], values: Values, prompts: Prompts) -> Answer:
    """Assign each pixel to the likeliest of k Gaussians."""
    rows = features(picture, str(values["space"]), float(values["position"]))
    fitted = mixture.fit(sampled(rows), k_means(rows, int(values["clusters"])))
    return answer(picture, fitted.assign(rows).reshape(picture.shape[:2]), values, prompts, PARTS)


def by_mean_shift(picture: NDArray[np.uint8], values: Values, prompts: Prompts) -> Answer:
    """Move each pixel to the mode of its neighbourhood in place and colour, then join."""
    import cv2
    from skimage import segmentation

    radii = float(values["place"]), float(values["colour"])
    shifted = np.asarray(cv2.pyrMeanShiftFiltering(picture, *radii), np.uint8)
    regions = segmentation.felzenszwalb(
        shifted, scale=float(values["join"]) * 20, sigma=0, min_size=40
    )
    first = Step("Every pixel at its mode", shifted)
    return answer(picture, regions, values, prompts, PARTS, (first,))


def by_slic(picture: NDArray[np.uint8], values: Values, prompts: Prompts) -> Answer:
    """k-means in colour and place, kept local: superpixels (Achanta et al. 2012)."""
    from skimage import segmentation

    regions = segmentation.slic(
        picture,
        n_segments=int(values["pieces"]),
        compactness=float(values["compactness"]),
        start_label=0,
    )
    return answer(picture, regions, values, prompts, PARTS)


def methods() -> list[Method]:
    """Return the methods of this family."""
    space = Choice("space", "Colour space", "lab", SPACES, "Where colours are compared.")
    position = Number(
        "position", "Weight of place", 0.0, 0.0, 1.0, 0.05, "0: colour alone decides."
    )
    box = pick_parameter("box")
    clusters = Number("clusters", "Clusters", 4, 2, 10, 1, "How many parts.")
    common = (clusters, space, position, box)
    return [
        Method("k-means", "k-means", FAMILY, "The nearest of k mean colours.", by_k_means, common),
        Method(
            "mixture",
            "Gaussian mixture",
            FAMILY,
            "The likeliest of k Gaussians, each with a spread of its own.",
            by_mixture,
            common,
        ),
        Method(
            "mean-shift",
            "Mean shift",
            FAMILY,
            "Pixels climb to the densest colour near them (Comaniciu and Meer 2002).",
            by_mean_shift,
            (
                Number("place", "Radius, place", 12, 2, 40, 1, "Of the window, in pixels."),
                Number("colour", "Radius, colour", 24, 2, 80, 1, "Of the window, in RGB."),
                Number("join", "Join", 15, 1, 100, 1, "Larger: larger parts."),
                box,
            ),
        ),
        Method(
            "slic",
            "SLIC superpixels",
            FAMILY,
            "Small even pieces; those in the box are the object.",
            by_slic,
            (
                Number("pieces", "Superpixels", 150, 4, 1000, 1, "About how many."),
                Number("compactness", "Compactness", 10.0, 0.1, 100.0, 0.1, "Larger: squarer."),
                box,
            ),
        ),
    ]
