"""What the view Inside shows of a picture, computed once and kept small enough to remember.

A visitor's own pictures, and what is made of them, stay in that visitor's session.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from segcore import images
from segcore.labels import level
from segcore.memory import sparing
from segcore.ui.pictures import Picture
from segcore.ui.unet import u_figure
from segcore.ui.unet.u_figure import Tile
from segcore.unet.feature_maps import Facts, facts, mosaic, order
from segcore.unet.inside import Activations

SIDE = 256  # of the network's input
PREVIEW = 640  # pixels of the result's longer side
SHEET = 640  # pixels of a sheet of channels across, about
LARGEST = 256  # pixels of a channel on it
MOST = 64  # channels on it
Run = Callable[[], Activations]


@dataclass(frozen=True)
class Ground:
    """A picture that was read: its square for the network, and a JPEG file to look at."""

    square: NDArray[np.uint8]
    preview: bytes


@dataclass(frozen=True)
class Overview:
    """All tiles of the U, and the probabilities, (256, 256) uint8 for 0 to 1; about 150 KB."""

    tiles: dict[str, Tile]
    coarse: NDArray[np.uint8]

    def mask(self) -> NDArray[np.bool_]:
        """Return where a pet is more likely than not, (256, 256) bool."""
        return self.coarse >= level(0.5)


@dataclass(frozen=True)
class Closeup:
    """One stage: a PNG file with its channels, and its figures."""

    png: bytes
    facts: Facts


def read(picture: Picture) -> Ground | str:
    """Decode a picture; return the sentence that says why it cannot be, if so."""
    return (_read if picture.sample else _read_own)(picture.key, picture)


def overview(picture: Picture, off: frozenset[int], run: Run) -> Overview:
    """Return the tiles and the result with some skip connections off.

    Parameters
    ----------
    picture : Picture
    off : frozenset of int
        Their levels.
    run : callable
        Runs the network; called only if the answer is not remembered.

    Raises
    ------
    ModelUnavailable
        If the model cannot be loaded.
    """
    return (_overview if picture.sample else _overview_own)(picture.key, off, run)


def closeup(picture: Picture, off: frozenset[int], name: str, by: str, run: Run) -> Closeup:
    """Return a stage by its name, its channels in one of `ORDERS`; else as `overview`."""
    remember = _closeup if picture.sample else _closeup_own
    return remember(picture.key, off, name, by, run)


def _reading(picture: Picture) -> Ground | str:
    with sparing():
        try:
            pixels = picture.decode()
        except images.PictureError as error:
            return str(error)
        preview = images.encode_jpeg(images.fit(pixels, PREVIEW))
        return Ground(images.resize(pixels, (SIDE, SIDE)), preview)


def _looking(run: Run) -> Overview:
    with sparing():
        seen = run()
        tiles = {}
        for name in u_figure.places():
            feature_map = seen.stage(name).feature_map
            mean = feature_map.mean(axis=2, keepdims=True)
            small = images.encode_jpeg(mosaic(mean, 1, 2 * u_figure.TILE))
            tiles[name] = Tile(small, feature_map.shape)
        return Overview(tiles, np.rint(seen.probability * 255).astype(np.uint8))


def _looking_closely(name: str, by: str, run: Run) -> Closeup:
    with sparing():
        feature_map = run().stage(name).feature_map
        shown = feature_map[..., order(feature_map, by)[:MOST]]
        columns = _columns(shown.shape[2])
        sheet = mosaic(shown, columns, min(LARGEST, SHEET // columns))
        return Closeup(images.encode_png(sheet), facts(feature_map))


def _columns(channels: int) -> int:
    """Return how many of up to 64 channels to put in a row, so that the rows are full."""
    widest = 5 if channels <= 16 else 8
    return next(n for n in range(widest, 0, -1) if channels % n == 0)


@st.cache_data(max_entries=16, show_spinner=False)
def _read(key: str, _picture: Picture) -> Ground | str:
    return _reading(_picture)


@st.cache_data(max_entries=64, show_spinner=False)
def _overview(key: str, off: frozenset[int], _run: Run) -> Overview:
    return _looking(_run)


@st.cache_data(max_entries=32, show_spinner=False)
def _closeup(key: str, off: frozenset[int], name: str, by: str, _run: Run) -> Closeup:
    return _looking_closely(name, by, _run)


@st.cache_data(max_entries=2, scope="session", show_spinner=False)
def _read_own(key: str, _picture: Picture) -> Ground | str:
    return _reading(_picture)


@st.cache_data(max_entries=8, scope="session", show_spinner=False)
def _overview_own(key: str, off: frozenset[int], _run: Run) -> Overview:
    return _looking(_run)


@st.cache_data(max_entries=8, scope="session", show_spinner=False)
def _closeup_own(key: str, off: frozenset[int], name: str, by: str, _run: Run) -> Closeup:
    return _looking_closely(name, by, _run)
