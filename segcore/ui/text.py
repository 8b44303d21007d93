"""Text that visitors bring, shown as it is."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|<>~$:&-])")
# What looks like an address becomes a link even where the letters are escaped.
JOINED = re.compile(r"@|www(?=\.)|https?:(?=//)", re.IGNORECASE)
WORD_JOINER = "\u2060"  # not seen


def plain(text: str) -> str:
    """Escape a name so that Markdown shows it letter by letter."""
    return MARKDOWN.sub(r"\\\1", JOINED.sub(rf"\g<0>{WORD_JOINER}", text))


def table(columns: Mapping[str, Sequence[str]], right: Collection[str] = ()) -> str:
    """Return a table as Markdown, its cells shown letter by letter, each on one line.

    Parameters
    ----------
    columns : mapping of str to sequence of str
        Cells by the column's title.
    right : collection of str
        Columns that stand at the right, as numbers do.

    Examples
    --------
    >>> print(table({"Stage": ["Resize", "Network"], "Time": ["2 ms", "84 ms"]}, {"Time"}))
    | Stage | Time |
    |:--|--:|
    | Resize | 2 ms |
    | Network | 84 ms |
    """
    rules = "|".join("--:" if title in right else ":--" for title in columns)
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
