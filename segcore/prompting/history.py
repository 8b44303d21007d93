"""Undo, redo, start over; and acts that arrive late, twice or never are applied once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from segcore.prompting.acts import MOST, Act, ActError, Acts, From, from_browser

BROWSERS = 8  # mounts of the component whose last number is remembered


@dataclass(frozen=True)
class History:
    """The acts on one object, and what undo and redo lead to.

    Attributes
    ----------
    acts : tuple of Act
    past, future : tuple of tuples of Act
        Earlier states, the latest last; undone ones, the next last.
    """

    acts: Acts = ()
    past: tuple[Acts, ...] = ()
    future: tuple[Acts, ...] = ()

    def to(self, acts: Acts) -> History:
        """Return the history with other acts, which can be undone; the same acts change nothing."""
        if acts == self.acts:
            return self
        return History(acts, (*self.past, self.acts)[-MOST:])

    def add(self, act: Act) -> History:
        """Return the history with one act more; a mask to begin from replaces all.

        Raises
        ------
        ActError
            Beyond `MOST` acts.
        """
        if isinstance(act, From):
            return self.to((act,))
        if len(self.acts) >= MOST:
            raise ActError(f"There are {MOST} prompts, the most there can be; start over.")
        return self.to((*self.acts, act))

    def undo(self) -> History:
        """Return the history one state back, the same at its begin.

        Acts that came from an address have no states before them: they go one by one.
        """
        if self.past:
            return History(self.past[-1], self.past[:-1], (*self.future, self.acts))
        if self.acts:
            return History(self.acts[:-1], (), (*self.future, self.acts))
        return self

    def redo(self) -> History:
        """Return the history one undone state forth, the same if there is none."""
        if not self.future:
            return self
        return History(self.future[-1], (*self.past, self.acts), self.future[:-1])

    def clear(self) -> History:
        """Return the history without acts, which can be undone."""
        return self.to(())

    def step(self, what: Act | str) -> History:
        """Apply what `from_browser` returns."""
        if isinstance(what, str):
            return {"undo": self.undo, "redo": self.redo, "clear": self.clear}[what]()
        return self.add(what)


@dataclass(frozen=True)
class Inbox:
    """Numbers of the last acts that were applied, by the mount of the component they came from.

    A browser numbers its acts 1, 2, 3, … and reports all that are not answered yet, again and
    again; so none is lost, and the numbers tell which are applied already.
    """

    last: Mapping[str, int] = field(default_factory=dict)

    def receive(
        self, message: Any, picture: str, size: tuple[int, int]
    ) -> tuple[Inbox, list[Act | str], str]:
        """Return what is new in a message.

        Parameters
        ----------
        message : dict
            ``who`` (the mount), ``picture`` and ``acts``, each with its number ``n``.
        picture : str
            Acts on another one, which arrive late, are answered but not applied.
        size : (height, width)
            Of the picture.

        Returns
        -------
        inbox : Inbox
            With the new numbers.
        new : list
            Acts and steps to apply, in their order.
        problem : str
            A sentence on the last act that could not be read, empty if all could.
        """
        try:
            who, entries = str(message["who"])[:40], list(message["acts"])[:200]
            numbered = sorted(((int(entry["n"]), entry) for entry in entries), key=lambda e: e[0])
            mine = message.get("picture") == picture
        except (TypeError, ValueError, KeyError, AttributeError, OverflowError):
            return self, [], "The browser sent something unreadable; reload the page."
        before = done = self.last.get(who, 0)
        new: list[Act | str] = []
        problem = ""
        for number, entry in numbered:
            if number <= done:
                continue
            done = number
            if mine:
                try:
                    new.append(from_browser(entry, size))
                except ActError as error:
                    problem = str(error)
        if done == before:
            return self, [], ""
        last = OrderedDict(self.last)
        last[who] = done
        last.move_to_end(who)
        while len(last) > BROWSERS:
            last.popitem(last=False)
        return replace(self, last=last), new, problem
