"""The comparison as one picture: a grid of tiles with their names and figures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from segcore import images

TILE, GAP, TEXT = 320, 16, 44


def draw(entries: list[tuple[str, str, NDArray[np.uint8]]]) -> bytes:
    """Return a PNG file.

    Parameters
    ----------
    entries : list of (title, facts, picture)
        Pictures (h, w, 3) uint8; each is fitted into a tile of `TILE` pixels' width.
    """
    columns = min(len(entries), 4) or 1
    sizes = [images.fit_size(p.shape[:2], TILE) for _, _, p in entries] or [(1, 1)]
    height = max(h for h, _ in sizes) + TEXT + GAP
    lines = -(-len(entries) // columns)
    paper = Image.new("RGB", (columns * (TILE + GAP) + GAP, lines * height + GAP), "white")
    pen = ImageDraw.Draw(paper)
    bold, small = ImageFont.load_default(18), ImageFont.load_default(14)
    for i, ((title, facts, picture), size) in enumerate(zip(entries, sizes, strict=True)):
        x, y = GAP + i % columns * (TILE + GAP), GAP + i // columns * height
        paper.paste(Image.fromarray(images.resize(picture, size)), (x, y))
        y += size[0] + 4
        pen.text((x, y), title, "#16211e", bold)
        pen.text((x, y + 21), facts[:48], "#4a5a55", small)
    return images.encode_png(np.asarray(paper))
