"""Text that visitors bring, shown as it is."""

from __future__ import annotations

import re

MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|<>~$:&-])")


def plain(text: str) -> str:
    """Escape a name so that Markdown shows it letter by letter."""
    return MARKDOWN.sub(r"\\\1", text)


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
