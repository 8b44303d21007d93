"""Upload & segment: a picture in, its segmentation out."""

from __future__ import annotations

import streamlit as st

from segcore import render
from segcore.images import PictureError
from segcore.inference import zoo
from segcore.sample_pictures import sample_pictures
from segcore.ui import downloads, frame, model_card, pictures, tables, views
from segcore.ui.analysis import Analysis, analyse

frame.set_up(
    "Segment",
    ":material/content_cut:",
    "Find every pixel of the cats and dogs in a picture: try a sample, or drop in your own.",
)
device = frame.device_picker()
chosen = pictures.pick()
stage, panel = st.columns([5, 2], gap="medium")

# === Settings ===
with panel:
    card = model_card.pick()
    threshold = st.slider(
        "Threshold",
        0.0,
        1.0,
        0.5,
        0.01,
        key="threshold",
        bind="query-params",
        help="A pixel is marked as pet from this probability on. Moving it redraws the mask; "
        "the network does not run again.",
    )
    view = st.segmented_control(
        "View",
        views.VIEWS,
        default=views.VIEWS[0],
        required=True,
        key="view",
        bind="query-params",
        wrap=True,
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        colour = render.parse_colour(
            st.color_picker("Colour", "#009e73", disabled=view not in views.COLOURED, key="colour")
        )
        opacity = st.slider("Opacity", 0.0, 1.0, 0.5, 0.05, disabled=view not in views.BLENDED)
    tta = st.toggle(
        "Average with the mirrored picture",
        help="Test-time augmentation: twice the time for a slightly better mask.",
        key="tta",
        bind="query-params",
    )

if card is None:
    st.stop()

# === Segmentation ===
results: list[tuple[pictures.Picture, Analysis]] = []
progress = stage.empty()
for i, picture in enumerate(chosen):
    if len(chosen) > 1:
        progress.progress(i / len(chosen), f"Segmenting {picture.name} ({i + 1}/{len(chosen)})")
    try:
        results.append((picture, analyse(picture, card.name, device, tta)))
    except (PictureError, zoo.ModelUnavailable) as error:
        stage.error(str(error), icon=":material/broken_image:")
progress.empty()

# === Result ===
with stage:
    if not chosen:
        st.info("Add a picture above, or go back to the samples.", icon=":material/upload:")
    if not results:
        st.stop()
    shown = 0
    if len(results) > 1:
        shown = st.selectbox(
            "Picture shown", range(len(results)), format_func=lambda i: results[i][0].name
        )
    picture, analysis = results[shown]
    views.show(view, analysis, threshold, colour, opacity, picture.alt)
    sample = sample_pictures().get(picture.key.removeprefix("sample-"))
    if sample:
        st.caption(f"Photo: {pictures.credit(sample)}")
    tables.areas(results, threshold)
with panel:
    downloads.buttons(picture, analysis.result, threshold, colour, opacity)
    if len(results) > 1:
        downloads.archive(results, threshold, colour, opacity)
    tables.stages(analysis.result)
    model_card.show(card)
