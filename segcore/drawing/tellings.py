"""Which of the drawings that a canvas was told its answer goes back to.

A browser that has not heard of a change yet answers with what it showed before. So each
drawing that a canvas is told carries a number, as an object that is never seen: Fabric keeps
nothing else of ours.
"""

from __future__ import annotations

import time
from itertools import count
from typing import Any

_STROKE = "number"  # no colour: no tool draws with it
_numbers = count(int(1000 * time.time()))  # goes on where the last server may have stopped


class Tellings:
    """The drawings that the canvases of one visitor were told."""

    def __init__(self) -> None:
        self._told: list[int] = []

    def tell(self, drawing: dict[str, Any]) -> dict[str, Any]:
        """Return a canvas' `initial_drawing` with the next number."""
        self._told.append(next(_numbers))
        mark = {
            "type": "Rect",
            "stroke": _STROKE,
            "left": self._told[-1],
            "top": 0,
            "width": 0,
            "height": 0,
            "visible": False,
        }
        return {**drawing, "objects": [*drawing["objects"], mark]}

    def late(self, answer: Any) -> bool:
        """Say whether a canvas' `json_data` goes back to another drawing than the last one told.

        An answer without a number, or with one that this visitor's canvases were never told,
        is not late: its browser outlived the server that told it.
        """
        objects = answer.get("objects") if isinstance(answer, dict) else None
        for entry in objects if isinstance(objects, list) else []:
            if isinstance(entry, dict) and entry.get("stroke") == _STROKE:
                return entry.get("left") in self._told[:-1]
        return False
