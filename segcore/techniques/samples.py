"""Pictures for the bench, with the truth where a mask can honestly be made.

Three are drawn here, so that their masks are exact; the coins' mask is a watershed's and
Chelsea's outline was drawn by hand, which `truth_note` says. The other sample pictures have
no truth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from segcore.datasets import coins
from segcore.drawing import TARGET, Drawing, Mark
from segcore.drawing.objects import drawn_objects
from segcore.objects import union
from segcore.sample_outlines import sample_outlines
from segcore.sample_pictures import SamplePicture, sample_pictures
from segcore.techniques.types import Prompts, middle

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]
SIZE = (240, 320)  # of the drawn ones
_BOXES = {"kitten": (427, 140, 850, 648), "coffee": (100, 70, 500, 330)}


@dataclass(frozen=True)
class BenchSample:
    """A picture of the bench.

    Attributes
    ----------
    name, title, alt : str
    picture : callable
        Returns (h, w, 3) uint8.
    truth : callable or None
        Returns the (h, w) bool mask.
    truth_note : str
        How the mask was made.
    prompts : Prompts
        Seeds and a box that suit it; None: in the middle.
    photo : SamplePicture or None
        For the credit.
    """

    name: str
    title: str
    alt: str
    picture: Callable[[], Pixels]
    truth: Callable[[], Mask] | None = None
    truth_note: str = ""
    prompts: Prompts | None = None
    photo: SamplePicture | None = None


@cache
def bench_samples() -> dict[str, BenchSample]:
    """Return the samples by name, those with a truth first."""
    drawn = "Drawn by this app, so the mask is exact."
    found = [
        BenchSample(
            "coins",
            "Coins",
            "Twenty-four Greek coins on grey ground",
            lambda: np.repeat(coins.picture()[..., None], 3, axis=2),
            lambda: coins.mask().astype(bool),
            "The truth was itself made by a marker watershed and then looked at: "
            "that method has a head start here.",
            Prompts(_COINS, (8.0, 8.0, 376.0, 292.0)),
        ),
        BenchSample(
            "chelsea",
            sample_pictures()["chelsea"].title,
            sample_pictures()["chelsea"].alt,
            sample_pictures()["chelsea"].picture,
            _chelsea,
            "Outlined by hand for this app, corner by corner; whiskers are left out.",
            Prompts(((200.0, 200.0), (150.0, 100.0), (330.0, 200.0)), (2.0, 2.0, 402.0, 298.0)),
            sample_pictures()["chelsea"],
        ),
        BenchSample(
            "light",
            "Uneven light",
            "Bright discs on ground that gets darker to the right",
            lambda: uneven_light()[0],
            lambda: uneven_light()[1],
            drawn,
            Prompts(_discs_centres(), (20.0, 20.0, 300.0, 220.0)),
        ),
        BenchSample(
            "noise",
            "Noise",
            "Two bright shapes under heavy noise",
            lambda: noise()[0],
            lambda: noise()[1],
            drawn,
            Prompts(((110.0, 120.0), (230.0, 120.0)), (40.0, 50.0, 290.0, 190.0)),
        ),
        BenchSample(
            "hue",
            "Same brightness",
            "An orange star on blue-green ground of the same brightness",
            lambda: same_brightness()[0],
            lambda: same_brightness()[1],
            drawn,
            Prompts(((160.0, 120.0),), (60.0, 20.0, 260.0, 215.0)),
        ),
    ]
    for name, sample in sample_pictures().items():
        if name != "chelsea":
            box = _BOXES.get(name)
            found.append(
                BenchSample(
                    name,
                    sample.title,
                    sample.alt,
                    sample.picture,
                    prompts=Prompts((((box[0] + box[2]) / 2, (box[1] + box[3]) / 2),), box)
                    if box
                    else None,
                    photo=sample,
                )
            )
    return {sample.name: sample for sample in found}


def prompts_of(sample: BenchSample | None, size: tuple[int, int]) -> Prompts:
    """Return a sample's seeds and box, those in the middle of a picture without its own."""
    return sample.prompts if sample and sample.prompts else middle(size)


# === Photographs ===

_COINS = (  # the middle of each coin
    (335.0, 44.0),
    (155.0, 51.0),
    (215.0, 51.0),
    (276.0, 52.0),
    (44.0, 54.0),
    (100.0, 56.0),
    (271.0, 119.0),
    (45.0, 124.0),
    (205.0, 124.0),
    (336.0, 125.0),
    (102.0, 126.0),
    (154.0, 127.0),
    (347.0, 187.0),
    (212.0, 193.0),
    (274.0, 194.0),
    (102.0, 196.0),
    (44.0, 197.0),
    (154.0, 198.0),
    (46.0, 260.0),
    (172.0, 261.0),
    (244.0, 263.0),
    (301.0, 263.0),
    (114.0, 266.0),
    (358.0, 268.0),
)


def _chelsea() -> Mask:
    size = sample_pictures()["chelsea"].picture().shape[:2]
    outline = Drawing((Mark(TARGET, sample_outlines()["chelsea"]),))
    return union(drawn_objects(outline, TARGET, size), size)


# === Drawn ===


def _discs_centres() -> tuple[tuple[float, float], ...]:
    return tuple((float(x), float(y)) for y in (60, 120, 180) for x in range(40, 320, 60))


def uneven_light() -> tuple[Pixels, Mask]:
    """Return discs, each brighter than the ground around it, under light that falls off."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    mask = np.zeros(SIZE, bool)
    for x, y in _discs_centres():
        mask |= (columns - x) ** 2 + (rows - y) ** 2 < 15**2
    light = 1.0 - 0.82 * columns / SIZE[1]
    rng = np.random.default_rng(6)
    grey = np.where(mask, 235, 150) * light + rng.normal(0, 2, SIZE)
    return _rgb(grey), mask


def noise() -> tuple[Pixels, Mask]:
    """Return a disc and a square whose brightness drowns in noise, pixel by pixel."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    mask = (columns - 110) ** 2 + (rows - 120) ** 2 < 50**2
    mask |= (abs(columns - 230) < 42) & (abs(rows - 120) < 42)
    rng = np.random.default_rng(7)
    return _rgb(np.where(mask, 155, 95) + rng.normal(0, 45, SIZE)), mask


def same_brightness() -> tuple[Pixels, Mask]:
    """Return a star that only its colour sets off from the ground."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    x, y = columns - 160.0, rows - 120.0
    angle, radius = np.arctan2(y, x), np.hypot(x, y)
    mask = radius < 62 + 24 * np.cos(5 * angle + np.pi / 2)
    orange, green = np.array([196.0, 110.0, 60.0]), np.array([40.0, 144.0, 150.0])
    weights = np.array([0.2125, 0.7154, 0.0721])  # of scikit-image's grey
    green *= (orange @ weights) / (green @ weights)
    rng = np.random.default_rng(8)
    colours = np.where(mask[..., None], orange, green) + rng.normal(0, 9, (*SIZE, 1))
    return np.rint(colours.clip(0, 255)).astype(np.uint8), mask


def _rgb(grey: NDArray[np.floating]) -> Pixels:
    return np.repeat(np.rint(grey.clip(0, 255)).astype(np.uint8)[..., None], 3, axis=2)
