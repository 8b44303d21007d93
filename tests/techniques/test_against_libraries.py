"""Each method gives what the library itself gives on reference pictures."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage import color, feature, filters, graph, segmentation

from segcore import techniques
from segcore.techniques import clustering, mixture, regions
from segcore.techniques.channels import channel, features
from segcore.techniques.samples import bench_samples, prompts_of
from segcore.techniques.thresholding import fitting_window

COINS = bench_samples()["coins"].picture()
STAR = bench_samples()["hue"].picture()
GREY = COINS[..., 0]  # grey pixels come through the channel unchanged


def run(name, picture=COINS, sample="coins", **values):
    prompts = prompts_of(bench_samples()[sample], picture.shape[:2])
    return techniques.run(name, picture, prompts, values).answer


def test_the_grey_channel_of_a_grey_picture_is_itself():
    assert np.array_equal(channel(COINS, "grey"), GREY)


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("otsu", filters.threshold_otsu),
        ("li", filters.threshold_li),
        ("triangle", filters.threshold_triangle),
    ],
)
def test_one_threshold(name, function):
    answer = run(name)
    assert answer.thresholds == (float(function(GREY)),)
    assert np.array_equal(answer.mask, GREY > function(GREY))


def test_manual_threshold():
    assert np.array_equal(run("manual", threshold=133).mask, GREY > 133)
    assert np.array_equal(run("manual", threshold=133, pick="dark").mask, GREY <= 133)


def test_multi_otsu():
    thresholds = filters.threshold_multiotsu(GREY, classes=4)
    answer = run("multi-otsu", classes=4)
    assert answer.thresholds == tuple(map(float, thresholds))
    assert np.array_equal(answer.regions, np.digitize(GREY, thresholds, right=True))


def test_local_thresholds():
    local = filters.threshold_local(GREY, 35, method="mean", offset=4)
    answer = run("local", window=35, weights="mean", offset=4.0)
    assert np.array_equal(answer.mask, GREY > local)


@pytest.mark.parametrize("size", [(40, 61), (9, 30), (2, 2), (1, 1)])
@pytest.mark.parametrize("window", [3, 7, 31])
def test_the_quick_median_is_the_librarys(size, window):
    grey = np.random.default_rng(window).integers(0, 256, size, np.uint8)
    fitting = fitting_window(window, size)
    local = filters.threshold_local(grey, fitting, method="median", offset=3)
    answer = run("local", np.stack([grey] * 3, -1), window=window, weights="median", offset=3.0)
    assert np.array_equal(answer.regions, grey > local)
    sauvola = filters.threshold_sauvola(GREY, window_size=25, k=0.1, r=128)
    assert np.array_equal(run("sauvola", window=25, k=0.1).mask, GREY > sauvola)


def test_growing_is_flood_from_every_seed():
    expected = np.zeros(GREY.shape, bool)
    for x, y in prompts_of(bench_samples()["coins"], GREY.shape).seeds:
        expected |= segmentation.flood(GREY, (int(y), int(x)), tolerance=20)
    assert np.array_equal(run("growing", tolerance=20, closing=0).mask, expected)


def test_watershed():
    threshold = filters.threshold_otsu(GREY)
    markers = np.select([GREY < threshold - 35, GREY > threshold + 35], [1, 2], 0)
    expected = segmentation.watershed(filters.sobel(GREY), markers)
    assert np.array_equal(run("watershed").mask, expected == 2)


def test_felzenszwalb():
    expected = segmentation.felzenszwalb(STAR, scale=200, sigma=0.5, min_size=30)
    answer = run("felzenszwalb", STAR, "hue", scale=200, sigma=0.5, smallest=30)
    assert np.array_equal(answer.regions, expected)


def test_merging_has_the_librarys_graph():
    pieces = segmentation.slic(STAR, n_segments=60, compactness=20, start_label=0)
    theirs, mine = graph.rag_mean_color(STAR, pieces), regions.adjacency(STAR, pieces)
    assert {frozenset(e) for e in mine.edges} == {frozenset(e) for e in theirs.edges}
    for a, b, data in theirs.edges(data=True):
        assert mine[a][b]["weight"] == pytest.approx(data["weight"])
    expected = graph.cut_threshold(pieces, theirs, 25)
    assert np.array_equal(run("merging", STAR, "hue", pieces=60).regions, expected)


def test_chan_vese():
    expected = segmentation.chan_vese(GREY / 255, mu=0.2, max_num_iter=10)
    answer = run("chan-vese", iterations=10)
    assert np.array_equal(answer.regions, expected)


def test_grab_cut():
    import cv2

    x0, y0, x1, y1 = map(int, prompts_of(bench_samples()["hue"], STAR.shape[:2]).box)
    state, models = np.zeros(STAR.shape[:2], np.uint8), [np.zeros((1, 65)) for _ in "fb"]
    cv2.setRNGSeed(0)
    box = (x0, y0, x1 - x0, y1 - y0)
    cv2.grabCut(STAR[..., ::-1].copy(), state, box, *models, 2, cv2.GC_INIT_WITH_RECT)
    assert np.array_equal(run("grabcut", STAR, "hue", rounds=2).mask, np.isin(state, (1, 3)))


def test_edges():
    def step(answer, title):
        return next(s.picture for s in answer.steps if s.title == title) > 0

    grey = GREY / 255
    for name, operator in (("sobel", filters.sobel), ("scharr", filters.scharr)):
        assert np.array_equal(step(run(name, strength=0.1), "Edges"), operator(grey) > 0.1)
    expected = feature.canny(grey, sigma=2.0, low_threshold=0.05, high_threshold=0.12)
    assert np.array_equal(step(run("canny"), "Edges"), expected)
    response = np.pad(ndimage.gaussian_laplace(grey, 2.0), 1, "symmetric")
    around = np.lib.stride_tricks.sliding_window_view(response, (3, 3))
    low, high = around.min((2, 3)), around.max((2, 3))
    for steep in (0.004, 0.015):
        expected = (low < 0) & (high > 0) & (high - low > steep)
        assert np.array_equal(step(run("log", steep=steep), "Edges"), expected)


def test_slic():
    expected = segmentation.slic(STAR, n_segments=80, compactness=5, start_label=0)
    answer = run("slic", STAR, "hue", pieces=80, compactness=5.0)
    assert np.array_equal(answer.regions, expected)


def test_mean_shift():
    import cv2

    shifted = cv2.pyrMeanShiftFiltering(STAR, 6, 20)
    assert np.array_equal(
        run("mean-shift", STAR, "hue", place=6, colour=20).steps[0].picture, shifted
    )


def test_k_means_is_as_good_as_scikit_learns():
    from sklearn.cluster import KMeans

    rows = color.rgb2lab(STAR).reshape(-1, 3).astype(np.float32)
    assert np.allclose(features(STAR, "lab", 0), rows, atol=1e-4)
    fitted = clustering.sampled(rows)
    theirs = KMeans(3, n_init=3, random_state=0).fit(fitted)
    centres = clustering.k_means(rows, 3)
    mine = ((fitted - centres[clustering.nearest(fitted, centres)]) ** 2).sum()
    assert mine <= 1.01 * theirs.inertia_


def test_the_mixture_is_as_likely_as_scikit_learns():
    from sklearn.mixture import GaussianMixture

    rows = clustering.sampled(features(STAR, "lab", 0)).astype(np.float64)
    start = clustering.k_means(rows.astype(np.float32), 2)
    theirs = GaussianMixture(2, means_init=start, random_state=0, reg_covar=mixture.FLOOR).fit(rows)
    logs = mixture.fit(rows, start).log_densities(rows)
    assert np.logaddexp.reduce(logs, axis=1).mean() == pytest.approx(theirs.score(rows), abs=0.02)
