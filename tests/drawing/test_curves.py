"""segcore.drawing.curves: chords within the tolerance, extents exact."""

import numpy as np
import pytest
import shapely

from segcore.drawing.curves import TOLERANCE, extent, flatten


def quadratic(start, control, end, count=2001):
    t = np.linspace(0, 1, count)[:, None]
    return (1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end


def random_path(random, pieces, spread=30):
    path = [["M", *random.random(2) * spread]]
    curves = []
    for _ in range(pieces):
        start, control, end = np.array(path[-1][-2:]), *(random.random((2, 2)) * spread)
        if random.random() < 0.3:
            path.append(["L", *end])
            curves.append(np.stack([start, end]))
        else:
            path.append(["Q", *control, *end])
            curves.append(quadratic(start, control, end))
    return path, np.concatenate(curves)


@pytest.mark.parametrize("tolerance", [TOLERANCE, 1.0, 0.01])
def test_no_point_of_a_curve_is_further_from_its_chords_than_the_tolerance(tolerance):
    random = np.random.default_rng(0)
    for _ in range(100):
        path, curve = random_path(random, 1)
        points = flatten(path, tolerance)
        chords = shapely.LineString(points)
        assert shapely.distance(chords, shapely.points(curve)).max() <= tolerance + 1e-9
        on_curve = shapely.distance(shapely.LineString(curve), shapely.points(points))
        assert on_curve.max() < 1e-3
        assert points[0] == tuple(path[0][1:]) and points[-1] == pytest.approx(path[-1][-2:])


def test_extents_are_those_of_the_curves():
    random = np.random.default_rng(1)
    for _ in range(400):
        path, curve = random_path(random, 3)
        expected = [*curve.min(axis=0), *curve.max(axis=0)]
        assert extent(path) == pytest.approx(expected, abs=1e-4)
        x0, y0, x1, y1 = extent(path)
        assert (np.array([x0, y0]) <= curve.min(axis=0) + 1e-9).all()
        assert (np.array([x1, y1]) >= curve.max(axis=0) - 1e-9).all()


def test_lines_keep_their_points_and_closing_adds_none():
    path = [["M", 0, 0], ["L", 4, 0], ["l", 4, 4], ["z"]]
    assert flatten(path) == [(0, 0), (4, 0), (4, 4)]
    assert extent(path) == (0, 0, 4, 4)


def test_a_straight_curve_needs_one_chord():
    assert flatten([["M", 0, 0], ["Q", 1, 1, 2, 2]]) == [(0, 0), (2, 2)]


def test_a_curve_that_turns_back_on_itself_keeps_its_reach():
    """From 0 to control 10 and back to 0: the curve reaches 5."""
    path = [["M", 0, 0], ["Q", 10, 0, 0, 0]]
    assert extent(path) == (0, 0, 5, 0)
    assert max(x for x, _ in flatten(path)) == pytest.approx(5, abs=TOLERANCE)


@pytest.mark.parametrize(
    "path",
    [
        [["M", 0, 0], ["C", 1, 1, 2, 2, 3, 3]],
        [["M", 0, 0], ["Q", 1, 1]],
        [["Q", 1, 1, 2, 2]],
        [["M", 0]],
        [["M", 0, 0], ["A", 1, 1, 0, 0, 1, 2, 2]],
        [["M", "x", 0]],
        [[]],
    ],
)
def test_other_commands_are_value_errors(path):
    with pytest.raises(ValueError):
        flatten(path)
