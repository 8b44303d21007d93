"""Objects that a visitor keeps: named, coloured, numbered, at the size they were pointed out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import isnan

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from segcore.objects import MaskedObject, Patch, trimmed
from segcore.render import Colour

MOST = 200
LONGEST_NAME = 60
CURRENT: Colour = (0, 158, 115)  # of the object that is being pointed at
PALETTE: tuple[Colour, ...] = (  # Okabe and Ito's without that green, then darker ones
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
    (86, 180, 233),
    (230, 159, 0),
    (240, 228, 66),
    (126, 47, 142),
    (150, 75, 40),
)


@dataclass(frozen=True, eq=False)
class Kept:
    """One object.

    Attributes
    ----------
    number : int
        From 1 on, as it is written on the picture; it stays when others go.
    name : str
    patch : Patch
        Its mask in the picture at working size.
    score : float
        Predicted IoU, 0 to 1; nan where none was predicted.
    prompts : str
        The acts that made it, as text; empty if none did.
    """

    number: int
    name: str
    patch: Patch
    score: float
    prompts: str = ""

    @property
    def title(self) -> str:
        """Its number and its name, unless that is nothing but the number."""
        unnamed = self.name == _unnamed(self.number)
        return self.name if unnamed else f"{self.number} {self.name}"

    @property
    def colour(self) -> Colour:
        """Its colour, by its number."""
        return PALETTE[(self.number - 1) % len(PALETTE)]

    def middle(self) -> tuple[float, float]:
        """Return the (x, y) of the pixel that is deepest inside, where a number is best read."""
        from scipy import ndimage

        mask = self.patch.mask
        step = max(1, max(mask.shape) // 64)
        small = np.pad(mask[::step, ::step], 1)
        depth = ndimage.distance_transform_edt(small)
        row, column = np.unravel_index(int(np.argmax(depth)), small.shape)
        return (
            self.patch.left + (int(column) - 1) * step + 0.5,
            self.patch.top + (int(row) - 1) * step + 0.5,
        )


def keep(
    kept: Sequence[Kept], name: str, mask: NDArray[np.bool_], score: float, prompts: str = ""
) -> tuple[Kept, ...]:
    """Return the objects with one more; an empty mask, or one too many, is not taken."""
    return keep_patch(kept, name, trimmed(Patch(0, 0, mask)), score, prompts)


def keep_patch(
    kept: Sequence[Kept], name: str, patch: Patch, score: float, prompts: str = ""
) -> tuple[Kept, ...]:
    """Return the objects with one more, given as a patch."""
    if not patch.mask.size or len(kept) >= MOST:
        return tuple(kept)
    number = max((thing.number for thing in kept), default=0) + 1
    return (*kept, Kept(number, cleaned(name) or _unnamed(number), patch, float(score), prompts))


def _unnamed(number: int) -> str:
    return f"object {number}"


def rename(kept: Iterable[Kept], number: int, name: str) -> tuple[Kept, ...]:
    """Return the objects with another name for one; an empty name changes nothing."""
    new = cleaned(name)
    return tuple(replace(k, name=new) if new and k.number == number else k for k in kept)


def remove(kept: Iterable[Kept], number: int) -> tuple[Kept, ...]:
    """Return the objects without one; the others keep their numbers and colours."""
    return tuple(thing for thing in kept if thing.number != number)


def cleaned(name: str) -> str:
    """Return a name on one line, of bearable length."""
    printable = "".join(c if c.isprintable() else " " for c in name)
    return " ".join(printable.split())[:LONGEST_NAME]


def at_size(
    kept: Iterable[Kept], working: tuple[int, int], size: tuple[int, int]
) -> list[MaskedObject]:
    """Return the objects at the picture's own size, edges interpolated, labels their names.

    Parameters
    ----------
    kept : iterable of Kept
    working, size : (height, width)
        Of the picture at working size, and its own.
    """
    return [
        MaskedObject(
            thing.patch if working == size else _enlarged(thing.patch, working, size),
            1.0 if isnan(thing.score) else thing.score,
            thing.name,
        )
        for thing in kept
    ]


def _enlarged(patch: Patch, working: tuple[int, int], size: tuple[int, int]) -> Patch:
    """Return a patch at the picture's own size; of the picture, only what it needs is made."""
    mask = np.zeros(working, np.uint8)
    mask[patch.window] = patch.mask * np.uint8(255)
    (top, bottom), (left, right) = (
        (max(0, (begin - 1) * whole // part), min(whole, -(-(end + 1) * whole // part)))
        for begin, end, whole, part in (
            (patch.top, patch.top + patch.mask.shape[0], size[0], working[0]),
            (patch.left, patch.left + patch.mask.shape[1], size[1], working[1]),
        )
    )
    x, y = working[1] / size[1], working[0] / size[0]
    window = Image.fromarray(mask).resize(
        (right - left, bottom - top),
        Image.Resampling.BILINEAR,
        box=(left * x, top * y, right * x, bottom * y),
    )
    return trimmed(Patch(top, left, np.asarray(window) >= 128))
