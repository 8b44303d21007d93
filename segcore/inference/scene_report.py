"""The figures of a scene model as lines to read, and rounded for a card."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def lines(figures: dict[str, Any], indent: str = "  ") -> Iterator[str]:
    """Yield a line for each figure; those by class stand under their title."""
    for key, value in figures.items():
        if isinstance(value, dict):
            yield f"{indent}{key}"
            yield from lines(value, indent + "  ")
        else:
            yield f"{indent}{key:<24}{_shown(value):>10}"


def card_figures(value: Any) -> Any:
    """Return figures with five digits; what is undefined stays None.

    Examples
    --------
    >>> card_figures({"images": 2, "iou": {"cat": 0.1234567, "dog": None}})
    {'images': 2, 'iou': {'cat': 0.12346, 'dog': None}}
    """
    if isinstance(value, dict):
        return {key: card_figures(inner) for key, inner in value.items()}
    return round(value, 5) if isinstance(value, float) else value


def _shown(value: float | int | None) -> str:
    if value is None:
        return "undefined"
    return str(value) if isinstance(value, int) else f"{value:.4f}"
