"""The drawings of a session, one a picture, with what can be undone."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any

import streamlit as st

from segcore.drawing import Drawing, DrawingError
from segcore.drawing.notation import from_code, to_code
from segcore.drawing.tellings import Tellings
from segcore.ui.iou import memory
from segcore.ui.iou.stage import Stage
from segcore.ui.text import plain

_HISTORY = 50
_editions = count()


@dataclass
class Desk:
    """The drawing of one picture.

    Attributes
    ----------
    drawing : Drawing
    undone, done : list of Drawing
        What redo and undo bring back, the latest last.
    version : int
        Counts the changes that did not come from the canvas: it must be told of these.
    edition : int
        Another after each change that was not typed, on any desk: fields of an edition that
        is over must not be read any more.
    told : (str, int) or None
        The canvas and the version it was last told.
    sent : dict or None
        What the canvas was told, unchanged until there is something new to tell.
    tellings : Tellings
        Tells answers to it from those to what the canvas was told before.
    seen : object
        The canvas' last answer that was read.
    problem : str
        What was wrong with the address' shapes; told until something is drawn.
    """

    drawing: Drawing
    done: list[Drawing] = field(default_factory=list)
    undone: list[Drawing] = field(default_factory=list)
    version: int = 0
    edition: int = field(default_factory=_editions.__next__)
    told: tuple[str, int] | None = None
    sent: dict[str, Any] | None = None
    tellings: Tellings = field(default_factory=Tellings)
    seen: Any = None
    problem: str = ""

    def change(self, drawing: Drawing, *, tell: bool = True, typed: bool = False) -> None:
        """Take over a new drawing; `tell` the canvas unless it came from there."""
        if drawing == self.drawing:
            return
        self.done = [*self.done, self.drawing][-_HISTORY:]
        self.undone = []
        self.drawing, self.problem = drawing, ""
        self.version += tell
        if not typed:
            self.edition = next(_editions)

    def undo(self) -> None:
        """Go back one change."""
        if self.done:
            self.undone.append(self.drawing)
            self._show(self.done.pop())

    def redo(self) -> None:
        """Take back the last undo."""
        if self.undone:
            self.done.append(self.drawing)
            self._show(self.undone.pop())

    def _show(self, drawing: Drawing) -> None:
        self.drawing = drawing
        self.version += 1
        self.edition = next(_editions)


def desk_of(stage: Stage) -> Desk:
    """Return a picture's desk: the address's shapes at first, else what was drawn before."""
    desks: dict[str, Desk] = st.session_state.setdefault("iou desks", {})
    code = st.query_params.get("shapes")
    fresh = not desks
    if stage.key not in desks:
        desks[stage.key] = Desk(stage.first_drawing())
    if fresh and code is not None and st.query_params.get("picture", "") in ("", stage.key):
        try:
            desks[stage.key].drawing = from_code(code)
        except DrawingError as error:
            desks[stage.key].problem = str(error)
    if problem := desks[stage.key].problem:
        st.warning(plain(problem), icon=":material/link_off:")
    return desks[stage.key]


def into_address(stage: Stage, desk: Desk) -> bool:
    """Put the drawing into the address; say whether it fits."""
    if not stage.shareable or desk.drawing == stage.first_drawing():
        memory.keep("shapes", None, None)
        return stage.shareable
    code = to_code(desk.drawing)
    memory.keep("shapes", None, code)
    return code is not None
