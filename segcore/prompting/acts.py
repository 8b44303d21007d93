"""Acts on one picture, in their order: points, boxes, choices among masks, a mask to begin from.

As text, for addresses and for the keyboard, acts stand one behind the other with spaces between:
``120,80`` adds the object at x = 120, y = 80; ``-200,95`` subtracts what is there;
``20,30,200,180`` is a box x_min, y_min, x_max, y_max; ``=2`` chooses the second of the three
masks; ``from:otsu`` begins from a method's mask. Coordinates are pixels of the picture.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

MOST = 60  # acts on one object; more is a slip or a script
MASKS = 3  # that a model proposes
STEPS = ("undo", "redo", "clear")
_NAME = re.compile(r"from:[\w.:-]{1,80}")


class ActError(ValueError):
    """A text or a message that is no act; the message is one sentence to show to the visitor."""


@dataclass(frozen=True)
class Point:
    """A click, in pixels of the picture; ``adds`` is False where it subtracts."""

    x: float
    y: float
    adds: bool = True

    def __str__(self) -> str:
        return f"{'' if self.adds else '-'}{self.x:.0f},{self.y:.0f}"


@dataclass(frozen=True)
class Frame:
    """A box around the object, in pixels of the picture."""

    x_min: float
    y_min: float
    x_max: float
    y_max: float

    def __str__(self) -> str:
        return f"{self.x_min:.0f},{self.y_min:.0f},{self.x_max:.0f},{self.y_max:.0f}"

    @property
    def corners(self) -> tuple[float, float, float, float]:
        """The box as a tuple."""
        return self.x_min, self.y_min, self.x_max, self.y_max


@dataclass(frozen=True)
class Choose:
    """Take one of the masks that were proposed, 0 to `MASKS` - 1."""

    index: int

    def __str__(self) -> str:
        return f"={self.index + 1}"


@dataclass(frozen=True)
class From:
    """Begin from the mask that a method of the bench finds."""

    method: str

    def __str__(self) -> str:
        return f"from:{self.method}"


Act = Point | Frame | Choose | From
Acts = tuple[Act, ...]


def to_text(acts: Acts) -> str:
    """Return acts as text.

    Examples
    --------
    >>> to_text((Point(120, 80), Point(200, 95, adds=False), Choose(1)))
    '120,80 -200,95 =2'
    """
    return " ".join(map(str, acts))


def parse(text: str, size: tuple[int, int]) -> Acts:
    """Return the acts that a text gives.

    Parameters
    ----------
    text : str
    size : (height, width)
        Of the picture; points and boxes are moved into it.

    Raises
    ------
    ActError
        For a word that is no act, or more than `MOST` acts.
    """
    words = text.replace("\u2212", "-").split()
    if len(words) > MOST:
        raise ActError(f"These are {len(words)} prompts; up to {MOST} are taken: leave some out.")
    return tuple(_parsed(word, size) for word in words)


def _parsed(word: str, size: tuple[int, int]) -> Act:
    if _NAME.fullmatch(word):
        return From(word.removeprefix("from:"))
    if re.fullmatch(rf"=[1-{MASKS}]", word):
        return Choose(int(word[1:]) - 1)
    adds = not word.startswith("-")
    try:
        values = [float(value) for value in word.lstrip("+-").split(",")]
        if len(values) == 2:
            return point(values[0], values[1], adds, size)
        if len(values) == 4 and adds:
            x0, y0, x1, y1 = values
            return frame(x0, y0, x1, y1, size)
    except ValueError:
        pass
    raise ActError(
        f"{word[:40]} is no prompt; type points such as 120,80, -200,95 to subtract, or a box "
        "such as 20,30,200,180."
    )


def point(x: float, y: float, adds: bool, size: tuple[int, int]) -> Point:
    """Return a click on a whole pixel inside the picture; a `ValueError` if it is no number."""
    return Point(float(_inside(x, size[1] - 1)), float(_inside(y, size[0] - 1)), adds)


def frame(x0: float, y0: float, x1: float, y1: float, size: tuple[int, int]) -> Frame:
    """Return a box by any two opposite corners, inside the picture and at least a pixel large."""
    xs = sorted(_inside(x + 0.5, size[1]) for x in (x0, x1))
    ys = sorted(_inside(y + 0.5, size[0]) for y in (y0, y1))
    left, top = min(xs[0], size[1] - 1), min(ys[0], size[0] - 1)
    return Frame(float(left), float(top), float(max(xs[1], left + 1)), float(max(ys[1], top + 1)))


def _inside(value: float, most: int) -> int:
    if not abs(value) < 1e9:  # also nan
        raise ValueError(f"The coordinate is {value}; accepted are pixels of the picture.")
    return min(most, max(0, int(value)))


def from_browser(entry: Any, size: tuple[int, int]) -> Act | str:
    """Return the act, or the name of the step, that the browser reports.

    Parameters
    ----------
    entry : dict
        With ``kind``: ``point`` (``x``, ``y``, ``adds``), ``box`` (``corners``), or one of `STEPS`.
    size : (height, width)

    Raises
    ------
    ActError
        For anything else.
    """
    try:
        if entry["kind"] == "point":
            return point(float(entry["x"]), float(entry["y"]), bool(entry["adds"]), size)
        if entry["kind"] == "box":
            x0, y0, x1, y1 = map(float, entry["corners"])
            return frame(x0, y0, x1, y1, size)
        if entry["kind"] in STEPS:
            return str(entry["kind"])
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise ActError("The browser reported no act; click again.") from error
    raise ActError("The browser reported an unknown act; reload the page.")
