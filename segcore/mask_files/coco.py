"""COCO's JSON: annotations with polygons, run lengths or boxes; results with scores.

References
----------
cocodataset.org, Data format; the compressed run lengths follow `rleFrString` of
pycocotools' ``maskApi.c``: base 48, five bits a character, differences from the run before
last.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from segcore.mask_files.errors import MaskFileError
from segcore.mask_files.geometry import box_object, polygons_patch
from segcore.mask_files.sizes import check_count, check_size
from segcore.objects import MaskedObject, Patch, trimmed


def read(content: Any, size: tuple[int, int], picture: str = "") -> list[MaskedObject]:
    """Read a COCO file that was parsed: a dict with annotations, or a list of results.

    Of a file of several pictures the one called `picture` is taken.
    """
    names: dict[Any, str] = {}
    if isinstance(content, dict):
        if "annotations" not in content:
            raise MaskFileError(
                'the JSON lacks "annotations" (COCO) and "shapes" (LabelMe); choose one of these.'
            )
        names = category_names(content)
        entries = _of_picture(content, size, picture)
    else:
        entries = content
        if len({entry.get("image_id") for entry in entries}) > 1:
            raise MaskFileError(
                "the results are of several pictures; keep those of one picture only."
            )
    check_count(len(entries))
    objects = [_object(entry, size, names) for entry in entries]
    return [thing for thing in objects if thing.patch.mask.size]


def read_labelled(
    content: dict, size: tuple[int, int], picture: str = ""
) -> list[tuple[MaskedObject, bool]]:
    """Read the annotations of one picture, each with whether it is a crowd."""
    names = category_names(content)
    entries = _of_picture(content, size, picture)
    check_count(len(entries))
    objects = [(_object(entry, size, names), bool(entry.get("iscrowd"))) for entry in entries]
    return [(thing, crowd) for thing, crowd in objects if thing.patch.mask.size]


def category_names(content: dict) -> dict[Any, str]:
    """Return the names of a file's categories by id."""
    return {c["id"]: str(c.get("name", "")) for c in content.get("categories", [])}


def _of_picture(content: dict, size: tuple[int, int], picture: str) -> list[dict]:
    pictures = content.get("images", [])
    if len(pictures) > 1:
        pictures = [p for p in pictures if picture and _last(p.get("file_name")) == _last(picture)]
        if len(pictures) != 1:
            raise MaskFileError(
                f"the file is of several pictures and {len(pictures) or 'none'} of them is called "
                f"{picture!r}; keep the annotations of one picture only."
            )
    entries = content["annotations"]
    if not pictures:
        return entries
    if "height" in pictures[0] and "width" in pictures[0]:
        check_size((int(pictures[0]["height"]), int(pictures[0]["width"])), size)
    return [entry for entry in entries if entry.get("image_id") == pictures[0].get("id")]


def _last(path: object) -> str:
    return str(path).replace("\\", "/").rsplit("/", 1)[-1]


def _object(entry: dict, size: tuple[int, int], names: dict[Any, str]) -> MaskedObject:
    score = min(1.0, max(0.0, float(entry.get("score", 1.0))))
    category = entry.get("category_id")
    label = names.get(category) or ("" if category is None else str(category))
    outline = entry.get("segmentation")
    if isinstance(outline, dict):
        return MaskedObject(_decode(outline, size), score, label)
    if outline:
        return MaskedObject(polygons_patch(outline, size), score, label)
    x, y, width, height = (float(value) for value in entry["bbox"])
    return box_object((x, y, x + width, y + height), size, score, label)


def _decode(rle: dict, size: tuple[int, int]) -> Patch:
    """Decode run lengths, column by column, background first."""
    height, width = (int(value) for value in rle["size"])
    check_size((height, width), size)
    given = rle["counts"]
    runs = np.array(given, np.int64) if isinstance(given, list) else _runs(given)
    pixels = height * width
    if ((runs < 0) | (runs > pixels)).any() or runs.sum() != pixels:  # sums of longer may overflow
        raise MaskFileError(
            f"the run lengths do not add up to the {pixels} pixels of the picture; save the masks "
            "again."
        )
    flat = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return trimmed(Patch(0, 0, flat.reshape(width, height).T))


def _runs(text: str | bytes) -> NDArray[np.int64]:
    codes = text.encode("ascii") if isinstance(text, str) else text
    runs: list[int] = []
    value, shift = 0, 0
    for code in codes:
        bits = code - 48
        if not 0 <= bits < 64 or shift > 60:
            raise MaskFileError("run lengths hold a character that COCO's do not; save them again.")
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
        value, shift = 0, 0
    return np.array(runs, np.int64)
