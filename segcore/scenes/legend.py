"""One legend for several views of a picture: classes, and the objects of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from segcore.class_sets import ClassSet
from segcore.render import Colour
from segcore.scenes.colours import class_colours, pattern_of
from segcore.scenes.layers import OTHER_COLOUR, Entry, Layer


@dataclass(frozen=True)
class Cell:
    """What a view says about a row.

    Attributes
    ----------
    count : int
        Objects; 0 where the view does not tell objects apart.
    area : int
        Pixels.
    part : float
        Of the picture, 0 to 1.
    score : float or None
        Of an object's row.
    colour : Colour or None
        In this view, of an object's row.
    """

    count: int
    area: int
    part: float
    score: float | None = None
    colour: Colour | None = None


@dataclass(frozen=True)
class Row:
    """A class, or one of its objects.

    Attributes
    ----------
    key : str
        Class and number, ``cat 2``, or the class: what addresses name.
    label : str
        The class.
    number : int
        0 for the class as a whole.
    thing : bool
    colour : Colour
        Of the class.
    pattern : int
    cells : dict of str to Cell
        By view; views that know nothing of it are absent.
    """

    key: str
    label: str
    number: int
    thing: bool
    colour: Colour
    pattern: int
    cells: dict[str, Cell]


def legend(layers: Mapping[str, Layer], class_set: ClassSet) -> list[Row]:
    """Return the rows: things first, larger classes before smaller, each with its objects."""
    groups: dict[str, dict[str, list[Entry]]] = {}
    for view, layer in layers.items():
        for entry in layer.entries:
            if entry.area:
                groups.setdefault(entry.label, {}).setdefault(view, []).append(entry)
    sizes = {view: layer.ids.size for view, layer in layers.items()}
    blocks = [_block(label, views, sizes, class_set) for label, views in groups.items()]
    blocks.sort(key=lambda block: (not block[0].thing, -_largest(block[0])))
    return [row for block in blocks for row in block]


def _block(
    label: str, views: dict[str, list[Entry]], sizes: dict[str, int], class_set: ClassSet
) -> list[Row]:
    """Return the row of a class and those of its objects."""
    known = label in class_set.names
    index = class_set.index(label) if known else 0
    thing = known and class_set.classes[index].thing
    colour = class_colours(class_set)[index] if known else OTHER_COLOUR
    pattern = pattern_of(class_set, index) if known else 0
    total: dict[str, Cell] = {}
    objects: dict[int, dict[str, Cell]] = {}
    for view, entries in views.items():
        area = sum(entry.area for entry in entries)
        total[view] = Cell(sum(e.number > 0 for e in entries), area, area / sizes[view])
        for entry in entries:
            if entry.number:
                objects.setdefault(entry.number, {})[view] = Cell(
                    1, entry.area, entry.area / sizes[view], entry.score, entry.colour
                )
    return [
        Row(label, label, 0, thing, colour, pattern, total),
        *(
            Row(f"{label} {number}", label, number, thing, colour, pattern, objects[number])
            for number in sorted(objects)
        ),
    ]


def _largest(row: Row) -> float:
    return max(cell.part for cell in row.cells.values())
