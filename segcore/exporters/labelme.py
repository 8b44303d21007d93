"""Objects as a LabelMe file: a mask each, cut out at its box.

References
----------
wkentaro/labelme, `labelme/label_file.py` and `labelme/shape.py`: a shape of type ``mask`` has
the two corners of its box, both inside it, and a PNG in base64.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable
from typing import Any

from segcore import images
from segcore.objects import MaskedObject

VERSION = "5.5.0"  # of the format


def encode(objects: Iterable[MaskedObject], size: tuple[int, int], picture_name: str) -> bytes:
    """Return the JSON file.

    Parameters
    ----------
    objects : iterable of MaskedObject
        Labels become LabelMe's labels; an object without one is called "object".
    size : (height, width)
        Of the picture.
    picture_name : str
        Of its file, which LabelMe looks for beside the JSON.
    """
    shapes: list[dict[str, Any]] = []
    for thing in objects:
        top, left, mask = thing.patch
        height, width = mask.shape
        if not mask.size:
            continue
        shapes.append(
            {
                "label": thing.label or "object",
                "points": [[left, top], [left + width - 1, top + height - 1]],
                "group_id": None,
                "description": "",
                "shape_type": "mask",
                "flags": {},
                "mask": b64encode(images.encode_png(mask)).decode(),
            }
        )
    content: dict[str, Any] = {
        "version": VERSION,
        "flags": {},
        "shapes": shapes,
        "imagePath": picture_name,
        "imageData": None,
        "imageHeight": size[0],
        "imageWidth": size[1],
    }
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()
