"""What every reader checks."""

from __future__ import annotations

from segcore.mask_files.errors import MaskFileError


def check_size(given: tuple[int, int], size: tuple[int, int]) -> None:
    """Raise unless a file's (height, width) is the picture's."""
    if tuple(given) != tuple(size):
        raise MaskFileError(
            f"the masks are {given[1]} × {given[0]} pixels, the picture {size[1]} × {size[0]}; "
            "choose the picture they were made for."
        )
