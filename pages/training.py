"""Training monitor: start, watch, compare and stop real trainings."""

from __future__ import annotations

import streamlit as st

from segcore.ui import frame
from segcore.ui.training import compare, controls, foreign, library, predictions, start, watch

PANELS = ("Watch", "Compare", "Start")

frame.set_up(
    "Training",
    ":material/monitoring:",
    "Watch a network learn: loss and mean IoU as they come, what it sees in each epoch, "
    "one run against another.",
)
allowed = library.may_train()
if st.session_state.get("panel") not in PANELS:
    asked = st.query_params.get("panel")
    st.session_state.panel = asked if asked in PANELS else PANELS[0]
panel = st.segmented_control(
    "Panel", PANELS, required=True, key="panel", label_visibility="collapsed"
)
st.query_params["panel"] = panel or PANELS[0]
controls.problem()

if panel == "Start":
    if allowed:
        start.show()
    else:
        st.info(
            "Trainings cannot be started on this server. On your own machine they can: run the "
            "app there, or set SEGCORE_ALLOW_TRAINING=1 where it runs.",
            icon=":material/lock:",
        )
elif panel == "Compare":
    look = watch.look_picker()
    compare.show(library.items(), foreign.pick(), look)
else:
    item = library.pick(library.items())
    if item is None:
        st.stop()
    controls.show(item, allowed)
    watch.live(item, watch.look_picker())
    st.markdown("#### What it sees")
    predictions.slider(item)
