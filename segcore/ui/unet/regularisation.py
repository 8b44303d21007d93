"""The view Regularisation: augmentation and dropout; batch normalisation has its own file."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from segcore import images, render
from segcore.datasets.augmentation import Augmentation
from segcore.datasets.preview import preview
from segcore.region_picture import BLUE
from segcore.sample_outlines import square_target
from segcore.sample_pictures import sample_pictures
from segcore.ui.embedded import embedded_picture
from segcore.ui.navigation import PAGES
from segcore.ui.unet import batch_normalisation
from segcore.ui.unet.controls import in_training, number, number_button
from segcore.unet import regularisation

SAMPLE = "chelsea"
SIDE, SHOWN = 256, 164  # pixels of the picture, and as shown: two beside each other on a phone
DRAWN = 224  # pixels a side that are computed: sharper than shown, and still quick
DRAWS = 8
MAP_SIDE = 48  # cells of a feature map
WHITE = 245
SINGLE, CHANNELS = "Single values", "Whole channels"


def show() -> None:
    """Show the view."""
    st.markdown(
        "A network with millions of weights can learn its training pictures by heart and fail on "
        "new ones. These three make that harder or keep the training steady. They cost next to "
        "nothing when the finished network segments a picture."
    )
    _augmentation()
    _dropout()
    batch_normalisation.show()


# === Augmentation ===


@st.fragment
def _augmentation() -> None:
    st.markdown("#### Augmentation")
    st.markdown(
        "Each time a training comes to a picture it sees it changed: turned, zoomed, moved, bent, "
        "mirrored, in other light. **The mask moves with the picture**, so it stays right. What is "
        "drawn new each time cannot be learned by heart. Smooth bending (elastic deformation) is "
        "what let the first U-Net learn from 30 pictures ([Ronneberger et al. 2015]"
        "(https://arxiv.org/abs/1505.04597))."
    )
    picture, mask = _example()
    first = DRAWS * number("reg-draw")
    with st.container(horizontal=True, gap="small"):
        _outlined(picture, mask, "As it is")
        for draw in range(first, first + DRAWS):
            changed = preview(picture, mask, Augmentation(), DRAWN, draw)
            _outlined(*changed, f"Draw {draw + 1}")
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        number_button("Draw again", "reg-draw")
        _to_training()
    st.caption(
        "The default settings, with which the pet model with an EfficientNet-Lite encoder learned. "
        "The blue line is the outline, drawn by hand, of what counts as cat."
    )


def _to_training() -> None:
    # Without the app's navigation, in a script of its own, there is no page to go to.
    if "navigated" in st.session_state:
        st.page_link(
            PAGES / "training.py",
            label="Each change has a slider on Training, Start",
            icon=":material/tune:",
            query_params={"panel": "Start"},
        )
    else:
        st.caption("Each change has a slider on the page Training, under Start.")


def _outlined(picture: NDArray[np.uint8], mask: NDArray[np.uint8], title: str) -> None:
    with st.container(width=SHOWN, gap="xxsmall"):
        shown = render.outline(picture, mask == 1, BLUE, len(mask) // 100)
        embedded_picture(shown, f"{title}: face of a cat with the outline of its mask in blue")
        st.caption(title)


@st.cache_data(show_spinner=False)
def _example() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    picture = images.resize(sample_pictures()[SAMPLE].picture(), (SIDE, SIDE))
    mask = square_target(SAMPLE, SIDE)
    assert mask is not None, "the sample has an outline"
    return picture, mask.astype(np.uint8)


# === Dropout ===


@st.fragment
def _dropout() -> None:
    st.markdown("#### Dropout")
    st.markdown(
        "In each step of a training, dropout sets a random part of the activations to 0. No "
        "neuron can rely on one other being there, so the network learns several ways to the same "
        "answer. What is kept is divided by (1 − rate), so that the mean stays the same on "
        "average; a prediction drops nothing and needs no correction ([Srivastava et al. 2014]"
        "(https://jmlr.org/papers/v15/srivastava14a.html))."
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        training = in_training("drop-mode")
        kind = st.segmented_control(
            "What is dropped",
            (SINGLE, CHANNELS),
            default=SINGLE,
            required=True,
            key="drop-what",
            bind="query-params",
            disabled=not training,
        )
        rate = st.slider(
            "Rate",
            0.0,
            0.9,
            0.3,
            0.05,
            key="drop-rate",
            bind="query-params",
            width=164,
            disabled=not training,
        )
        number_button("Drop others", "drop-seed", disabled=not training)
    before = _maps()
    after, kept = regularisation.dropout(
        before, rate if training else 0, number("drop-seed"), kind == CHANNELS
    )
    _maps_shown(before, after, kept)
    st.caption(
        f"{kept.mean():.0%} of {kept.size:,} values kept; mean of all before "
        f"{before.mean():.3f}, after {after.mean():.3f}. White: 0. Blue: strong. Black: dropped. "
        "The maps are the picture's edges in eight directions, followed by ReLU, in place of a "
        "network's learned ones."
    )
    st.markdown(
        "**In this project:** the lecture's U-Net has it as an option (off at first, as in the "
        "lecture), after each level's two convolutions. The original U-Net drops half of the "
        "values at the end of the way down. The pet model with an EfficientNet-Lite encoder drops "
        "whole channels, one in ten, at the bottom of the U: neighbouring values of one map are "
        "so alike that single gaps teach it little."
    )


def _maps_shown(
    before: NDArray[np.float32], after: NDArray[np.float32], kept: NDArray[np.bool_]
) -> None:
    full = float(np.quantile(before, 0.98))
    with st.container(horizontal=True, gap="small"):
        for i, name in enumerate(regularisation.DIRECTIONS):
            old, new, stays = before[..., i], after[..., i], kept[..., i]
            with st.container(width=SHOWN, gap="xxsmall"):
                text = f"{stays.mean():.0%} kept, mean {old.mean():.3f} → {new.mean():.3f}"
                embedded_picture(
                    _map_picture(new, stays, full),
                    f"Feature map: brighter to the {name.replace('-', ' and ')}; {text}",
                    lossless=True,
                )
                st.caption(f"Brighter {name.replace('-', ', ')}: {text}")


def _map_picture(
    values: NDArray[np.float32], kept: NDArray[np.bool_], full: float
) -> NDArray[np.uint8]:
    strength = np.clip(values / full, 0, 1)[..., None]
    picture = np.rint(WHITE + strength * (np.array(BLUE) - WHITE)).astype(np.uint8)
    picture[~kept] = 0
    return picture.repeat(6, axis=0).repeat(6, axis=1)


@st.cache_data(show_spinner=False)
def _maps() -> NDArray[np.float32]:
    picture = sample_pictures()[SAMPLE].middle((MAP_SIDE, MAP_SIDE))
    return regularisation.feature_maps(picture.mean(axis=2, dtype=np.float32) / 255)
