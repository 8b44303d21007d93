"""segcore.drawing.fabric: what the canvas shows is what is measured, moved, scaled or turned."""

import math
from dataclasses import replace

import numpy as np
import pytest
from shapely import LineString, affinity

from segcore.drawing import Box, Brush, Drawing, DrawingError, Mark, Polygon
from segcore.drawing.curves import TOLERANCE
from segcore.drawing.fabric import LINE, STEADY, TOOLS, from_canvas, style, to_canvas, with_score

EMPTY = Drawing()


def shapes(*objects, scale=1.0):
    marks = from_canvas({"objects": list(objects), "version": "7.1.0"}, scale, EMPTY).marks
    return [mark.shape for mark in marks]


def entry(kind, tool="box", side="target", **more):
    """Return an object with Fabric 7's defaults."""
    defaults = {
        "type": kind, "originX": "center", "originY": "center", "left": 0, "top": 0,
        "strokeWidth": LINE, "strokeUniform": False, "scaleX": 1, "scaleY": 1, "angle": 0,
        "flipX": False, "flipY": False, "skewX": 0, "skewY": 0,
        "stroke": style(side, tool).line, "fill": style(side, tool).fill,
    }  # fmt: skip
    return defaults | more


def dragged(x0, y0, width, height, **more):
    """Return what the rectangle tool makes of a drag."""
    place = {"left": x0, "top": y0, "width": width, "height": height}
    return entry("Rect", originX="left", originY="top", strokeUniform=True, **place, **more)


def polygon(points, tool="polygon", **more):
    return entry("Polygon", tool, points=[{"x": x, "y": y} for x, y in points], **more)


def path(points, tool, **more):
    commands = [["L" if i else "M", *map(float, p)] for i, p in enumerate(points)]
    return entry("Path", tool, path=commands, **more)


# === There and back ===


def random_drawing(random):
    marks = []
    for _ in range(random.integers(0, 6)):
        points = np.unique(np.round(random.random((8, 2)) * (300, 200) - 20, 3), axis=0)
        pairs = tuple(map(tuple, points[random.permutation(len(points))].tolist()))
        kind, side = random.integers(5), str(random.choice(["target", "prediction"]))
        shape = (
            Box(*pairs[0], *pairs[1]) if kind == 0
            else Polygon(pairs, kind == 1) if kind < 3
            else Brush(pairs[: random.integers(1, 8)], 1 + random.random() * 20)
        )  # fmt: skip
        erase = bool(kind == 4)
        score = 1.0 if erase or side == "target" else float(random.random())
        marks.append(Mark(side, shape, erase, score))
    return Drawing(tuple(marks))


def apart(one, other):
    """Return the Hausdorff distance of two outlines."""
    lines = [
        LineString([*shape.outline(), shape.outline()[-1]])  # of one point, too
        for shape in (one, other)
    ]
    return lines[0].hausdorff_distance(lines[1])


def test_a_drawing_that_was_not_touched_comes_back_as_it_was():
    random = np.random.default_rng(0)
    for _ in range(300):
        drawing, scale = random_drawing(random), float(random.choice([0.13, 0.5, 1, 1.7, 24]))
        shown = to_canvas(drawing, scale)
        assert from_canvas(shown, scale, drawing) == drawing  # to the last bit
        again = from_canvas(shown, scale, EMPTY)
        for drawn, found in zip(drawing.marks, again.marks, strict=True):
            assert (found.side, found.erase) == (drawn.side, drawn.erase)
            assert apart(found.shape, drawn.shape) <= STEADY / scale + 1e-6


def test_what_is_sent_is_what_a_drag_would_have_made():
    box = Drawing((Mark("prediction", Box(2, 3, 7, 9)),))
    (sent,) = to_canvas(box, 10)["objects"]
    made = dragged(20, 30, 50, 60, side="prediction")
    assert {key: sent[key] for key in sent} == {key: made[key] for key in sent}


# === Boxes ===


def test_a_box_is_what_was_dragged_whatever_the_line_and_the_scale():
    random = np.random.default_rng(1)
    for _ in range(1000):
        x0, y0, width, height = random.random(4) * 300 + 1
        scale = random.random() * 5 + 0.1
        line = random.integers(0, 21)
        (box,) = shapes(dragged(x0, y0, width, height, strokeWidth=line), scale=scale)
        expected = np.array([x0, y0, x0 + width, y0 + height]) / scale
        assert box.bounds() == pytest.approx(expected)


def test_a_resized_box_changes_its_scale_and_keeps_its_corner():
    """The outer corner stays; the line, which does not scale, stays 2 wide."""
    random = np.random.default_rng(2)
    for _ in range(1000):
        x0, y0, width, height, sx, sy = random.random(6) * 50 + 0.1
        (box,) = shapes(dragged(x0, y0, width, height, scaleX=sx, scaleY=sy))
        expected = (x0, y0, x0 + width * sx, y0 + height * sy)
        assert box.bounds() == pytest.approx(expected)


@pytest.mark.parametrize("flip", [{"flipX": True}, {"flipY": True}, {"scaleX": -1}, {"angle": 360}])
def test_a_box_that_lands_on_itself_stays_a_box(flip):
    (box,) = shapes(dragged(10, 20, 30, 40, **flip))
    assert isinstance(box, Box) and box.bounds() == pytest.approx((10, 20, 40, 60))


def test_a_turned_box_is_a_polygon_of_the_same_area():
    (shape,) = shapes(dragged(100, 100, 30, 40, angle=30))
    assert isinstance(shape, Polygon) and not shape.freehand
    x, y = np.array(shape.points).T
    area = abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 2
    assert area == pytest.approx(1200)
    (upright,) = shapes(dragged(100, 100, 30, 40, angle=90))
    x0, y0, x1, y1 = upright.bounds()
    assert isinstance(upright, Box) and (x1 - x0, y1 - y0) == pytest.approx((40, 30))


@pytest.mark.parametrize("extent", [{"width": 0}, {"height": 0}, {"scaleX": 0}])
def test_a_box_without_extent_is_left_out(extent):
    assert shapes(dragged(1, 1, 5, 5) | extent) == []


# === Whatever was done to a shape ===


def placed_by_fabric(points, changes, origin, centre, line):
    """Transform as Fabric draws: skew y, skew x, scale and flip, turn, move; left and top too."""
    points = np.array(points, float)
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    half = np.ptp(points, axis=0) / 2 + (0 if changes["strokeUniform"] else line / 2)

    def draw(coordinates):
        shape = affinity.skew(LineString(coordinates), 0, changes["skewY"], origin=(0, 0))
        shape = affinity.skew(shape, changes["skewX"], 0, origin=(0, 0))
        x, y = (changes[f"scale{a}"] * (-1 if changes[f"flip{a}"] else 1) for a in "XY")
        return affinity.scale(shape, x, y, origin=(0, 0))

    shown = affinity.rotate(draw(points - middle), changes["angle"], origin=(0, 0))
    x0, y0, x1, y1 = draw([(-1, -1) * half, (1, -1) * half, (1, 1) * half, (-1, 1) * half]).bounds
    size = np.array([x1 - x0, y1 - y0]) + (line if changes["strokeUniform"] else 0)
    shift = {"left": -0.5, "top": -0.5, "center": 0, "right": 0.5, "bottom": 0.5}
    corner = LineString([(0, 0), (shift[origin[0]] * size[0], shift[origin[1]] * size[1])])
    corner = np.array(affinity.rotate(corner, changes["angle"], origin=(0, 0)).coords)[1]
    left, top = centre + corner
    place = {"left": left, "top": top, "originX": origin[0], "originY": origin[1]}
    return np.array(shown.coords) + centre, changes | place | {"strokeWidth": line}


def random_changes(random):
    changes = {"scaleX": 1.0, "scaleY": 1.0, "angle": 0.0, "skewX": 0.0, "skewY": 0.0}
    changes |= {"flipX": False, "flipY": False, "strokeUniform": bool(random.integers(2))}
    if random.random() < 0.7:
        changes["scaleX"], changes["scaleY"] = random.random(2) * 3 + 0.1
    if random.random() < 0.7:
        changes["angle"] = random.random() * 360
    if random.random() < 0.4:
        changes["skewX"], changes["skewY"] = random.random(2) * 60 - 30
    changes["flipX"], changes["flipY"] = (bool(v) for v in random.integers(0, 2, 2))
    origin = random.choice(["left", "center", "right"]), random.choice(["top", "center", "bottom"])
    return changes, tuple(map(str, origin))


@pytest.mark.parametrize("tool", ["polygon", "freehand", "brush", "eraser"])
def test_moved_scaled_turned_flipped_and_skewed_shapes(tool):
    random = np.random.default_rng(TOOLS.index(tool))
    for _ in range(500):
        points = random.random((5, 2)) * 90 + 5
        line, scale = float(random.integers(1, 9)), 0.3 + random.random() * 4
        changes, origin = random_changes(random)
        expected, fields = placed_by_fabric(points, changes, origin, random.random(2) * 200, line)
        make = polygon if tool == "polygon" else path
        (shape,) = shapes(make(points, tool, **fields), scale=scale)
        found, expected = LineString(np.array(shape.outline()) * scale), LineString(expected)
        limit = 1e-9 if tool == "polygon" else STEADY + 1e-9
        assert found.hausdorff_distance(expected) <= limit
        if isinstance(shape, Brush):
            stretch = math.sqrt(changes["scaleX"] * changes["scaleY"])
            width = line if changes["strokeUniform"] else line * stretch
            assert shape.width * scale == pytest.approx(width)
        else:
            assert shape.freehand == (tool == "freehand")


def test_a_smoothed_path_is_followed_within_the_tolerance():
    """The free drawing tool sends M, Q, ..., L; its place is the centre of the curve's extent."""
    commands = [["M", 10, 10], ["Q", 60, 10, 60, 60], ["Q", 60, 90, 10, 90], ["L", 10, 50]]
    (shape,) = shapes(entry("Path", "freehand", path=commands, left=35, top=50))
    x, y = np.array(shape.points).T
    assert (x.min(), y.min(), x.max(), y.max()) == pytest.approx((10, 10, 60, 90), abs=STEADY)
    t = np.linspace(0, 1, 1000)[:, None]
    first = (1 - t) ** 2 * (10, 10) + 2 * t * (1 - t) * (60, 10) + t**2 * (60, 60)
    second = (1 - t) ** 2 * (60, 60) + 2 * t * (1 - t) * (60, 90) + t**2 * (10, 90)
    curve = LineString(np.concatenate([first, second, [(10, 50)]]))
    assert LineString(shape.points).hausdorff_distance(curve) <= STEADY + TOLERANCE
    assert len(shape.points) > 8


# === Unknown and damaged ===

SOUND = {
    "box": dragged(1, 2, 30, 40),
    "polygon": polygon([(0, 0), (9, 0), (9, 9)]),
    "brush": path([(0, 0), (9, 0), (9, 9)], "brush"),
}
CUBIC = [["M", 0, 0], ["C", 0, 9, 9, 9, 9, 0], ["L", 4, 4]]


@pytest.mark.parametrize(
    "unknown",
    [
        entry("Line", x1=-5, y1=-5, x2=5, y2=5, width=10, height=10),
        entry("Circle", radius=4),
        entry("Group", objects=[SOUND["box"]]),
        entry("IText", text="hello"),
        entry("Path", "freehand", path=CUBIC),
        SOUND["box"] | {"stroke": "#ff0000"},
        SOUND["box"] | {"stroke": None},
        SOUND["box"] | {"type": "rect"},
        path([(0, 0), (9, 9)], "freehand"),
        path([(0, 0), (9, 9), (4.5, 4.5), (0, 9)], "freehand") | {"path": []},
        polygon([(0, 0), (9, 0), (4, 0)]),
        polygon([(0, 0), (9, 9)]),
        polygon([]),
        None, 3, "Rect", [], {},
    ],
)  # fmt: skip
def test_what_no_tool_draws_is_left_out(unknown):
    assert shapes(unknown, SOUND["box"], unknown) == [Box(1, 2, 31, 42)]


@pytest.mark.parametrize("data", [None, {}, [], "x", {"objects": []}, {"objects": None}])
def test_an_empty_canvas_is_an_empty_drawing(data):
    assert from_canvas(data, 2.0, EMPTY) == EMPTY


BAD = [None, "x", [], {}, math.nan, math.inf, -1e300, 10**400]


@pytest.mark.parametrize("kind", SOUND)
def test_every_lost_or_broken_field(kind):
    for field in SOUND[kind]:
        lost = {key: value for key, value in SOUND[kind].items() if key != field}
        for broken in (lost, *(SOUND[kind] | {field: bad} for bad in BAD)):
            found = shapes(broken, SOUND["box"])
            assert found[-1] == Box(1, 2, 31, 42)
            for shape in found:
                assert np.isfinite(shape.outline()).all()


def test_too_many_shapes_are_said():
    with pytest.raises(DrawingError, match="has 501 shapes .* use fewer"):
        shapes(*[SOUND["box"]] * 501)


# === Scores and colours ===


def test_changed_marks_keep_their_scores_and_new_ones_come_below():
    marks = [Mark("prediction", Box(i, 0, i + 9, 9), score=score)
             for i, score in ((0, 0.33), (20, 0.44))]  # fmt: skip
    before = Drawing((Mark("target", Box(0, 0, 5, 5)), *marks))
    moved = replace(before, marks=(*before.marks[:2], replace(marks[1], shape=Box(25, 0, 34, 9))))
    shown = to_canvas(moved, 3)
    assert [m.score for m in from_canvas(shown, 3, before).marks] == [1, 0.33, 0.44]
    more = to_canvas(before.added(Mark("prediction", Box(40, 0, 50, 9))), 3)
    assert [m.score for m in from_canvas(more, 3, before).marks] == [1, 0.33, 0.44, 0.7]
    fewer = to_canvas(before.removed(1), 3)
    assert [m.score for m in from_canvas(fewer, 3, before).marks] == [1, 0.44]


def test_new_scores_go_down_to_a_tenth_and_only_predictions_have_them():
    earlier = []
    for _ in range(12):
        earlier.append(with_score(Mark("prediction", Box(0, 0, 1, 1)), earlier))
    scores = [mark.score for mark in earlier]
    assert scores == [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.1, 0.1, 0.1]
    for mark in (Mark("target", Box(0, 0, 1, 1)), Mark("prediction", Brush(((0, 0),), 1), True)):
        assert with_score(mark, earlier) is mark


def test_every_tool_of_a_side_has_a_line_of_its_own():
    lines = {style(side, tool).line for side in ("target", "prediction") for tool in TOOLS}
    assert len(lines) == 2 * len(TOOLS)
