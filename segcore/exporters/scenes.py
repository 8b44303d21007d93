"""Scenes as files of the field's formats, at the picture's own size.

``coco``: objects as COCO's annotations, and as its results. ``panoptic``: a PNG whose
colours are segment ids, R + 256 G + 65536 B, and its JSON. ``voc``: Pascal VOC's class and
object PNGs with its palette; classes that VOC has not are its background.

References
----------
cocodataset.org, Data format and Results format; Everingham and Winn, VOC2012 Development
Kit, section 5, and its `VOClabelcolormap.m`.
"""

from __future__ import annotations

import io
import json
from pathlib import PureWindowsPath
from typing import Any

import numpy as np
from PIL import Image

from segcore import images
from segcore.class_sets import ClassSet, voc_index
from segcore.exporters import run_lengths
from segcore.exporters.pictures import file_name, stem
from segcore.labels import ClassMap, Instances, Panoptic
from segcore.scenes import views
from segcore.scenes.scaling import scaled

FORMATS = {
    "semantic": ("voc",),
    "instance": ("coco",),
    "panoptic": ("panoptic", "coco", "voc"),
}
"""Formats that hold the results of a task, its own first."""

IMAGE_ID = 1
MAX_OBJECTS = 254  # in a PNG of 8 bits, beside background and void

Files = list[tuple[str, bytes]]
AnyResult = ClassMap | Instances | Panoptic


def encode(kind: str, result: AnyResult, picture_name: str) -> Files:
    """Return (name, content) of the files of a format.

    Parameters
    ----------
    kind : {"coco", "panoptic", "voc"}
    result : ClassMap, Instances or Panoptic
        ``coco`` takes objects, also those of a panoptic result; ``panoptic`` a panoptic
        result; ``voc`` that or a class map, which gives no object PNG.
    picture_name : str
        File name of the picture; names of files begin as it does.

    Raises
    ------
    ValueError
        If there is no such format, or not of such a result.
    """
    known = FORMATS[_task(result)]
    if kind not in known:
        raise ValueError(
            f"There is no format {kind!r} of what {result.model} finds; accepted: "
            f"{', '.join(known)}."
        )
    if isinstance(result, ClassMap):
        return voc_files(result, None, picture_name)
    if isinstance(result, Instances):
        return coco_files(result, picture_name)
    if kind == "coco":
        return coco_files(views.objects(result), picture_name)
    if kind == "voc":
        return voc_files(views.class_map(result), result, picture_name)
    return panoptic_files(result, picture_name)


def _task(result: AnyResult) -> str:
    if isinstance(result, ClassMap):
        return "semantic"
    return "instance" if isinstance(result, Instances) else "panoptic"


# === COCO ===


def coco_files(result: Instances, picture_name: str) -> Files:
    """Return ``STEM_coco.json``, annotations, and ``STEM_coco_results.json``, the same as results.

    The annotations have a score each, which COCO's own have not.
    """
    result = scaled(result, result.size)
    categories = {c.name: c.category for c in result.class_set.classes}
    annotations, results = [], []
    for number, thing in enumerate(result.objects, 1):
        top, left, mask = thing.patch
        entry = {
            "image_id": IMAGE_ID,
            "category_id": categories[thing.label],
            "segmentation": run_lengths.encode(thing.patch, result.size),
            "bbox": [left, top, mask.shape[1], mask.shape[0]],
            "score": float(thing.score),
        }
        results.append(entry)
        area = int(np.count_nonzero(mask))
        annotations.append({"id": number, **entry, "area": area, "iscrowd": 0})
    listed = [c for c in _categories(result.class_set) if c["isthing"]]
    content = {**_about(result, picture_name), "annotations": annotations, "categories": listed}
    return [
        (f"{stem(picture_name)}_coco.json", _json(content)),
        (f"{stem(picture_name)}_coco_results.json", _json(results)),
    ]


def panoptic_files(result: Panoptic, picture_name: str) -> Files:
    """Return ``STEM_panoptic.png`` and ``STEM_panoptic.json``."""
    result = scaled(result, result.size)
    png = file_name(picture_name, "panoptic")
    segments = []
    for segment in result.segments:
        rows, columns = (np.flatnonzero((result.ids == segment.id).any(axis=a)) for a in (1, 0))
        left, top = int(columns[0]), int(rows[0])
        segments.append(
            {
                "id": segment.id,
                "category_id": result.class_set.classes[segment.index].category,
                "area": segment.area,
                "bbox": [left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top],
                "iscrowd": 0,
                "score": float(segment.score),
            }
        )
    content = {
        **_about(result, picture_name),
        "annotations": [{"image_id": IMAGE_ID, "file_name": png, "segments_info": segments}],
        "categories": _categories(result.class_set),
    }
    return [
        (png, images.encode_png(_coloured(result.ids))),
        (png.removesuffix("png") + "json", _json(content)),
    ]


def _coloured(ids: np.ndarray) -> np.ndarray:
    """Return ids as (h, w, 3) uint8: the lowest byte is red."""
    return np.stack([ids >> shift & 255 for shift in (0, 8, 16)], axis=-1).astype(np.uint8)


def _about(result: Instances | Panoptic, picture_name: str) -> dict[str, Any]:
    height, width = result.size
    name = PureWindowsPath(picture_name).name
    return {
        "info": {"description": f"segcore, {result.model}"},
        "images": [{"id": IMAGE_ID, "file_name": name, "height": height, "width": width}],
    }


def _categories(class_set: ClassSet) -> list[dict[str, Any]]:
    return [
        {
            "id": c.category,
            "name": c.name,
            "supercategory": "thing" if c.thing else "stuff",
            "isthing": int(c.thing),
        }
        for c in class_set.classes
    ]


def _json(content: Any) -> bytes:
    return (json.dumps(content, ensure_ascii=False) + "\n").encode()


# === Pascal VOC ===


def voc_files(classes: ClassMap, objects: Panoptic | None, picture_name: str) -> Files:
    """Return ``SegmentationClass/STEM.png`` and, given objects, ``SegmentationObject/STEM.png``.

    Objects are numbered from 1 on; the `MAX_OBJECTS` first ones are written.
    """
    classes = scaled(classes, classes.size)
    table = np.zeros(256, np.uint8)
    names = classes.class_set.names
    table[: len(names)] = [voc_index(name) for name in names]
    png = f"{stem(picture_name)}.png"
    files = [(f"SegmentationClass/{png}", _palette_png(table[classes.classes]))]
    if objects:
        objects = scaled(objects, objects.size)
        kept = [s.id for s in objects.segments if table[s.index]][:MAX_OBJECTS]
        numbers = np.zeros(1 + max((s.id for s in objects.segments), default=0), np.uint8)
        numbers[kept] = np.arange(1, len(kept) + 1)
        files.append((f"SegmentationObject/{png}", _palette_png(numbers[objects.ids])))
    return files


def voc_palette() -> np.ndarray:
    """Return VOC's colours, (256, 3) uint8.

    Examples
    --------
    >>> voc_palette()[[1, 8, 15]].tolist()  # aeroplane, cat, person
    [[128, 0, 0], [64, 0, 0], [192, 128, 128]]
    """
    index = np.arange(256)
    colours = np.zeros((256, 3), np.uint8)
    for bit in range(8):
        for channel in range(3):
            colours[:, channel] |= ((index >> (3 * bit + channel) & 1) << (7 - bit)).astype(
                np.uint8
            )
    return colours


def _palette_png(values: np.ndarray) -> bytes:
    image = Image.fromarray(values)
    image.putpalette(voc_palette().tobytes())
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()
