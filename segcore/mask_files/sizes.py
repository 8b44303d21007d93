"""What every reader checks."""

from __future__ import annotations

from segcore.mask_files.errors import MaskFileError

MAX_OBJECTS = 500


def check_size(given: tuple[int, int], size: tuple[int, int]) -> None:
    """Raise unless a file's (height, width) is the picture's."""
    if tuple(given) != tuple(size):
        raise MaskFileError(
            f"the masks are {_short(given[1])} × {_short(given[0])} pixels, the picture "
            f"{size[1]} × {size[0]}; choose the picture they were made for."
        )


def check_count(count: int) -> None:
    """Raise if there are too many objects; asked before any is rasterised."""
    if count > MAX_OBJECTS:
        raise MaskFileError(
            f"the file holds {count} objects, more than the {MAX_OBJECTS} accepted; keep those of "
            "one picture only."
        )


def _short(number: int) -> str:
    text = str(number)
    return text if len(text) <= 12 else f"{text[:9]}…"
