"""Objects cut out of pictures and pasted into others, so that they touch and overlap.

Ghiasi et al., "Simple copy-paste is a strong data augmentation method for instance
segmentation", CVPR 2021.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from segcore.class_sets import SCENES
from segcore.datasets.instances import VOID, InstanceScene

LIVING = tuple(SCENES.index(name) for name in ("cat", "dog", "person"))
SINGLE_SOURCES = ("voc-class-gt", "coco-person-gt")  # of one object the outline is hand-made
LEAST_SHARE = 0.01  # of the picture
RARE = 150  # pasted too: classes of which there are fewer cut-outs


@dataclass(frozen=True)
class CutOut:
    """An object to paste.

    Attributes
    ----------
    scene : InstanceScene
        Where it comes from.
    number : int
        Which of its objects, from 1 on.
    window : (slice, slice)
        Its box.
    """

    scene: InstanceScene
    number: int
    window: tuple[slice, slice]


class Bank:
    """The cut-outs of a data set, by class.

    Parameters
    ----------
    scenes : sequence of InstanceScene
    """

    def __init__(self, scenes: Sequence[InstanceScene]):
        self.by_class: dict[int, list[CutOut]] = {}
        for scene in scenes:
            for cut_out in _cut_outs(scene):
                self.by_class.setdefault(scene.classes[cut_out.number - 1], []).append(cut_out)
        living = [c for c in LIVING if c in self.by_class]
        rare = [c for c, cuts in self.by_class.items() if len(cuts) < RARE and c not in LIVING]
        self._groups = [group for group in (living, sorted(rare)) if group]

    def draw(self, rng: np.random.Generator) -> tuple[int, CutOut] | None:
        """Return a class and an object of it: two of three times a cat, dog or person."""
        if not self._groups:
            return None
        group = self._groups[int(rng.random() > 2 / 3) if len(self._groups) > 1 else 0]
        chosen = int(rng.choice(group))
        cuts = self.by_class[chosen]
        return chosen, cuts[rng.integers(len(cuts))]


def _cut_outs(scene: InstanceScene) -> list[CutOut]:
    """Return the objects whose outline people drew, large enough and not cut at the sides."""
    if scene.source == "teacher":
        return []
    height, width = scene.ids.shape
    windows = ndimage.find_objects(
        np.where(scene.ids == VOID, 0, scene.ids).astype(np.int32), len(scene.classes)
    )
    found = []
    for number, (window, index) in enumerate(zip(windows, scene.classes, strict=True), 1):
        first = scene.classes.index(index) == number - 1
        alone = scene.classes.count(index) == 1 or (scene.source == "coco-person-gt" and first)
        if window is None or (scene.source in SINGLE_SOURCES and not alone):
            continue
        rows, columns = window
        whole = rows.start > 0 and columns.start > 0 and columns.stop < width
        area = np.count_nonzero(scene.ids[window] == number)
        if whole and area >= LEAST_SHARE * height * width:
            found.append(CutOut(scene, number, window))
    return found


def paste(
    picture: np.ndarray,
    ids: np.ndarray,
    classes: list[int],
    bank: Bank,
    rng: np.random.Generator,
) -> None:
    """Paste one object into a picture, in place; nothing happens if none fits.

    Parameters
    ----------
    picture : (side, side, 3) uint8
    ids : (side, side) uint8
        As in `segcore.datasets.instances.InstanceScene`.
    classes : list of int
        Grows by the new object's.
    bank : Bank
    rng : Generator

    Notes
    -----
    Three of five times it comes beside or before a cat, dog or person of about its size, so
    that the network learns to part what touches.
    """
    drawn = bank.draw(rng)
    if drawn is None or len(classes) >= VOID - 1:
        return
    index, cut_out = drawn
    patch = cut_out.scene.picture[cut_out.window]
    mask = cut_out.scene.ids[cut_out.window] == cut_out.number
    neighbour = _neighbour(ids, classes, rng) if rng.random() < 0.6 else None
    height, top, left, width = _place(ids.shape[0], mask.shape, neighbour, rng)
    if min(height, width) < 8:
        return
    size = (width, height)
    small = Image.fromarray(patch).resize(size, Image.Resampling.BILINEAR, reducing_gap=2)
    alpha = Image.fromarray(mask.astype(np.uint8) * 255).resize(size, Image.Resampling.BILINEAR)
    pixels, cover = np.asarray(small), np.asarray(alpha)
    if rng.random() < 0.5:
        pixels, cover = pixels[:, ::-1], cover[:, ::-1]
    y, x = slice(max(0, top), top + height), slice(max(0, left), left + width)
    target, numbers = picture[y, x], ids[y, x]
    if not target.size:
        return
    start_y, start_x = y.start - top, x.start - left
    part = slice(start_y, start_y + target.shape[0]), slice(start_x, start_x + target.shape[1])
    weight = cover[part].astype(np.uint16)[..., None]
    target[:] = (pixels[part] * weight + target * (255 - weight)) // 255
    classes.append(index)
    numbers[cover[part] >= 128] = len(classes)


def _neighbour(
    ids: np.ndarray, classes: list[int], rng: np.random.Generator
) -> tuple[slice, slice] | None:
    """Return the box of some cat, dog or person."""
    living = [n for n, index in enumerate(classes, 1) if index in LIVING]
    if not living:
        return None
    at = np.nonzero(ids == rng.choice(living))
    if not at[0].size:
        return None
    return tuple(slice(int(a.min()), int(a.max()) + 1) for a in at)  # type: ignore[return-value]


def _place(
    side: int,
    shape: tuple[int, int],
    neighbour: tuple[slice, slice] | None,
    rng: np.random.Generator,
) -> tuple[int, int, int, int]:
    """Return height, top, left and width for an object of the given shape."""
    aspect = shape[1] / shape[0]
    if neighbour is None:
        root = side * np.exp(rng.uniform(np.log(0.15), np.log(0.7)))
        height = root / aspect**0.5
        centre = rng.uniform(0, side, 2)
        top, middle = centre[0] - height / 2, centre[1]
    else:
        rows, columns = neighbour
        height = (rows.stop - rows.start) * rng.uniform(0.7, 1.3)
        height = min(height, side / max(1.0, aspect))
        reach = (columns.stop - columns.start + height * aspect) / 2
        middle = (columns.start + columns.stop) / 2 + rng.choice((-1, 1)) * reach * rng.uniform(
            0.4, 1.0
        )
        top = rows.stop - height + rng.uniform(-0.1, 0.15) * height
    width = height * aspect
    return round(height), round(top), round(middle - width / 2), round(width)
