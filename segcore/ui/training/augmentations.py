"""A slider and a live preview for each change of the augmentation."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from segcore import datasets, images, render
from segcore.datasets.augmentation import Augmentation
from segcore.datasets.preview import only, preview
from segcore.images import PictureError
from segcore.training.names import RunError
from segcore.training.permission import check_data
from segcore.ui.embedded import embedded_picture
from segcore.ui.training.limits import slider
from segcore.ui.training.predictions import BLUE

TITLES = {
    "rotation": "Rotation, degrees",
    "scale": "Zoom",
    "shift": "Shift",
    "elastic": "Elastic",
    "brightness": "Brightness",
    "contrast": "Contrast",
    "saturation": "Saturation",
}
SHOWN_SIDE = 132


def flat(augmentation: Augmentation | None) -> dict[str, Any]:
    """Return the settings by the form's keys."""
    settings = augmentation or Augmentation.off()
    return {f"augmentation.{name}": value for name, value in vars(settings).items()}


def values() -> dict[str, Any]:
    """Return the changes that the sliders stand for."""
    settings = _settings()
    return {"augmentation": "none"} if settings == Augmentation.off() else flat(settings)


def show(data: str) -> None:
    """Show the sliders, each under what it does at its strongest, and all of them at once."""
    settings = _settings()
    picture, mask = _example(data)
    st.caption("Each at its strongest, the mask outlined in blue. A slider at 0 switches it off.")
    with st.container(horizontal=True, gap="small"):
        with st.container(width=SHOWN_SIDE):
            _picture(*preview(picture, mask, only(settings, "flip"), SHOWN_SIDE), "Mirrored")
            st.toggle("Mirror", key="form-augmentation.flip", persist_state="session")
        for name, title in TITLES.items():
            with st.container(width=SHOWN_SIDE):
                _picture(*preview(picture, mask, only(settings, name), SHOWN_SIDE), title)
                slider(f"augmentation.{name}", title)
    seed = st.session_state.setdefault("augmentation_draw", 0)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("All together, four draws")
        st.button("Draw again", icon=":material/casino:", on_click=_draw_again)
    with st.container(horizontal=True, gap="small"):
        for number in range(4 * seed, 4 * seed + 4):
            with st.container(width=SHOWN_SIDE):
                drawn = preview(picture, mask, settings, SHOWN_SIDE, number)
                _picture(*drawn, f"Draw {number + 1}")


def _settings() -> Augmentation:
    return Augmentation(
        **{name: st.session_state[f"form-augmentation.{name}"] for name in vars(Augmentation())}
    )


def _draw_again() -> None:
    st.session_state.augmentation_draw += 1


def _picture(picture: np.ndarray, mask: np.ndarray, title: str) -> None:
    shown = render.outline(picture, mask == 1, BLUE, 1)
    embedded_picture(shown, f"{title}: picture with the outline of its mask")


def _example(data: str) -> tuple[np.ndarray, np.ndarray]:
    """Return a picture of the data set and its mask, a drawn one if it cannot be read."""
    try:
        if data not in datasets.BUILT_IN:
            check_data(data)
        picture, mask = datasets.read(data, "train")[0].load()
    except (ValueError, OSError, IndexError, PictureError, RunError):
        picture, mask = datasets.read("synthetic", "train")[0].load()
    side = min(256, *picture.shape[:2])
    return images.resize(picture, (side, side)), images.resize_mask(mask, (side, side))
