"""One entry for all mask files; what a file is, its content tells."""

from __future__ import annotations

import json

from segcore.drawing.errors import DrawingError
from segcore.mask_files import coco, labelme, png, voc
from segcore.mask_files.errors import MaskFileError
from segcore.objects import MaskedObject

MAX_BYTES = 20 * 2**20
SUFFIXES = ("png", "json", "xml")
ACCEPTED = "PNG (binary or one value an object), COCO JSON, LabelMe JSON or Pascal VOC XML"


def read(data: bytes, name: str, size: tuple[int, int], picture: str = "") -> list[MaskedObject]:
    """Read the objects of one picture from a file.

    Parameters
    ----------
    data : bytes
        The file, at most `MAX_BYTES` long.
    name : str
        Its name, for messages.
    size : (height, width)
        Of the picture that the masks belong to; the file must agree.
    picture : str
        The picture's file name: which picture of a COCO file of several is meant.

    Returns
    -------
    list of MaskedObject
        With scores and classes where the file has them; at most `sizes.MAX_OBJECTS`.

    Raises
    ------
    MaskFileError
        For anything that cannot be used; no other exception leaves this function.
    """
    try:
        return _read(data, size, picture)
    except (MaskFileError, DrawingError) as error:
        raise MaskFileError(f"{shown(name)}: {error}") from error
    except Exception as error:  # Pillow and expat raise a dozen kinds; none may reach the visitor
        raise MaskFileError(
            f"{shown(name)} is damaged or of another layout; accepted are {ACCEPTED}: check it or "
            "choose another."
        ) from error


def _read(data: bytes, size: tuple[int, int], picture: str) -> list[MaskedObject]:
    check_bytes(data, ACCEPTED)
    if data.startswith(b"\x89PNG"):
        return png.read(data, size)
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"<"):
        return voc.read(data, size)
    if head[:1] not in (b"{", b"["):
        raise MaskFileError(f"the file is none that can be read; accepted are {ACCEPTED}.")
    content = json.loads(data)
    if isinstance(content, dict) and "shapes" in content:
        if content.get("format") == "segcore drawing":
            raise MaskFileError("this is a drawing; load it under Save and load instead.")
        return labelme.read(content, size)
    return coco.read(content, size, picture)


def check_bytes(data: bytes, accepted: str) -> None:
    """Raise if a file is empty or too long."""
    if not data:
        raise MaskFileError(f"the file is empty; choose {accepted}.")
    if len(data) > MAX_BYTES:
        raise MaskFileError(
            f"the file has {-(-len(data) * 10 // 2**20) / 10} MB, more than the "
            f"{MAX_BYTES // 2**20} MB accepted; keep the masks of one picture only."
        )


def shown(name: str) -> str:
    """Return a file's name as messages show it: short, on one line, without folders."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    last = "".join(c if c.isprintable() else "?" for c in last).strip() or "The file"
    return last if len(last) <= 80 else f"{last[:60]}…{last[-16:]}"
