"""What a method is, what it takes and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import floor

import numpy as np
from numpy.typing import NDArray

Value = float | int | str
Values = Mapping[str, Value]


@dataclass(frozen=True)
class Number:
    """A parameter that is a number in ``[low, high]``; whole if `step` is an int."""

    name: str
    title: str
    default: float
    low: float
    high: float
    step: float
    help: str

    def accept(self, text: str) -> Value:
        """Return the value that a text gives; raise `ValueError` for any other text."""
        value = int(text) if isinstance(self.step, int) else float(text)
        if not self.low <= value <= self.high:
            raise ValueError(
                f"{self.name} is {text}; accepted are {self.low:g} to {self.high:g}: move it there."
            )
        return value


@dataclass(frozen=True)
class Choice:
    """A parameter that is one of `options`, a mapping of values to titles."""

    name: str
    title: str
    default: str
    options: Mapping[str, str]
    help: str

    def accept(self, text: str) -> Value:
        """Return the option that a text names; raise `ValueError` for any other text."""
        if text not in self.options:
            raise ValueError(f"{self.name} is {text!r}; accepted are {', '.join(self.options)}.")
        return text


Parameter = Number | Choice


@dataclass(frozen=True)
class Prompts:
    """What a visitor points at, in pixels of the picture that the method gets.

    Attributes
    ----------
    seeds : tuple of (x, y)
        Pixels of the foreground: (120, 80) is the middle of column 120 and row 80.
    box : (x_min, y_min, x_max, y_max)
        Around the foreground: its outer edges.
    """

    seeds: tuple[tuple[float, float], ...]
    box: tuple[float, float, float, float]

    def scaled(self, factor_x: float, factor_y: float) -> Prompts:
        """Return the prompts for a resized picture."""
        x0, y0, x1, y1 = self.box
        return Prompts(
            tuple(((x + 0.5) * factor_x - 0.5, (y + 0.5) * factor_y - 0.5) for x, y in self.seeds),
            (x0 * factor_x, y0 * factor_y, x1 * factor_x, y1 * factor_y),
        )

    def pixels(self, size: tuple[int, int]) -> list[tuple[int, int]]:
        """Return the seeds as (row, column) inside a picture of ``size = (height, width)``."""
        height, width = size
        return [
            (min(height - 1, max(0, floor(y + 0.5))), min(width - 1, max(0, floor(x + 0.5))))
            for x, y in self.seeds
        ]

    def window(self, size: tuple[int, int]) -> tuple[slice, slice]:
        """Return the box as slices of rows and columns, at least one pixel large."""
        x0, y0, x1, y1 = self.box
        top, left = (min(s - 1, max(0, round(v))) for s, v in zip(size, (y0, x0), strict=True))
        bottom, right = (min(s, max(1, round(v))) for s, v in zip(size, (y1, x1), strict=True))
        return slice(top, max(top + 1, bottom)), slice(left, max(left + 1, right))


def middle(size: tuple[int, int]) -> Prompts:
    """Return a seed in the middle and a box that leaves a tenth free on each side."""
    height, width = size
    return Prompts(
        (((width - 1) / 2, (height - 1) / 2),),
        (width * 0.1, height * 0.1, width * 0.9, height * 0.9),
    )


@dataclass(frozen=True)
class Step:
    """An intermediate result: a title and a picture, ``uint8`` (h, w) or (h, w, 3)."""

    title: str
    picture: NDArray[np.uint8]


@dataclass(frozen=True)
class Answer:
    """What a method finds.

    Attributes
    ----------
    mask : (h, w) bool
        The foreground.
    steps : tuple of Step
        What it went through, in order.
    regions : (h, w) integer or None
        The partition of the picture behind the mask, where there is one.
    channel : (h, w) uint8 or None
        What was thresholded, for a histogram.
    thresholds : tuple of float
        On that histogram; empty where each pixel has its own.
    """

    mask: NDArray[np.bool_]
    steps: tuple[Step, ...] = ()
    regions: NDArray[np.integer] | None = None
    channel: NDArray[np.uint8] | None = None
    thresholds: tuple[float, ...] = ()


Function = Callable[[NDArray[np.uint8], Values, Prompts], Answer]


@dataclass(frozen=True)
class Method:
    """A method of the bench.

    Attributes
    ----------
    name, title, family : str
        For addresses; for people; one of `segcore.techniques.FAMILIES`.
    sentence : str
        What it does.
    function : callable
        ``(picture, values, prompts) -> Answer``; the picture is (h, w, 3) uint8.
    parameters : tuple of Parameter
    """

    name: str
    title: str
    family: str
    sentence: str
    function: Function
    parameters: tuple[Parameter, ...] = field(default=())

    def defaults(self) -> dict[str, Value]:
        """Return the parameters' defaults by name."""
        return {parameter.name: parameter.default for parameter in self.parameters}

    def parameter(self, name: str) -> Parameter | None:
        """Return a parameter by its name."""
        return next((p for p in self.parameters if p.name == name), None)
