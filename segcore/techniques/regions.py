"""Region-based methods: pixels that belong together grow, flood, merge or bend a contour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segcore.techniques.channels import CHANNEL, channel, coloured, stretched
from segcore.techniques.foreground import answer, pick, pick_parameter
from segcore.techniques.types import Answer, Choice, Method, Number, Prompts, Step, Values

FAMILY = "Region-based"
REGIONS = ("region", "regions")


def grow(picture: NDArray[np.uint8], values: Values, prompts: Prompts) -> Answer:
    """Flood from each seed over neighbours within the tolerance of the seed's value."""
    from skimage import morphology, segmentation

    grey = channel(picture, str(values["channel"]))
    mask = np.zeros(grey.shape, bool)
    for place in prompts.pixels(grey.shape):
        mask |= segmentation.flood(grey, place, tolerance=float(values["tolerance"]))
    radius = int(values["closing"])
    steps = [Step("Channel", grey), Step("Flooded from the seeds", stretched(mask))]
    if radius:
        mask = morphology.closing(mask, morphology.disk(radius))
        steps.append(Step("Gaps closed", stretched(mask)))
    return Answer(mask, tuple(steps), mask.astype(np.int64))


def watershed(picture: NDArray[np.uint8], values: Values, prompts: Prompts) -> Answer:
    """Flood a relief from markers: the gradient, or the distance to the ground."""
    from scipy import ndimage
    from skimage import feature, filters, measure, segmentation

    grey = channel(picture, str(values["channel"]))
    threshold = float(filters.threshold_otsu(grey))
    if values["relief"] == "gradient":
        relief = filters.sobel(grey)
        margin = float(values["margin"])
        markers = np.select([grey < threshold - margin, grey > threshold + margin], [1, 2], 0)
        regions = segmentation.watershed(relief, markers)
        shown = Step("Gradient (Sobel)", stretched(relief))
        mask = pick(regions, grey, str(values["pick"]), prompts)
        return Answer(mask, (shown, Step("Markers", stretched(markers))), regions, grey)
    sides = (grey > threshold).astype(np.int64)
    things = pick(sides, grey, str(values["pick"]), prompts)
    distance = ndimage.distance_transform_edt(things)
    peaks = feature.peak_local_max(
        distance, min_distance=int(values["apart"]), labels=measure.label(things)
    )
    markers = np.zeros(grey.shape, np.int64)
    markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    regions = segmentation.watershed(-distance, markers, mask=things)
    steps = (
        Step("Otsu", stretched(things)),
        Step("Distance to the ground", stretched(distance)),
        Step("Markers: its peaks", stretched(ndimage.grey_dilation(markers > 0, size=(5, 5)))),
        Step("Regions", coloured(regions, picture)),
    )
    return Answer(regions > 0, steps, regions, grey)


def felzenszwalb(picture: NDArray[np.uint8], values: Values, prompts: Prompts) -> Answer:
    """Merge along the cheapest edges of the pixel graph (Felzenszwalb and Huttenlocher 2004)."""
    from skimage import segmentation

    regions = segmentation.felzenszwalb(
        picture,
        scale=float(values["scale"]),
        sigma=float(values["sigma"]),
        min_size=int(values["smallest"]),
    )
    return answer(picture, regions, values, prompts, REGIONS)


def merge(picture: NDArray[np.uint8], values: Values, prompts: Prompts) -> Answer:
    """Merge superpixels whose mean colours are closer than a threshold."""
    from skimage import graph, segmentation

    pieces = segmentation.slic(
        picture, n_segments=int(values["pieces"]), compactness=20, start_label=0
    )
    regions = pieces
    if pieces.max() > 0:
        regions = graph.cut_threshold(pieces, adjacency(picture, pieces), float(values["closer"]))
    first = Step("Superpixels (SLIC)", coloured(pieces, picture))
    return answer(picture, regions, values, prompts, REGIONS, (first,))


def adjacency(picture: NDArray[np.uint8], pieces: NDArray[np.integer]):
    """Return the graph of neighbouring pieces, its weights the distances of their mean colours.

    The same as scikit-image's ``rag_mean_color``, which asks Python about every pixel and
    takes seconds for it.
    """
    from skimage import graph

    count = int(pieces.max()) + 1
    area = np.bincount(pieces.ravel(), minlength=count)
    sums = [np.bincount(pieces.ravel(), c.ravel(), count) for c in np.moveaxis(picture, 2, 0)]
    mean = np.stack(sums, axis=1) / np.maximum(area, 1)[:, None]
    shifts = (
        (pieces[:, :-1], pieces[:, 1:]),
        (pieces[:-1], pieces[1:]),
        (pieces[:-1, :-1], pieces[1:, 1:]),
        (pieces[:-1, 1:], pieces[1:, :-1]),
    )
    pairs = np.concatenate([np.stack([a.ravel(), b.ravel()], axis=1) for a, b in shifts])
    pairs = np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)
    result = graph.RAG()
    result.add_nodes_from((int(piece), {"labels": [int(piece)]}) for piece in np.flatnonzero(area))
    weights = np.linalg.norm(mean[pairs[:, 0]] - mean[pairs[:, 1]], axis=1)
    result.add_weighted_edges_from(
        (int(a), int(b), float(w)) for (a, b), w in zip(pairs, weights, strict=True)
    )
    return result


def chan_vese(picture: NDArray[np.uint8], values: Values, prompts: Prompts) -> Answer:
    """Evolve a contour until inside and outside are each as uniform as can be."""
    from skimage import segmentation

    grey = channel(picture, str(values["channel"]))
    if min(grey.shape) < 2 or grey.min() == grey.max():
        return Answer(np.zeros(grey.shape, bool), (Step("Channel", grey),))
    inside, level, _ = segmentation.chan_vese(
        grey / 255,
        mu=float(values["mu"]),
        max_num_iter=int(values["iterations"]),
        extended_output=True,
    )
    regions = inside.astype(np.int64)
    mask = pick(regions, grey, str(values["pick"]), prompts)
    steps = (Step("Channel", grey), Step("Level set, its zero is the contour", stretched(level)))
    return Answer(mask, steps, regions, grey)


def grab_cut(picture: NDArray[np.uint8], values: Values, prompts: Prompts) -> Answer:
    """Cut the pixel graph between two colour mixtures, begun from a box (Rother et al. 2004)."""
    import cv2

    size = picture.shape[:2]
    rows, columns = prompts.window(size)
    state = np.full(size, cv2.GC_BGD, np.uint8)
    state[rows, columns] = cv2.GC_PR_FGD
    inside = state == cv2.GC_PR_FGD
    step = Step("The box", stretched(inside))
    components = 5  # of each mixture; OpenCV refuses fewer pixels than that
    if min(np.count_nonzero(inside), np.count_nonzero(~inside)) < components:
        return Answer(np.zeros(size, bool), (step,))
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)
    bgr = np.ascontiguousarray(picture[..., ::-1])
    rounds = int(values["rounds"])
    # OpenCV's type stubs know no box that is absent, which the mask stands for here.
    cv2.grabCut(bgr, state, None, *models, rounds, cv2.GC_INIT_WITH_MASK)  # type: ignore[call-overload]
    mask = (state == cv2.GC_FGD) | (state == cv2.GC_PR_FGD)
    return Answer(mask, (step, Step("After the rounds", stretched(mask))), mask.astype(np.int64))


def methods() -> list[Method]:
    """Return the methods of this family."""
    inner, bright = pick_parameter("inner"), pick_parameter("bright")
    relief = Choice(
        "relief",
        "Relief",
        "gradient",
        {"gradient": "Gradient", "distance": "Distance map"},
        "What is flooded; the distance map parts things that touch.",
    )
    return [
        Method(
            "growing",
            "Region growing",
            FAMILY,
            "Floods from the seeds over similar neighbours.",
            grow,
            (
                Number("tolerance", "Tolerance", 30, 0, 120, 1, "Largest difference to the seed."),
                Number("closing", "Closing", 2, 0, 10, 1, "Radius of gaps to close, in pixels."),
                CHANNEL,
            ),
        ),
        Method(
            "watershed",
            "Marker watershed",
            FAMILY,
            "Floods a relief from markers; where waters meet is the border.",
            watershed,
            (
                relief,
                Number("margin", "Margin", 35, 0, 100, 1, "Markers differ so much from Otsu's."),
                Number("apart", "Peaks apart", 12, 1, 60, 1, "Least distance of peaks, pixels."),
                CHANNEL,
                bright,
            ),
        ),
        Method(
            "felzenszwalb",
            "Felzenszwalb",
            FAMILY,
            "Merges along the cheapest edges of the pixel graph.",
            felzenszwalb,
            (
                Number("scale", "Scale", 300, 10, 2000, 10, "Larger: larger regions."),
                Number("sigma", "Smoothing", 0.8, 0.0, 3.0, 0.1, "Gaussian blur beforehand."),
                Number("smallest", "Smallest", 60, 1, 1000, 1, "Pixels of the smallest region."),
                inner,
            ),
        ),
        Method(
            "merging",
            "Region merging",
            FAMILY,
            "Merges neighbouring superpixels of similar mean colour.",
            merge,
            (
                Number("pieces", "Superpixels", 300, 20, 1000, 10, "How many to begin with."),
                Number("closer", "Closer than", 25, 1, 100, 1, "Colour distance that merges, RGB."),
                inner,
            ),
        ),
        Method(
            "chan-vese",
            "Chan–Vese",
            FAMILY,
            "A contour that needs no edges: inside and outside become uniform.",
            chan_vese,
            (
                Number("mu", "Smoothness", 0.2, 0.02, 1.0, 0.02, "Larger: smoother contours."),
                Number("iterations", "Iterations", 60, 5, 200, 5, "At most; each takes time."),
                CHANNEL,
                bright,
            ),
        ),
        Method(
            "grabcut",
            "GrabCut",
            FAMILY,
            "Two colour mixtures and a graph cut, begun from a box.",
            grab_cut,
            (Number("rounds", "Rounds", 4, 1, 10, 1, "Of fitting and cutting."),),
        ),
    ]
