"""The steps of the ladder as pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from segcore.labels import Instances
from segcore.scenes.colours import object_colour
from segcore.scenes.drawing import draw
from segcore.scenes.ladder import Boxed, Ladder
from segcore.scenes.layers import instance_layer


def boxed(
    picture: NDArray[np.uint8], boxes: Sequence[Boxed], shape: tuple[int, int]
) -> NDArray[np.uint8]:
    """Return a picture with boxes, each with class and number.

    Parameters
    ----------
    picture : (height, width, 3) uint8
    boxes : sequence of Boxed
        In pixels of ``shape``, in the order of their colours.
    shape : (h, w)
    """
    image = Image.fromarray(picture)
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(max(11, round(max(image.size) / 20)))
    scale = image.width / shape[1], image.height / shape[0]
    order = list(enumerate(boxes, 1))
    for number, box in reversed(order):
        corners = [c * s for c, s in zip(box.box, (*scale, *scale), strict=True)]
        left, top = corners[:2]
        right = min(max(corners[2] - 1, left), image.width - 1)
        bottom = min(max(corners[3] - 1, top), image.height - 1)
        pen.rectangle((left, top, right, bottom), outline="white", width=4)
        pen.rectangle((left, top, right, bottom), outline=object_colour(number), width=2)
    for _, box in order:
        place = box.box[0] * scale[0] + 4, box.box[1] * scale[1] + 3
        name = f"{box.name} {box.number}"
        pen.text(place, name, "white", font, stroke_width=2, stroke_fill="black")
    return np.asarray(image)


def pictures(
    picture: NDArray[np.uint8], steps: Ladder, result: Instances
) -> dict[str, NDArray[np.uint8]]:
    """Return a picture of the size of the one given for each step."""
    first = [steps.localisation] if steps.localisation else []
    shown = Instances(
        **{n: getattr(result, n) for n in ("shape", "size", "class_set", "model", "device")},
        objects=steps.instances,
    )
    return {
        "classification": picture,
        "localisation": boxed(picture, first, result.shape),
        "detection": boxed(picture, steps.detection, result.shape),
        "instances": draw(picture, instance_layer(shown)),
    }
