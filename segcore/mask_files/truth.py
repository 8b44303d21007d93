"""What people labelled in one picture of a scene, from the files of the field's data sets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segcore.class_sets import VOC_NAMES, from_coco, from_voc
from segcore.datasets.scenes import decode_ids
from segcore.drawing.errors import DrawingError
from segcore.mask_files import coco, png
from segcore.mask_files.errors import MaskFileError
from segcore.mask_files.read import check_bytes, shown
from segcore.scenes.truth import OTHER, TrueSegment, Truth

ACCEPTED = (
    "COCO instances JSON; COCO panoptic JSON with its PNG; or a Pascal VOC class PNG, with its "
    "object PNG or without"
)
File = tuple[str, bytes]


def read(files: Sequence[File], size: tuple[int, int], picture: str = "") -> Truth:
    """Read the truth of one picture from one or two files.

    Parameters
    ----------
    files : sequence of (name, bytes)
    size : (height, width)
        Of the picture; the files must agree.
    picture : str
        The picture's file name: which picture of a JSON of several is meant.

    Returns
    -------
    Truth
        Of the classes `SCENES`, by name. Segments of COCO's panoptic classes that it has
        not are void. Around COCO's objects and on VOC's background the segment is `OTHER`.

    Raises
    ------
    MaskFileError
        For anything that cannot be used; no other exception leaves this function.
    """
    names = " and ".join(shown(name) for name, _ in files) or "No file"
    try:
        return _read(files, size, picture)
    except (MaskFileError, DrawingError) as error:
        raise MaskFileError(f"{names}: {error}") from error
    except Exception as error:  # Pillow raises a dozen kinds; none may reach the visitor
        raise MaskFileError(
            f"{names}: damaged or of another layout; accepted are {ACCEPTED}: check or choose "
            "another."
        ) from error


def _read(files: Sequence[File], size: tuple[int, int], picture: str) -> Truth:
    for _, data in files:
        check_bytes(data, ACCEPTED)
    pngs = [file for file in files if file[1].startswith(b"\x89PNG")]
    texts = [file for file in files if not file[1].startswith(b"\x89PNG")]
    if len(texts) == 1 and len(pngs) < 2:
        content = json.loads(texts[0][1])
        if not isinstance(content, dict) or "categories" not in content:
            raise MaskFileError(
                'the JSON lacks "categories", which name the classes; save annotations, not '
                "results."
            )
        panoptic = any("segments_info" in entry for entry in content["annotations"])
        if panoptic and pngs:
            return _coco_panoptic(content, *pngs[0], size, picture)
        if not panoptic and not pngs:
            return _coco_instances(content, size, picture)
        raise MaskFileError(
            "panoptic JSON needs the PNG of the picture beside it."
            if panoptic
            else "the JSON holds objects and needs no PNG; choose the JSON alone."
        )
    if not texts and len(pngs) in (1, 2):
        return _voc(pngs, size)
    raise MaskFileError(f"these files do not go together; accepted are {ACCEPTED}.")


# === COCO ===


def _coco_panoptic(
    content: dict[str, Any], name: str, data: bytes, size: tuple[int, int], picture: str
) -> Truth:
    ids = decode_ids(np.asarray(png.opened(data, size).convert("RGB")))
    annotations = content["annotations"]
    if len(annotations) > 1:
        stems = {_stem(name), _stem(picture)}
        annotations = [a for a in annotations if _stem(a["file_name"]) in stems]
    if len(annotations) != 1:
        raise MaskFileError(
            f"the JSON is of several pictures and {len(annotations) or 'none'} of them is called "
            f"as the PNG; keep the annotation of one picture only."
        )
    names = coco.category_names(content)
    listed = {int(s["id"]): s for s in annotations[0]["segments_info"]}
    present = set(np.unique(ids).tolist()) - {0}
    segments = []
    for number, segment in listed.items():
        index = from_coco(names[segment["category_id"]])
        if number in present and index is not None:
            segments.append(TrueSegment(number, index, bool(segment.get("iscrowd"))))
    if unlisted := present - listed.keys():
        raise MaskFileError(
            f"the PNG holds segment {min(unlisted)}, which the JSON does not list; choose the two "
            "that belong together."
        )
    known = [segment.id for segment in segments]
    return Truth(np.where(np.isin(ids, known), ids, 0).astype(np.int32), segments)


def _stem(name: object) -> str:
    return str(name).replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]


def _coco_instances(content: dict[str, Any], size: tuple[int, int], picture: str) -> Truth:
    """Paint the objects, smaller ones over larger ones and all over crowds."""
    labelled = [
        (thing, crowd, from_coco(thing.label))
        for thing, crowd in coco.read_labelled(content, size, picture)
    ]
    labelled.sort(key=lambda entry: (not entry[1], -np.count_nonzero(entry[0].patch.mask)))
    ids = np.ones(size, np.int32)
    segments = [TrueSegment(1, OTHER)]
    for number, (thing, crowd, index) in enumerate(labelled, 2):
        if index is not None:
            ids[thing.patch.window][thing.patch.mask] = number
            segments.append(TrueSegment(number, index, crowd))
    told = {from_coco(name) for name in coco.category_names(content).values()} - {None}
    return _present(ids, segments, told)


# === Pascal VOC ===


def _voc(files: Sequence[File], size: tuple[int, int]) -> Truth:
    maps = [_indices(data, size) for _, data in files]
    if len(maps) == 2 and _is_objects(*maps):
        maps.reverse()
    classes, objects = maps[0], maps[1] if len(maps) == 2 else None
    worst = int(classes[classes != png.VOID].max(initial=0))
    if worst >= len(VOC_NAMES):
        raise MaskFileError(
            f"the class PNG holds {worst}, and VOC's classes are 0 to {len(VOC_NAMES) - 1} and "
            f"{png.VOID}; choose the one of SegmentationClass."
        )
    ids = np.where(classes == png.VOID, 0, classes.astype(np.int32) + 1)
    if objects is not None:
        inside = (objects > 0) & (objects < png.VOID) & (classes > 0) & (classes < png.VOID)
        ids[inside] += objects[inside].astype(np.int32) << 8
    segments = []
    for number in np.unique(ids[ids > 0]).tolist():
        index = from_voc((number & 255) - 1)
        alone = number < 256  # nothing tells the objects of the class apart
        segments.append(
            TrueSegment(number, OTHER) if index is None else TrueSegment(number, index, crowd=alone)
        )
    told = {from_voc(i) for i in range(1, len(VOC_NAMES))}
    return _present(ids, segments, told)


def _indices(data: bytes, size: tuple[int, int]) -> NDArray[np.uint8]:
    image = png.opened(data, size)
    if image.mode not in ("P", "L"):
        raise MaskFileError(
            f"the PNG has colours of mode {image.mode}, and VOC's have a palette; choose the "
            "original file."
        )
    return np.array(image)


def _is_objects(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> bool:
    """Say whether the first of two maps is the objects: each of one class of the second."""
    if not _refines(first, second):
        return False
    if not _refines(second, first):
        return True
    highest, other = (m[m < png.VOID].max(initial=0) for m in (first, second))
    return bool(highest < other)  # n objects are 1 to n, their n classes any


def _refines(fine: NDArray[np.uint8], coarse: NDArray[np.uint8]) -> bool:
    """Say whether each value of one map lies on a single value of the other."""
    inside = (fine > 0) & (fine < png.VOID) & (coarse > 0) & (coarse < png.VOID)
    pairs = np.unique(fine[inside].astype(np.int32) << 8 | coarse[inside])
    return len(np.unique(pairs >> 8)) == len(pairs)


def _present(ids: NDArray[np.int32], segments: list[TrueSegment], told: set) -> Truth:
    """Leave out the segments that others cover wholly."""
    present = set(np.unique(ids).tolist())
    return Truth(ids, [s for s in segments if s.id in present], frozenset(told))
