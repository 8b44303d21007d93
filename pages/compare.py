"""Compare: one picture as semantic, instance and panoptic segmentation, side by side."""

from __future__ import annotations

import streamlit as st

from segcore.images import PictureError
from segcore.inference.zoo import ModelUnavailable
from segcore.ui import frame, pictures
from segcore.ui.compare import choice, explain, results, stage, truth
from segcore.ui.text import plain

frame.set_up(
    "Compare",
    ":material/compare:",
    "One picture, three answers: semantic, instance and panoptic segmentation, and what each can "
    "and cannot say.",
)
device = frame.device_picker()
chosen = pictures.pick("compare", several=False)
models = choice.pick()
if models is None:
    st.stop()
if not chosen:
    st.info("Add a picture above, or go back to the samples.", icon=":material/upload:")
    st.stop()

picture = chosen[0]
try:
    with st.spinner("The networks look at the picture", show_time=True):
        jpeg, size = results.preview(picture)
        answers = choice.answers(picture, models, device)
except (PictureError, ModelUnavailable) as error:
    st.error(plain(str(error)), icon=":material/broken_image:")
    st.stop()
labelled = truth.choose(picture, size)
stage.show(
    stage.Scene(picture.key, picture.name, picture.alt, jpeg, answers, labelled, picture.decode)
)
if picture.sample:
    st.caption(f"Photo: {pictures.credit(picture.sample)}")
explain.tasks()
frame.device_in_use(answers.semantic.device, device)
