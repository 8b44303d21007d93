"""Text that visitors bring, shown as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|<>~$:&-])")


def plain(text: str) -> str:
    """Escape a name so that Markdown shows it letter by letter."""
    return MARKDOWN.sub(r"\\\1", text)


def table(columns: Mapping[str, Sequence[str]]) -> str:
    """Return a table as Markdown, which needs no data frame.

    Cells are shown letter by letter, on one line; columns whose cells all begin with a digit
    stand at the right.

    Examples
    --------
    >>> print(table({"Stage": ["Resize", "Network"], "Time": ["2 ms", "84 ms"]}))
    | Stage | Time |
    |:--|--:|
    | Resize | 2 ms |
    | Network | 84 ms |
    """
    numbers = (all(cell[:1].isdigit() for cell in cells) for cells in columns.values())
    rules = "|".join("--:" if number else ":--" for number in numbers)
    rows = [tuple(columns), *zip(*columns.values(), strict=True)]
    head, *lines = (
        "| " + " | ".join(plain(" ".join(c.split())) for c in row) + " |" for row in rows
    )
    return "\n".join((head, f"|{rules}|", *lines))


def duration(seconds: float) -> str:
    """Return a time for people.

    Examples
    --------
    >>> duration(8.2), duration(75), duration(3720)
    ('8 s', '1 min 15 s', '1 h 2 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
