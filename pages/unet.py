"""U-Net: the network that the lecture is built around, from the inside."""

from __future__ import annotations

import streamlit as st

from segcore.ui import frame
from segcore.ui.unet import inside, losses, regularisation, shapes, upsampling

VIEWS = {
    "Inside": inside.show,
    "Shapes": shapes.show,
    "Upsampling": upsampling.show,
    "Losses": losses.show,
    "Regularisation": regularisation.show,
}

frame.set_up(
    "U-Net",
    ":material/schema:",
    "See inside the network of the lecture: what each layer makes of a picture, why it is built "
    "like a U, and what it learns from.",
)
view = st.segmented_control(
    "View",
    list(VIEWS),
    default="Inside",
    required=True,
    label_visibility="collapsed",
    key="view",
    bind="query-params",
)
VIEWS.get(view, inside.show)()
