"""Pascal VOC's XML: boxes whose corners are pixels, counted from 1, both included.

References
----------
Everingham and Winn, VOC2012 Development Kit, section 8.2: the top left pixel is (1, 1).
"""

from __future__ import annotations

from xml.etree import ElementTree

from segcore.mask_files.errors import MaskFileError
from segcore.mask_files.geometry import box_object
from segcore.mask_files.sizes import check_count, check_size
from segcore.objects import MaskedObject


class _Builder(ElementTree.TreeBuilder):
    """Refuses document types, in any encoding: their entities can grow without bound."""

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        """Called by the parser before anything the document type defines."""
        raise MaskFileError(
            "the XML has a document type (<!DOCTYPE>), which VOC's files do not; remove it."
        )


def read(data: bytes, size: tuple[int, int]) -> list[MaskedObject]:
    """Read a VOC annotation; a box (1, 1, 2, 2) covers the corners 0 to 2 of both axes."""
    try:
        root = ElementTree.fromstring(data, ElementTree.XMLParser(target=_Builder()))
    except ElementTree.ParseError as error:
        raise MaskFileError(
            f"the XML is damaged ({error}); save it again or choose another."
        ) from error
    if root.tag != "annotation":
        raise MaskFileError(
            f"the XML is a <{root.tag[:40]}>; accepted is Pascal VOC's <annotation>."
        )
    given = root.find("size")
    if given is not None:
        height, width = (int(float(given.findtext(name, "0"))) for name in ("height", "width"))
        if height and width:
            check_size((height, width), size)
    entries = root.findall("object")
    check_count(len(entries))
    objects = [_object(entry, size) for entry in entries]
    return [thing for thing in objects if thing.patch.mask.size]


def _object(entry: ElementTree.Element, size: tuple[int, int]) -> MaskedObject:
    box = entry.find("bndbox")
    if box is None:
        raise MaskFileError("an object has no <bndbox>; save the annotation again.")
    x0, y0, x1, y1 = (float(box.findtext(n, "")) for n in ("xmin", "ymin", "xmax", "ymax"))
    return box_object((x0 - 1, y0 - 1, x1, y1), size, label=entry.findtext("name", ""))
