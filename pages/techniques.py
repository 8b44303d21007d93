"""Techniques: one picture, any method, its parameters, its time and its score."""

from __future__ import annotations

import streamlit as st

from segcore.ui import frame
from segcore.ui.techniques import ground, guide, interactive, promptable, settings, views

VIEWS = {"side": "Side by side", "one": "One", "all": "All"}
if promptable.cards():
    VIEWS["point"] = "Interactive"

frame.set_up(
    "Techniques",
    ":material/science:",
    "One picture, any method: see what thresholds, regions, edges, clusters, networks and your own "
    "clicks make of it, how long they take, and who is right.",
)
device = frame.device_picker()
settings.begin()
with st.container(horizontal=True, gap="medium"):
    view = settings.get("view", "side")
    view = settings.bound(
        st.segmented_control,
        "View",
        "view",
        view if view in VIEWS else "side",
        lambda name: None if name == "side" else name,
        options=list(VIEWS),
        format_func=VIEWS.__getitem__,
        required=True,
    )
    name = ground.pick()
chosen = ground.load(name)
if chosen is None:
    st.stop()
ground.about(chosen, at_working_size=view != "point")
if view == "one":
    views.one(chosen, device)
elif view == "all":
    views.everything(chosen, device)
elif view == "point":
    interactive.show(chosen, device)
else:
    views.side_by_side(chosen, device)
guide.show()
frame.device_trouble(device)
