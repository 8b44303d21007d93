"""Text that visitors bring, shown as it is."""

from __future__ import annotations

import re

MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|<>~$:&-])")


def plain(text: str) -> str:
    """Escape a name so that Markdown shows it letter by letter."""
    return MARKDOWN.sub(r"\\\1", text)
