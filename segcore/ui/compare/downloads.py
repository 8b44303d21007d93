"""Files to take away, made when they are asked for, at the picture's own size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from segcore import images
from segcore.exporters import scenes
from segcore.exporters.pictures import file_name, zip_files
from segcore.labels import ClassMap, Instances, Panoptic
from segcore.scenes.drawing import draw
from segcore.scenes.layers import Layer

PICTURES = {
    "semantic": "Semantic",
    "instance": "Instance",
    "panoptic": "Panoptic",
    "truth": "Ground truth",
    "errors": "Errors",
}


@dataclass(frozen=True)
class Bundle:
    """What can be written of a picture.

    Attributes
    ----------
    name : str
        The picture's file name.
    read : callable
        Returns the picture, (height, width, 3) uint8.
    semantic, instances, panoptic : ClassMap, Instances, Panoptic
        As the sliders leave them.
    layers : mapping of str to Layer
        The views by key.
    look : str
    names : bool
        How pictures are drawn.
    """

    name: str
    read: Callable[[], np.ndarray]
    semantic: ClassMap
    instances: Instances
    panoptic: Panoptic
    layers: Mapping[str, Layer]
    look: str
    names: bool

    def coco(self) -> scenes.Files:
        """Return the objects as COCO's annotations and results."""
        return scenes.encode("coco", self.instances, self.name)

    def coco_panoptic(self) -> scenes.Files:
        """Return COCO's panoptic PNG and JSON."""
        return scenes.encode("panoptic", self.panoptic, self.name)

    def voc(self) -> scenes.Files:
        """Return VOC's class and object PNGs of the panoptic result."""
        return scenes.encode("voc", self.panoptic, self.name)

    def picture(self, key: str, pixels: np.ndarray | None = None) -> bytes:
        """Return a view as a PNG file, drawn as the page draws it."""
        pixels = self.read() if pixels is None else pixels
        return images.encode_png(draw(pixels, self.layers[key], self.look, self.names))

    def everything(self) -> bytes:
        """Return all of it in one ZIP."""
        return zip_files(self._files())

    def _files(self) -> Iterator[tuple[str, bytes]]:
        pixels = self.read()
        for key in self.layers:
            yield file_name(self.name, key), self.picture(key, pixels)
        for kind, files in (("coco", self.coco), ("panoptic", self.coco_panoptic)):
            yield from ((f"{kind}/{name}", content) for name, content in files())
        yield from ((f"voc/{name}", content) for name, content in self.voc())


def show(bundle: Bundle) -> None:
    """Offer the files."""
    with st.expander("Downloads", icon=":material/download:"):
        st.caption("At the picture's own size, as the sliders and switches above leave it.")
        with st.container(horizontal=True):
            for key in bundle.layers:
                _button(
                    f"{PICTURES[key]} (picture)",
                    partial(bundle.picture, key),
                    file_name(bundle.name, key),
                    "image/png",
                )
        with st.container(horizontal=True):
            _file("COCO instances JSON", bundle.coco, 0, f"{_stem(bundle)}_coco.json")
            _file("COCO panoptic PNG", bundle.coco_panoptic, 0, f"{_stem(bundle)}_panoptic.png")
            _file("COCO panoptic JSON", bundle.coco_panoptic, 1, f"{_stem(bundle)}_panoptic.json")
            _file("VOC classes PNG", bundle.voc, 0, f"{_stem(bundle)}_classes.png")
            _file("VOC objects PNG", bundle.voc, 1, f"{_stem(bundle)}_objects.png")
        _button(
            "Everything (ZIP)",
            bundle.everything,
            f"{_stem(bundle)}_scene.zip",
            "application/zip",
            icon=":material/folder_zip:",
        )


def _stem(bundle: Bundle) -> str:
    return file_name(bundle.name, "").removesuffix("_.png")


def _file(label: str, files: Callable[[], scenes.Files], place: int, name: str) -> None:
    mime = "application/json" if name.endswith("json") else "image/png"
    _button(label, lambda: files()[place][1], name, mime)


def _button(label: str, data: Callable[[], bytes], name: str, mime: str, **options) -> None:
    st.download_button(label, data, name, mime, on_click="ignore", **options)
