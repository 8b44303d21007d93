"""Exercise mode: look, guess, see the answer worked out."""

from __future__ import annotations

import random
import re

import numpy as np
import streamlit as st

from segcore import region_picture
from segcore.comparison import BOTH, PREDICTION_ONLY, TARGET_ONLY
from segcore.exercises import (
    FIGURES,
    FULL_POINTS,
    LEVELS,
    Task,
    hint,
    points,
    random_task,
    read_guess,
    steps,
)
from segcore.exercises.generator import MAX_SEED
from segcore.ui.embedded import embedded_picture
from segcore.ui.iou import memory
from segcore.ui.iou.results import legend
from segcore.ui.text import plain

LECTURE, RANDOM = "Lecture figures", "Random set"
SQUARE = 44
LOOKED_UP = "x"
_GUESSES = re.compile(r"(?:(?:x|[01](?:\.\d{1,4})?)(?:_|$))*", re.ASCII)
PRAISE = {
    3: (":material/verified: **Exactly right.** 3 points.", "success"),
    2: (":material/thumb_up: **Very close.** 2 points.", "success"),
    1: (":material/near_me: **Not far off.** 1 point.", "warning"),
    0: (":material/school: **Not this time.** See how it goes:", "info"),
}


def show() -> None:
    """Show the set's present task, and what there is to say about the guess."""
    seed = _set()
    tasks = FIGURES if seed is None else [random_task(seed, n) for n in range(len(LEVELS))]
    name = "figures" if seed is None else str(seed)
    guesses = _guesses(name, len(tasks))
    current = _current(name, tasks, guesses)
    task, guess = tasks[current], guesses[current]
    answered = guess != ""
    total = sum(points(_value(g), t.answer) for g, t in zip(guesses, tasks, strict=True) if g)
    _into_address(name, current, guesses, total)

    done = sum(g != "" for g in guesses)
    st.progress(
        done / len(tasks),
        f"Task {current + 1} of {len(tasks)} · **{total} of {FULL_POINTS * len(tasks)} points**",
    )
    figure, panel = st.columns([5, 4], gap="large")
    with figure:
        embedded_picture(_figure(task), _alt(task, answered), lossless=True)
        counts = task.comparison.counts
        if answered:
            legend({TARGET_ONLY: counts.fn, PREDICTION_ONLY: counts.fp, BOTH: counts.tp})
        else:
            legend()
            st.caption("Each square is one pixel.")
    with panel:
        st.subheader(task.title, anchor=False)
        st.markdown(task.question)
        if answered:
            _answer(task, _value(guess))
        else:
            _ask(name, current)
        _navigation(name, current, len(tasks))
        if done == len(tasks):
            _finish(total, len(tasks))


# === Choosing ===


def _set() -> int | None:
    """Show which set is played; return its seed, None for the lecture's figures."""
    key, known = memory.restore("set", None, _seed_or_figures)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.segmented_control(
            "Exercises",
            [LECTURE, RANDOM],
            default=RANDOM if isinstance(known, int) else LECTURE,
            required=True,
            key="iou-set-kind",
        )
        if kind != RANDOM:
            memory.keep("set", "figures", "figures")
            return None
        if not isinstance(known, int):
            known = memory.kept("seed") or random.randint(1, 9999)
        seed = st.number_input(
            "Seed", 1, MAX_SEED, known, key=key, help="The same seed gives the same tasks.",
            width=140,
        )  # fmt: skip
        st.button("New set", icon=":material/casino:", on_click=_reseed, args=(key,))
    memory.keep("seed", seed, None)
    memory.keep("set", seed, str(seed))
    return seed


def _seed_or_figures(text: str) -> int | str:
    return "figures" if text == "figures" else memory.whole(1, MAX_SEED)(text)


def _reseed(key: str) -> None:
    st.session_state[key] = random.randint(1, 9999)


def _guesses(name: str, count: int) -> list[str]:
    """Return the guesses of a set: those of the address at first."""
    played: dict[str, list[str]] = st.session_state.setdefault("iou guesses", {})
    if name not in played:
        played[name] = [""] * count
        text = st.query_params.get("guesses", "")
        if st.query_params.get("set") == name and _GUESSES.fullmatch(text):
            given = text.split("_")[:count]
            played[name] = given + [""] * (count - len(given))
    return played[name]


def _current(name: str, tasks, guesses: list[str]) -> int:
    places: dict[str, int] = st.session_state.setdefault("iou tasks", {})
    if name not in places:
        first = next((i for i, guess in enumerate(guesses) if not guess), 0)
        accept = memory.whole(1, len(tasks))
        same = st.query_params.get("set") == name
        places[name] = memory.from_address("task", accept, first + 1) - 1 if same else first
    return places[name]


def _into_address(name: str, current: int, guesses: list[str], total: int) -> None:
    memory.keep("task", current, str(current + 1))
    given = "_".join(guesses).rstrip("_")
    memory.keep("guesses", None, given or None)
    memory.keep("score", None, str(total) if given else None)


def _value(guess: str) -> float | None:
    return None if guess in ("", LOOKED_UP) else float(guess)


# === Asking and answering ===


def _ask(name: str, current: int) -> None:
    key = f"iou-guess-{name}-{current}"
    with st.form(f"iou-form-{name}-{current}", border=False):
        st.text_input("Your answer", key=key, placeholder="0.33, 1/3 or 33 %", autocomplete="off")
        with st.container(horizontal=True):
            st.form_submit_button(
                "Check",
                type="primary",
                icon=":material/check:",
                on_click=_check,
                args=(name, current),
            )
            st.form_submit_button("Show the answer", on_click=_look_up, args=(name, current))
    if problem := st.session_state.pop("iou guess problem", None):
        st.warning(plain(problem), icon=":material/edit:")


def _check(name: str, current: int) -> None:
    text = st.session_state[f"iou-guess-{name}-{current}"]
    try:
        value = read_guess(text)
    except ValueError as error:
        st.session_state["iou guess problem"] = str(error) if text else "Type your answer first."
        return
    st.session_state["iou guesses"][name][current] = f"{value:.4f}".rstrip("0").rstrip(".")


def _look_up(name: str, current: int) -> None:
    st.session_state["iou guesses"][name][current] = LOOKED_UP


def _answer(task: Task, guess: float | None) -> None:
    if guess is None:
        st.info("Looked up, no points. This is how it goes:", icon=":material/visibility:")
    else:
        text, kind = PRAISE[points(guess, task.answer)]
        getattr(st, kind)(f"{text}  \nYour answer: {guess:.4g}, the answer: {task.answer:.4g}")
    if said := hint(guess, task):
        st.warning(said, icon=":material/lightbulb:")
    st.markdown("\n".join(f"{i}. {step}" for i, step in enumerate(steps(task), 1)))


def _navigation(name: str, current: int, count: int) -> None:
    with st.container(horizontal=True):
        st.button(
            "Back", icon=":material/arrow_back:", disabled=current == 0, on_click=_go,
            args=(name, current - 1),
        )  # fmt: skip
        st.button(
            "Next task", icon=":material/arrow_forward:", disabled=current == count - 1,
            on_click=_go, args=(name, current + 1),
        )  # fmt: skip
        st.button("Start over", icon=":material/replay:", on_click=_restart, args=(name,))
    st.caption(
        ":material/link: The address carries the set, your answers and the score. To share the "
        "set with others, start over and copy the address."
    )


def _go(name: str, place: int) -> None:
    st.session_state["iou tasks"][name] = place


def _restart(name: str) -> None:
    guesses = st.session_state["iou guesses"][name]
    guesses[:] = [""] * len(guesses)
    st.session_state["iou tasks"][name] = 0


def _finish(total: int, count: int) -> None:
    share = total / (FULL_POINTS * count)
    text = f"Set finished: {total} of {FULL_POINTS * count} points."
    if share >= 0.8:
        st.success(f"{text} Well done!", icon=":material/emoji_events:")
    else:
        st.info(f"{text} Start over, or try a new set.", icon=":material/flag:")


# === Figure ===


def _figure(task: Task) -> np.ndarray:
    """Return the squares with the three regions."""
    paper = region_picture.paper(task.size, SQUARE)
    codes = task.comparison.regions
    drawn = region_picture.draw(paper, codes)
    drawn = region_picture.squares(drawn, SQUARE)
    several = max(task.comparison.overlaps.shape) > 1
    return region_picture.number(drawn, task.comparison.places, SQUARE) if several else drawn


def _alt(task: Task, answered: bool) -> str:
    words = []
    for mark in task.drawing.marks:
        corners = ", ".join(f"({x:g}, {y:g})" for x, y in mark.shape.outline())
        words.append(f"{mark.side} with corners {corners}")
    text = f"Squared paper, {task.size[1]} by {task.size[0]} squares: " + "; ".join(words)
    if answered:
        text += f". The squares in both: {task.comparison.counts.tp}."
    return text
