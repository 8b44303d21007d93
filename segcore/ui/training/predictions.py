"""What the network made of a few fixed pictures, epoch by epoch."""

from __future__ import annotations

import io
import math
import re
import struct
import zlib
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

from segcore import images, metrics, render
from segcore.sample_pictures import sample_pictures
from segcore.training.names import RunError, inside, shorten
from segcore.ui.embedded import embedded_picture
from segcore.ui.text import plain
from segcore.ui.training.library import Item

BLUE: render.Colour = (0, 114, 178)
RED: render.Colour = (213, 56, 40)
RESULT = re.compile(r"(\w+)-(\d{4})")
LARGEST = 5_000_000  # bytes of a picture in a run folder
LARGEST_SIDE = 2048  # pixels
SHOWN_SIDE = 256


def slider(item: Item) -> None:
    """Show the pictures with a slider over the epochs; it runs alone."""
    active = item.status.active

    @st.fragment(run_every="3s" if active else None)
    def part() -> None:
        found = results(item.entry.folder)
        if not found:
            st.caption("Predictions come here after the first epoch.")
            return
        newest = max(max(epochs) for epochs in found.values())
        last = max(item.again().epochs, newest, 2)
        epoch = _epoch(f"epoch-{item.key}", last)
        if epoch > newest:
            st.caption(f"The newest is epoch {newest}; at the right end the slider follows.")
        st.caption(
            "Left to right: the picture, the target in blue, the prediction in red. The IoU "
            "is that of pixels with a probability of at least 0.5."
        )
        columns = st.columns(2, gap="medium")
        for i, (name, epochs) in enumerate(found.items()):
            shown = max((e for e in epochs if e <= epoch), default=min(epochs))
            with columns[i % 2]:
                _row(item.entry.folder, name, shown)

    part()


def _epoch(key: str, last: int) -> int:
    """Show the slider; it begins where the address of this visit says, else at the right."""
    if "epoch_asked" not in st.session_state:
        st.session_state.epoch_asked = True
        asked = st.query_params.get("epoch", "")
        if re.fullmatch(r"[0-9]{1,4}", asked):
            st.session_state[key] = int(asked)
    if not 1 <= st.session_state.get(key, 0) <= last:
        st.session_state[key] = last
    epoch = st.slider("Epoch", 1, last, key=key, persist_state="session")
    st.query_params["epoch"] = str(epoch)
    return epoch


def results(folder: Path) -> dict[str, list[int]]:
    """Return the epochs of each picture in a run's ``samples/``, sample pictures first."""
    found: dict[str, list[int]] = {}
    try:
        paths = sorted(inside(folder, "samples").glob("*.png"))
    except (RunError, OSError):
        return {}
    for path in paths:
        if match := RESULT.fullmatch(path.stem):
            found.setdefault(match[1], []).append(int(match[2]))
    return dict(sorted(found.items(), key=lambda pair: (pair[0].isdecimal(), pair[0])))


def _row(folder: Path, name: str, epoch: int) -> None:
    try:
        jpeg, iou = strip(folder, name, epoch, _modified(folder, f"{name}-{epoch:04d}.png"))
    except (RunError, OSError, ValueError) as error:
        st.caption(plain(f"A picture of epoch {epoch} cannot be read ({error})."))
        return
    sample = sample_pictures().get(name)
    title = sample.title if sample else plain(shorten(name))
    if name.isdecimal():
        title = f"Validation picture {int(name) + 1}"
    score = "no target" if iou is None else "IoU undefined" if math.isnan(iou) else f"IoU {iou:.3f}"
    embedded_picture(jpeg, f"{title}: picture, target and prediction of epoch {epoch}")
    st.caption(f"**{title}** · epoch {epoch} · {score}")


@st.cache_data(max_entries=512, show_spinner=False)
def strip(folder: Path, name: str, epoch: int, modified: int) -> tuple[bytes, float | None]:
    """Return a JPEG of picture, target and prediction side by side, and the IoU.

    Parameters
    ----------
    folder : Path
        Of the run.
    name : str
        Of the picture in ``samples/``.
    epoch : int
    modified : int
        When the prediction was written; a new one is drawn anew.

    Returns
    -------
    bytes
    float or None
        In [0, 1], NaN if target and prediction are empty, None without a target.

    Raises
    ------
    RunError, OSError or ValueError
        If a picture cannot be read.
    """
    picture = _read(folder, f"{name}.png", "RGB")
    predicted = _read(folder, f"{name}-{epoch:04d}.png", "L") >= 128
    parts = [picture]
    iou = None
    try:
        target = _read(folder, f"{name}-target.png", "L") >= 128
    except (RunError, OSError):
        pass
    else:
        parts.append(render.overlay(picture, target, BLUE, 0.6))
        iou = metrics.iou(metrics.count(target, predicted))
    parts.append(render.overlay(picture, predicted, RED, 0.6))
    gap = np.full((len(picture), 4, 3), 255, np.uint8)
    row = np.hstack([piece for part in parts for piece in (part, gap)][:-1])
    return images.encode_jpeg(np.ascontiguousarray(row)), iou


def _read(folder: Path, name: str, mode: str) -> np.ndarray:
    path = inside(folder, "samples", name)
    if path.stat().st_size > LARGEST:
        raise ValueError(f"{name} is larger than {LARGEST // 1_000_000} MB")
    try:
        return _decode(path.read_bytes(), mode)
    except (Image.DecompressionBombError, SyntaxError, struct.error, zlib.error) as error:
        raise ValueError(f"{name} is damaged: {error}") from error


def _decode(data: bytes, mode: str) -> np.ndarray:
    with Image.open(io.BytesIO(data), formats=["PNG"]) as opened:
        if max(opened.size) > LARGEST_SIDE:
            raise ValueError(f"{opened.width} × {opened.height} pixels are too many")
        scale = max(1, round(SHOWN_SIDE / max(opened.size)))
        size = (opened.width * scale, opened.height * scale)
        kind = Image.Resampling.NEAREST if mode == "L" else Image.Resampling.BILINEAR
        return np.asarray(opened.convert(mode).resize(size, kind))


def _modified(folder: Path, name: str) -> int:
    return inside(folder, "samples", name).stat().st_mtime_ns
