"""IoU calculator: draw target and prediction, see every figure; or guess in exercises."""

from __future__ import annotations

import streamlit as st

from segcore.drawing import PREDICTION, SIDES, TARGET
from segcore.ui import frame
from segcore.ui.iou import canvas, details, exercise, files, memory, results, sources, stage
from segcore.ui.iou.desk import desk_of, into_address
from segcore.ui.text import plain

DRAW, EXERCISE = "Draw and compare", "Exercise"
MODES = {"draw": DRAW, "exercise": EXERCISE}
ADDRESS = ("shapes", *(f"{s}-{name}" for s in SIDES for name in ("from", "model", "threshold")))

frame.set_up(
    "IoU calculator",
    ":material/join_inner:",
    "How well does a prediction fit its target? Draw both, or guess in the exercises.",
)
device = frame.device_picker()
with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
    key, mode = memory.restore("mode", "draw", memory.one_of(MODES))
    mode = st.segmented_control(
        "What to do",
        list(MODES),
        format_func=MODES.__getitem__,
        default=mode,
        required=True,
        key=key,
    )
    memory.keep("mode", mode, mode if mode == "exercise" else None)
    if mode != "exercise":
        choice = stage.choose()

# === Exercise ===
if mode == "exercise":
    memory.forget("picture", "match", *ADDRESS)
    exercise.show()
    st.stop()

# === Draw ===
memory.forget("set", "task", "guesses", "score")
ground = stage.stage(choice)
if ground is None:
    memory.forget(*ADDRESS)
    st.stop()
desk = desk_of(ground)
left, right = st.columns([4, 3], gap="large")
with left:
    canvas.edit(ground, desk, sources.drawn_sides(ground))
if problem := st.session_state.pop("iou problem", None):
    st.warning(plain(problem), icon=":material/edit:")
sides = {}
for column, side in zip(st.columns(2), (TARGET, PREDICTION), strict=True):
    with column, st.container(border=True):
        st.markdown(f"**{canvas.SIDE_TITLES[side]}**")
        sides[side] = sources.panel(ground, desk, side, device)
fits = into_address(ground, desk)

# === Result ===
both = results.compared(ground, sides[TARGET], sides[PREDICTION])
with right:
    results.figures(both)
    results.show_picture(ground, both)
    stage.show_credit(ground)
details.show(both)
with st.expander("Save, load and share", icon=":material/save:"):
    files.show(ground, desk, both, (sides[TARGET], sides[PREDICTION]), fits)
