"""Which sides the original U-Net takes, and what it makes of them."""

from __future__ import annotations

LEVELS = 4
BORDER = 92  # pixels that each side of the output lacks; Ronneberger et al. 2015, figure 1


def output_side(side: int) -> int:
    """Return the side of the output for an input side, in pixels.

    Raises
    ------
    ValueError
        If a pooling on the way would meet an odd side, or nothing would be left.

    Examples
    --------
    >>> output_side(572)
    388
    """
    size = side
    for _ in range(LEVELS):
        size -= 4
        if size < 2 or size % 2:
            raise ValueError(
                f"An input side of {side} pixels meets a pooling with {size}; the original U-Net "
                "takes sides such as 188, 204, 220, … 572 (188 plus a multiple of 16)."
            )
        size //= 2
    size -= 4
    for _ in range(LEVELS):
        size = 2 * size - 4
    if size < 1:
        raise ValueError(
            f"An input side of {side} pixels leaves no output; the smallest that does is 188."
        )
    return size
