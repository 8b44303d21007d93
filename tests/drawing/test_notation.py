"""segcore.drawing.notation: JSON files and addresses, there and back and damaged."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segcore.drawing import Box, Brush, Drawing, DrawingError, Mark, Polygon
from segcore.drawing.notation import MAX_BYTES, MAX_CODE, from_code, from_json, to_code, to_json

properties = settings(deadline=None, derandomize=True, max_examples=200)
coordinates = st.floats(-1e6, 1e6)
points = st.tuples(coordinates, coordinates)
outlines = st.lists(points, min_size=3, max_size=6).map(tuple)
boxes = st.builds(Box, coordinates, coordinates, coordinates, coordinates)
polygons = st.builds(Polygon, outlines, st.booleans())
strokes = st.builds(
    Brush, st.lists(points, min_size=1, max_size=5).map(tuple), st.floats(0.01, 1e6)
)
scores = st.integers(0, 100).map(lambda n: n / 100)
marks = st.one_of(
    st.builds(Mark, st.just("target"), boxes | polygons | strokes),
    st.builds(Mark, st.just("prediction"), boxes | polygons | strokes, score=scores),
    st.builds(Mark, st.sampled_from(["target", "prediction"]), strokes, st.just(True)),
)
drawings = st.lists(marks, max_size=5).map(lambda found: Drawing(tuple(found)))


def refused(read, text):
    with pytest.raises(DrawingError) as caught:
        read(text)
    message = str(caught.value)
    assert message.endswith(".") and "\n" not in message and len(message) < 250
    return message


# === There and back ===


@properties
@given(drawings, st.tuples(st.integers(1, 9999), st.integers(1, 9999)))
def test_json_gives_back_the_very_drawing_and_the_address_its_hundredths(drawing, size):
    text = to_json(drawing, size)
    assert from_json(text) == from_json(text.encode()) == (drawing, size)
    head = json.loads(text)
    assert (head["format"], head["version"]) == ("segcore drawing", 1)
    assert (head["height"], head["width"]) == size
    code = to_code(drawing)
    if code is None:
        assert sum(len(mark.shape.outline()) for mark in drawing.marks) > 30
        return
    assert len(code) <= MAX_CODE
    assert from_code(code) == drawing.rounded()
    assert to_code(from_code(code)) == code


def test_a_drawing_by_hand():
    text = """{"format": "segcore drawing", "version": 1, "width": 640, "height": 480, "shapes": [
      {"side": "target", "kind": "box", "box": [4, 2, 1, 3.5]},
      {"side": "target", "kind": "brush", "points": [[1, 2], [3, 4]], "width": 8, "erase": true},
      {"side": "prediction", "kind": "freehand", "points": [[0, 0], [1, 0], [1, 1]], "score": 0.9},
      {"side": "prediction", "kind": "polygon", "points": [[0, 0], [1, 0], [1, 1]]}]}"""
    corners = ((0, 0), (1, 0), (1, 1))
    expected = Drawing(
        (
            Mark("target", Box(1, 2, 4, 3.5)),
            Mark("target", Brush(((1, 2), (3, 4)), 8), erase=True),
            Mark("prediction", Polygon(corners, True), score=0.9),
            Mark("prediction", Polygon(corners)),
        )
    )
    assert from_json(text) == (expected, (480, 640))
    code = "tb1_2_4_3.5~te8_1_2_3_4~pf0_0_1_0_1_1s0.9~pg0_0_1_0_1_1"
    assert to_code(expected) == code and from_code(code) == expected


def test_an_empty_drawing():
    assert from_json(to_json(Drawing(), (1, 1))) == (Drawing(), (1, 1))
    assert to_code(Drawing()) == "" and from_code("") == Drawing()


def test_long_drawings_do_not_fit_an_address():
    line = Brush(tuple((i, i) for i in range(1000)), 3)
    assert to_code(Drawing((Mark("target", line),))) is None
    assert "cut off or too many" in refused(from_code, "tb1_2_3_4~" * 500)


# === Damaged ===

BOX = {"side": "target", "kind": "box", "box": [1, 2, 3, 4]}
HEAD = {"format": "segcore drawing", "version": 1, "width": 6, "height": 4, "shapes": [BOX]}


def changed(**values):
    return json.dumps(HEAD | values)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not JSON"),
        (b"\xff\xfe\x00", "is not JSON"),
        ("{" * 100_000, "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("9" * 10_000, "is not JSON"),
        ("[]", 'lacks "format": "segcore drawing"'),
        ("null", 'lacks "format"'),
        ('{"shapes": []}', 'lacks "format"'),
        ("x" * (MAX_BYTES + 1), "has 4.1 MB; a drawing has up to 4 MB"),
        (changed(width=None), "is damaged"),
        (changed(width=0), "is damaged"),
        (changed(height=-3), "is damaged"),
        (changed(height=math.inf), "is damaged"),
        (changed(shapes=None), "is damaged"),
        (changed(shapes={"a": 1}), "is damaged"),
        (changed(shapes=[None]), "is damaged"),
        (changed(shapes=["box"]), "is damaged"),
        (changed(shapes=[{}]), "is damaged"),
        (changed(shapes=[BOX] * 501), "has 501 shapes; accepted are 500"),
        (changed(shapes=[BOX | {"side": "left"}]), "accepted are ('target', 'prediction')"),
        (changed(shapes=[BOX | {"side": "x" * 9999}]), "accepted are ('target', 'prediction')"),
        (changed(shapes=[BOX | {"side": ["target"]}]), "accepted are ('target', 'prediction')"),
        (changed(shapes=[BOX | {"kind": "star"}]), "of kind 'star'; accepted are box, polygon"),
        (changed(shapes=[BOX | {"kind": ["box"]}]), "accepted are box, polygon"),
        (changed(shapes=[BOX | {"box": [1, 2, 3]}]), "is damaged"),
        (changed(shapes=[BOX | {"box": None}]), "is damaged"),
        (changed(shapes=[BOX | {"box": [1, 2, 3, math.nan]}]), "accepted are numbers up to"),
        (changed(shapes=[BOX | {"box": [1, 2, 3, 10**400]}]), "is damaged"),
        (changed(shapes=[BOX | {"score": 2}]), "accepted are values from 0 to 1"),
        (changed(shapes=[BOX | {"score": None}]), "is damaged"),
        (changed(shapes=[BOX | {"erase": True}]), "Only a brush stroke can erase"),
        (changed(shapes=[BOX | {"kind": "brush", "points": [[1, 1]]}]), "is damaged"),
        (changed(shapes=[BOX | {"kind": "polygon", "points": [[1, 1]]}]), "has 1 points"),
        (changed(shapes=[BOX | {"kind": "polygon", "points": 3}]), "is a list of points"),
        (changed(shapes=[BOX | {"kind": "polygon", "points": [[10**400, 1]] * 3}]), ""),
    ],
)
def test_damaged_json_is_one_sentence(text, message):
    assert message in refused(from_json, text)


@pytest.mark.parametrize(
    "code",
    ["x", "tb", "tb1_2_3", "tb1_2_3_4_5", "tb1_2_3_4s2", "tb1_2_3_4s", "tb1_2_3_.", "tb1__3_4",
     "xb1_2_3_4", "tx1_2_3_4", "tg1_1_2_2", "tg1_1_2_2_3", "tr4", "tr0_1_1", "tr4_1", "tb1_2_3_1e9",
     "tb1_2_3_9999999", "tb١_2_3_4", "tb1_2_3_4 ", "tb1_2_3_4\n", "tbnan_1_2_3", "tb1_2_3_1.1.1",
     "<script>" * 20],
)  # fmt: skip
def test_damaged_addresses_are_one_sentence(code):
    assert "that cannot be read; open the page without it" in refused(from_code, code)
    assert "that cannot be read" in refused(from_code, f"tb1_2_3_4~{code}")


def test_mutated_files_and_addresses_leave_nothing_but_drawing_errors():
    random = np.random.default_rng(0)
    marks = (
        Mark("target", Brush(((1, 2), (3, 4)), 8), erase=True),
        Mark("prediction", Polygon(((0, 0), (1, 0), (1, 1))), score=0.9),
        Mark("target", Box(1, 2, 3, 4)),
    )
    sound = {from_json: to_json(Drawing(marks), (4, 6)), from_code: to_code(Drawing(marks))}
    for read, text in sound.items():
        for _ in range(1500):
            letters = list(text)
            for _ in range(random.integers(1, 5)):
                place = random.integers(len(letters))
                letters[place] = chr(random.integers(32, 127)) if random.random() < 0.7 else ""
            try:
                read("".join(letters)[: random.integers(1, 3 * len(text))])
            except DrawingError as error:
                assert str(error).endswith(".") and len(str(error)) < 250
