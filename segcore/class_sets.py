"""Class sets: the names that networks and data sets give to pixels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class SceneClass:
    """A class of pixels.

    Attributes
    ----------
    name : str
    thing : bool
        Countable objects (a cat), otherwise stuff (sky); Kirillov et al. 2019, section 1.
    category : int
        Its id in COCO's JSON files.
    """

    name: str
    thing: bool
    category: int


@dataclass(frozen=True)
class ClassSet:
    """Classes in the order of a network's channels.

    Attributes
    ----------
    name : str
    classes : tuple of SceneClass
    """

    name: str
    classes: tuple[SceneClass, ...]

    def __len__(self) -> int:
        return len(self.classes)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names, in order."""
        return tuple(c.name for c in self.classes)

    @cached_property
    def things(self) -> tuple[int, ...]:
        """The indices of the things."""
        return tuple(i for i, c in enumerate(self.classes) if c.thing)

    @cached_property
    def stuff(self) -> tuple[int, ...]:
        """The indices of the stuff."""
        return tuple(i for i, c in enumerate(self.classes) if not c.thing)

    def index(self, name: str) -> int:
        """Return a class's index; a ValueError lists the names there are."""
        if name not in self.names:
            raise ValueError(f"There is no class {name!r}; there are {', '.join(self.names)}.")
        return self.names.index(name)


_THINGS = (
    "person bicycle car motorcycle airplane bus train boat bird cat dog horse sheep cow bottle "
    "cup chair couch"
).split() + ["potted plant", "dining table", "tv"]
_STUFF = "sky building wall ceiling floor road vegetation ground water furniture".split()

SCENES = ClassSet(
    "scenes",
    (
        *(SceneClass(name, True, i) for i, name in enumerate(_THINGS, 1)),
        *(SceneClass(name, False, i) for i, name in enumerate(_STUFF, 101)),
    ),
)
"""21 things and 10 kinds of stuff: the classes of the scene models."""

VOC_NAMES = (
    "background aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse "
    "motorbike person pottedplant sheep sofa train tvmonitor"
).split()
"""Pascal VOC 2012's classes, index 0 to 20."""

_TO_VOC = {
    "airplane": "aeroplane",
    "motorcycle": "motorbike",
    "couch": "sofa",
    "potted plant": "pottedplant",
    "dining table": "diningtable",
    "tv": "tvmonitor",
}


def voc_index(name: str) -> int:
    """Return VOC's index of a scene class, 0 (background) for one that VOC has not.

    Examples
    --------
    >>> voc_index("couch"), voc_index("cat"), voc_index("sky")
    (18, 8, 0)
    """
    name = _TO_VOC.get(name, name)
    return VOC_NAMES.index(name) if name in VOC_NAMES else 0


_COCO_STUFF = {
    "sky": "sky-other-merged",
    "building": "building-other-merged house",
    "wall": "wall-brick wall-stone wall-tile wall-wood wall-other-merged",
    "ceiling": "ceiling-merged",
    "floor": "floor-wood floor-other-merged",
    "road": "pavement-merged",
    "vegetation": "tree-merged grass-merged flower",
    "ground": "dirt-merged sand snow gravel",
    "water": "water-other sea river",
    "furniture": "cabinet-merged table-merged shelf counter",
}
_FROM_COCO = {theirs: ours for ours, names in _COCO_STUFF.items() for theirs in names.split()}


def from_coco(name: str) -> int | None:
    """Return the index in `SCENES` of one of COCO's classes; None for one it has not.

    Examples
    --------
    >>> from_coco("cat"), SCENES.names[from_coco("tree-merged")], from_coco("zebra")
    (9, 'vegetation', None)
    """
    name = _FROM_COCO.get(name, name)
    return SCENES.names.index(name) if name in SCENES.names else None


def from_voc(index: int) -> int | None:
    """Return the index in `SCENES` of one of VOC's classes; None for the background.

    Examples
    --------
    >>> SCENES.names[from_voc(18)], from_voc(0)
    ('couch', None)
    """
    found = [i for i in SCENES.things if index and voc_index(SCENES.names[i]) == index]
    return found[0] if found else None
