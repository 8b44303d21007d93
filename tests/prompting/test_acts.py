"""Acts as text and as the browser reports them."""

from __future__ import annotations

import random

import pytest

from segcore.prompting.acts import (
    MOST,
    ActError,
    Choose,
    Frame,
    From,
    Point,
    from_browser,
    parse,
    to_text,
)

SIZE = (100, 200)  # height, width


def test_text_and_back_on_random_acts():
    rng = random.Random(1)
    for _ in range(300):
        kinds = [
            Point(rng.randrange(200), rng.randrange(100), rng.random() < 0.5),
            Frame(*(v := sorted(rng.sample(range(100), 2)))[:1], v[0], v[1], v[1]),
            Choose(rng.randrange(3)),
            From(rng.choice(["otsu", "model:pets", "model:my-own_2.1"])),
        ]
        acts = tuple(rng.choices(kinds, k=rng.randrange(8)))
        assert parse(to_text(acts), SIZE) == acts


@pytest.mark.parametrize(
    ("text", "acts"),
    [
        ("", ()),
        ("  12,8   -3,4 ", (Point(12, 8), Point(3, 4, False))),
        ("+12,8", (Point(12, 8),)),
        ("\u22123,4", (Point(3, 4, False),)),  # a typographic minus
        ("900,900", (Point(199, 99),)),  # beyond the picture
        ("12.9,8.2", (Point(12, 8),)),  # the pixel that holds the place
        ("180,90,20,30", (Frame(20, 30, 180, 90),)),  # corners the other way round
        ("20,30,20,30", (Frame(20, 30, 21, 31),)),  # at least a pixel
        ("500,500,600,600", (Frame(199, 99, 200, 100),)),
    ],
)
def test_what_text_means(text, acts):
    assert parse(text, SIZE) == acts


@pytest.mark.parametrize(
    "text",
    ["12", "1,2,3", "a,b", "-1,2,3,4", "=0", "=4", "from:", "from:a b", "nan,3", "inf,1", "1e12,3"]
    + ["1,2 " * (MOST + 1)],
)
def test_text_that_is_no_act(text):
    with pytest.raises(ActError):
        parse(text, SIZE)


def test_what_the_browser_reports():
    point = {"kind": "point", "x": 199.99, "y": 0.2, "adds": False, "n": 1}
    assert from_browser(point, SIZE) == Point(199, 0, False)
    assert from_browser({"kind": "box", "corners": [10.4, 5.6, 2.5, 1]}, SIZE) == Frame(3, 1, 10, 6)
    assert from_browser({"kind": "undo"}, SIZE) == "undo"


@pytest.mark.parametrize(
    "entry",
    [None, 3, [], {}, {"kind": "sing"}, {"kind": "point"}, {"kind": "box", "corners": [1, 2]}]
    + [{"kind": "point", "x": float("nan"), "y": 1, "adds": True}, {"kind": ["undo"]}],
)
def test_nonsense_from_a_browser_becomes_a_sentence(entry):
    with pytest.raises(ActError):
        from_browser(entry, SIZE)
