"""Names of runs: what is accepted, and the folder's name that a title gives."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

LONGEST = 80  # characters
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_FORBIDDEN = set('/\\:*?"<>|')


class RunError(RuntimeError):
    """One sentence about a run: what is wrong with it, and what to do."""


def check_name(name: str) -> str:
    r"""Return a name without the spaces around it, if it can be one.

    Accepted on every system: 1 to `LONGEST` printable characters, none of ``/\\:*?"<>|``,
    no dot at either end, none of Windows' device names.

    Raises
    ------
    RunError
        If it is none; the message is one sentence.

    Examples
    --------
    >>> check_name(" Lecture, 32 x 25 ")
    'Lecture, 32 x 25'
    """
    shown = shorten(name)
    name = name.strip(" ")
    if not name:
        raise RunError("The name is empty; give the run a name.")
    if len(name) > LONGEST:
        raise RunError(
            f"The name {shown} has {len(name)} characters; {LONGEST} are accepted at the most."
        )
    if not name.isprintable():
        raise RunError(
            f"The name {shown} holds a line break or another character that cannot be seen; "
            "use letters, digits, spaces, - and _."
        )
    if found := _FORBIDDEN & set(name):
        raise RunError(
            f"The name {shown} holds {' '.join(sorted(found))}; "
            "use letters, digits, spaces, - and _."
        )
    if name.startswith(".") or name.endswith("."):
        raise RunError(f"The name {shown} begins or ends with a dot; leave it out.")
    if _RESERVED.fullmatch(name):
        raise RunError(f"The name {shown} is reserved by Windows; choose another one.")
    return name


def folder_name(title: str) -> str:
    """Return a title in small letters, digits and hyphens.

    Examples
    --------
    >>> folder_name("Größe 64 × 64, Adam")
    'gro-e-64-64-adam'
    """
    marks = unicodedata.combining
    plain = "".join(c for c in unicodedata.normalize("NFKD", title) if not marks(c)).lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-") or "run"
    return f"run-{slug}" if _RESERVED.fullmatch(slug) else slug


def shorten(name: object) -> str:
    """Return something given from outside for a message: quoted, on one line, not long."""
    text = repr(str(name))
    return text if len(text) <= 40 else f"{text[:37]}…'"


def inside(folder: Path, *parts: str) -> Path:
    """Return a path in a folder, none of whose parts is a link or leads out of it.

    Parameters
    ----------
    folder : Path
        Resolved.
    parts : str
        The path's parts below it; the path need not exist.

    Raises
    ------
    RunError
        If it leads elsewhere.
    """
    try:
        path = folder.joinpath(*parts)
        below = path.relative_to(folder).parts
        plain = ".." not in below and "\0" not in str(path)
        fits = below and plain and max(len(os.fsencode(p)) for p in below) < 256
        if fits and not _leads_away(folder, below):
            return path
    except (ValueError, OSError, RuntimeError):  # a NUL, a part too long, links in a circle
        pass
    raise RunError(
        f"{shorten('/'.join(map(str, parts)))} is a link or leads out of {folder.name}; "
        "only files that lie in the folder itself are used."
    )


def _leads_away(folder: Path, below: tuple[str, ...]) -> bool:
    """Say whether a part is a link; on Windows, which has other kinds of links, resolve all."""
    if os.name == "nt":
        return folder.joinpath(*below).resolve() != folder.joinpath(*below)
    path = str(folder)
    for part in below:
        path = f"{path}/{part}"
        if os.path.islink(path):
            return True
    return False
