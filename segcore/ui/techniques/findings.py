"""What each method finds in a picture: computed once, kept small, scored when shown."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import numpy as np
import streamlit as st

from segcore import images
from segcore.inference import zoo
from segcore.techniques import FAMILIES, Prompts, methods, run, score
from segcore.techniques.families import DEEP, INTERACTIVE
from segcore.techniques.types import Value
from segcore.ui.techniques import networks, settings
from segcore.ui.techniques.finding import Finding
from segcore.ui.techniques.ground import Ground
from segcore.ui.techniques.networks import MODEL
from segcore.ui.techniques.progress import Progress

_at_once = threading.BoundedSemaphore(2)  # other visitors' clicks need the processor too
_WITH_PROMPTS = ("growing", "grabcut")
_STOPPED, _DONE = "techniques stopped", "techniques done"


def all_names() -> list[str]:
    """Return the names of all methods: the classical ones, then ``model:NAME`` of the zoo."""
    return [*methods(), *(MODEL + name for name in zoo.names())]


def title(name: str) -> str:
    """Return a method's name for people."""
    if name in methods():
        return methods()[name].title
    card = networks.card(name)
    if card is None:
        return name.removeprefix(MODEL)
    others = (networks.card(MODEL + other) for other in zoo.names() if other != card.name)
    twin = any(other and other.title == card.title for other in others)
    return f"{card.title} ({card.name})" if twin else card.title


def family(name: str) -> str:
    """Return a method's family."""
    return methods()[name].family if name in methods() else networks.family(name)


def families() -> list[str]:
    """Return all families in their order."""
    return [*FAMILIES, DEEP, INTERACTIVE]


def points_at(name: str) -> bool:
    """Say whether seeds or box change what a method finds now."""
    if name not in methods():
        return networks.task(name) == "prompt"
    pick = (methods()[name].defaults() | settings.values(name)).get("pick")
    return name in _WITH_PROMPTS or pick in ("box", "seeds")


def settings_of(
    name: str, ground: Ground
) -> tuple[str, tuple[tuple[str, Value], ...], Prompts | None]:
    """Return what the mask of a method depends on: its model, parameters, seeds and box."""
    pointed = settings.prompts(ground.prompts) if points_at(name) else None
    return _fingerprint(name), tuple(sorted(settings.values(name).items())), pointed


def find(name: str, ground: Ground, device: str) -> Finding:
    """Run a method with its parameters as set; a repeated call answers from the cache."""
    model, chosen, pointed = settings_of(name, ground)
    remember = _shared if ground.sample else _private
    try:
        return remember(ground.key, name, model, device if model else "", chosen, pointed, ground)
    except zoo.ModelUnavailable as error:  # not remembered: the next try may succeed
        return Finding(problem=str(error))


def find_all(names: Iterable[str], ground: Ground, device: str) -> dict[str, Finding]:
    """Run several methods under a progress bar that can be stopped; return what is done by then."""
    names = list(names)
    task = (ground.key, *names)
    found = {}
    if st.session_state.get(_STOPPED) == task:
        done = st.session_state.get(_DONE, [])
        for name in (name for name in names if name in done):  # these are remembered
            found[name] = find(name, ground, device)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.info(f"Stopped: {len(found)} of {len(names)} are done.", icon=":material/pause:")
            st.button("Go on", icon=":material/play_arrow:", on_click=_stop_at, args=(None,))
        return found
    st.session_state[_DONE] = list(found)
    progress = Progress("techniques-stop", lambda: _stop_at(task))
    for i, name in enumerate(names):
        progress.step(i / len(names), f"{title(name)} ({i + 1} of {len(names)})")
        found[name] = find(name, ground, device)
        st.session_state[_DONE] = list(found)
    progress.end()
    return found


def _stop_at(task: tuple[str, ...] | None) -> None:
    st.session_state[_STOPPED] = task


def iou(finding: Finding, ground: Ground) -> float | None:
    """Return the IoU with the truth, None where there is none."""
    if ground.truth is None or finding.problem:
        return None
    return score(finding.mask(), ground.truth)


def _fingerprint(name: str) -> str:
    if name in methods():
        return ""
    card = networks.card(name)
    return card.fingerprint if card else "unavailable"


@st.cache_data(show_spinner=False, max_entries=256)
def _shared(
    key: str,
    name: str,
    model: str,
    device: str,
    chosen: tuple[tuple[str, Value], ...],
    pointed: Prompts | None,
    _ground: Ground,
) -> Finding:
    return _compute(name, device, dict(chosen), pointed, _ground)


@st.cache_data(show_spinner=False, max_entries=64, scope="session")
def _private(
    key: str,
    name: str,
    model: str,
    device: str,
    chosen: tuple[tuple[str, Value], ...],
    pointed: Prompts | None,
    _ground: Ground,
) -> Finding:
    return _compute(name, device, dict(chosen), pointed, _ground)


def _compute(
    name: str, device: str, chosen: dict[str, Value], pointed: Prompts | None, ground: Ground
) -> Finding:
    picture = ground.picture()
    with _at_once:
        factors = (picture.shape[1] / ground.size[1], picture.shape[0] / ground.size[0])
        prompts = (pointed or ground.prompts).scaled(*factors)
        if name not in methods():
            return networks.find(name, device, picture, chosen, prompts)
        result = run(name, picture, prompts, chosen)
    answer = result.answer
    histogram = None
    if answer.channel is not None:
        histogram = np.bincount(answer.channel.ravel(), minlength=256)
    steps = tuple((step.title, images.encode_png(step.picture)) for step in answer.steps)
    return Finding(
        images.encode_png(answer.mask), result.seconds, steps, histogram, answer.thresholds
    )
