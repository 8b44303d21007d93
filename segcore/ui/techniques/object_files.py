"""The kept objects as files, at the picture's own size."""

from __future__ import annotations

import streamlit as st

from segcore import images
from segcore.class_sets import ClassSet, SceneClass
from segcore.exporters import labelme, scenes
from segcore.exporters.pictures import file_name, stem, unique_names, zip_files
from segcore.labels import Instances
from segcore.objects import MaskedObject, union
from segcore.prompting.kept import Kept, at_size
from segcore.ui.techniques.ground import Ground
from segcore.ui.techniques.promptable import Encoded

FORMATS = {
    "zip": "All of these in a ZIP",
    "png": "A mask each, PNG in a ZIP",
    "coco": "COCO instances, JSON",
    "labelme": "LabelMe, JSON",
}
MIME = {"zip": "application/zip", "json": "application/json"}


def show(ground: Ground, encoded: Encoded, kept: tuple[Kept, ...]) -> None:
    """Show the format and its download button."""
    chosen = st.selectbox(
        "Format", list(FORMATS), format_func=FORMATS.__getitem__, key="techniques-format"
    )
    suffix = "json" if chosen in ("coco", "labelme") else "zip"
    st.download_button(
        "Download",
        lambda: content(chosen, ground, encoded.size, kept),
        f"{stem(ground.name)}_{'objects' if chosen == 'zip' else chosen}.{suffix}",
        MIME[suffix],
        icon=":material/download:",
        on_click="ignore",
        width="stretch",
        key="techniques-export",
    )


def content(kind: str, ground: Ground, working: tuple[int, int], kept: tuple[Kept, ...]) -> bytes:
    """Return the file of a format.

    Parameters
    ----------
    kind : str
        One of `FORMATS`.
    ground : Ground
        The picture; a sample lies in the ZIP, too, as whoever opens it has no such file.
    working : (height, width)
        At which the objects were pointed out.
    kept : tuple of Kept
    """
    name, size = ground.file, ground.size
    objects = at_size(kept, working, size)
    if kind == "coco":
        return _coco(objects, size, name)
    if kind == "labelme":
        return labelme.encode(objects, size, name)
    masks = _masks(objects, size)
    if kind == "png":
        return zip_files(masks)
    files = [
        ("coco.json", _coco(objects, size, name)),
        ("labelme.json", labelme.encode(objects, size, name)),
    ]
    if ground.sample:
        files.append((name, images.encode_png(ground.sample.picture())))
    return zip_files([*files, *((f"masks/{file}", data) for file, data in masks)])


def _masks(objects: list[MaskedObject], size: tuple[int, int]) -> list[tuple[str, bytes]]:
    names = unique_names(file_name(f"{thing.label}.x", "mask") for thing in objects)
    return [
        (file.replace("/", "_"), images.encode_png(union([thing], size)))
        for file, thing in zip(names, objects, strict=True)
    ]


def _coco(objects: list[MaskedObject], size: tuple[int, int], name: str) -> bytes:
    labels = dict.fromkeys(thing.label for thing in objects)
    classes = tuple(SceneClass(label, True, i) for i, label in enumerate(labels, 1))
    result = Instances(
        size, size, ClassSet("kept", classes), "interactive", "", objects=tuple(objects)
    )
    return scenes.encode("coco", result, name)[0][1]
