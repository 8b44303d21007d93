"""Upload & segment: a picture in, its segmentation out."""

from __future__ import annotations

import streamlit as st

from segcore import render
from segcore.exporters.pictures import unique_names
from segcore.images import PictureError
from segcore.inference.zoo import ModelUnavailable
from segcore.ui import downloads, frame, model_card, pictures, tables, views
from segcore.ui.analysis import Analysis, analyse
from segcore.ui.text import plain

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
    view = view or views.VIEWS[0]  # the address may say "view="
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
by_name: dict[str, pictures.Picture] = {}
results: dict[str, Analysis] = {}
progress = stage.empty()
names = unique_names(picture.name for picture in chosen)
for i, (name, picture) in enumerate(zip(names, chosen, strict=True)):
    progress.progress(i / len(chosen), f"Segmenting {plain(name)} ({i + 1} of {len(chosen)})")
    try:
        results[name] = analyse(picture, card, device, tta)
        by_name[name] = picture
    except (PictureError, ModelUnavailable) as error:
        stage.error(plain(str(error)), icon=":material/broken_image:")
progress.empty()

# === Result ===
with stage:
    if not chosen:
        st.info("Add a picture above, or go back to the samples.", icon=":material/upload:")
    if not results:
        st.stop()
    shown = next(iter(results))
    if len(results) > 1:
        shown = st.selectbox("Picture shown", list(results))
    picture, analysis = by_name[shown], results[shown]
    views.show(view, analysis, threshold, colour, opacity, picture.alt)
    if picture.sample:
        st.caption(f"Photo: {pictures.credit(picture.sample)}")
    tables.areas(results, threshold)
with panel:
    style = downloads.Style(threshold, colour, opacity)
    downloads.buttons(shown, picture, analysis.result, style)
    if len(results) > 1:
        downloads.archive({n: (by_name[n], results[n].result) for n in results}, style)
    tables.stages(analysis.result)
    model_card.show(card)
frame.device_in_use(analysis.result.device, device)
