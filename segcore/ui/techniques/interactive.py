"""Point at an object and get its mask: the interactive view of the bench."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from segcore import images
from segcore.inference import zoo
from segcore.inference.zoo import Card
from segcore.objects import Patch
from segcore.prompting import kept as objects
from segcore.prompting.acts import ActError, Choose, From, parse, to_text
from segcore.prompting.history import History, Inbox
from segcore.prompting.overlay import overlay
from segcore.prompting.replay import Reply
from segcore.techniques import score
from segcore.ui.techniques import (
    all_objects,
    alternatives,
    findings,
    keeping,
    pointer,
    promptable,
    settings,
)
from segcore.ui.techniques.ground import Ground
from segcore.ui.techniques.networks import MODEL
from segcore.ui.techniques.promptable import Encoded
from segcore.ui.text import plain

_STATE, _PROBLEM = "techniques pointing", "techniques trouble"
_TYPED = "techniques typed"  # the text in the field, and which field it is


@dataclass(frozen=True)
class _State:
    """What acts change, kept in one piece.

    Streamlit may end a callback at each use of its own, because the next act has come. What was
    half written then would lose an act, or apply one twice.
    """

    picture: str = ""
    history: History = History()
    inbox: Inbox = Inbox()
    mount: str = ""


def show(ground: Ground, device: str) -> None:
    """Show the view, for which there must be a promptable model."""
    _view(ground, device, promptable.cards())


@st.fragment
def _view(ground: Ground, device: str, cards: list[Card]) -> None:
    card = _choose(cards)
    try:
        with st.spinner(f"{card.title} looks at the picture", show_time=True):
            encoded = promptable.encoded(ground, card, device)
    except zoo.ModelUnavailable as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    now = history(ground)
    settings.follow("prompts")
    reply, problem = None, st.session_state.pop(_PROBLEM, "")
    try:
        reply = encoded.replay.reply(now.acts)
    except (ActError, zoo.ModelUnavailable) as error:
        problem = str(error)
    stage, panel = st.columns([5, 2], gap="medium")
    with stage:
        _stage(ground, encoded, now, reply)
        if problem:
            st.warning(plain(problem), icon=":material/touch_app:")
        _typed(ground, now)
    with panel:
        begun = [findings.title(act.method) for act in now.acts if isinstance(act, From)]
        alternatives.show(encoded, reply, "".join(begun), lambda index: act(ground, Choose(index)))
        _truth(ground, reply)
        keeping.keep(ground, encoded, now, reply)
        _begin_from(ground)
        all_objects.show(ground, encoded, card, device)
        keeping.show(ground, encoded, now)
    embedding = encoded.predictor.embedding
    milliseconds = 1000 * embedding.seconds["encoder"]
    st.caption(
        f"{card.title}, on {embedding.device}: the picture was encoded once, in "
        f"{milliseconds:.0f} ms; each prompt only runs the small decoder. Masks are made at "
        f"{encoded.size[1]} × {encoded.size[0]} and exported at the picture's own size."
    )


def _truth(ground: Ground, reply: Reply | None) -> None:
    """Say how right the mask is, where that is known."""
    if reply is None or ground.truth is None:
        return
    small = images.resize_mask(reply.mask, (ground.truth.shape[0], ground.truth.shape[1]))
    st.markdown(f"IoU with the truth: **{score(small, ground.truth):.3f}**")


def _choose(cards: list[Card]) -> Card:
    names = [card.name for card in cards]
    chosen = settings.get("with", names[0])
    chosen = chosen if chosen in names else names[0]
    if len(cards) > 1:
        chosen = settings.bound(
            st.selectbox,
            "Promptable model",
            "with",
            chosen,
            lambda name: None if name == names[0] else name,
            options=names,
            format_func=lambda name: findings.title(MODEL + name),
            width=260,
        )
    return cards[names.index(chosen)]


# === The acts ===


def history(ground: Ground) -> History:
    """Return the acts on this picture: what the address says, with its undone states."""
    state = _state()
    known = state.history if state.picture == ground.key else History()
    text = settings.get("prompts", "")
    if text != to_text(known.acts):
        try:
            acts = parse(text, ground.size)
        except ActError:  # in the address, nonsense is passed over
            acts = ()
        known = known.to(acts) if known.acts or known.past else History(acts)
    if known is not state.history or state.picture != ground.key:
        st.session_state[_STATE] = replace(state, picture=ground.key, history=known)
    return known


def _state() -> _State:
    return st.session_state.get(_STATE, _State())


def _write(ground: Ground, new: History, inbox: Inbox | None = None, mount: str = "") -> None:
    """Keep acts, and which of a browser's they include, and tell them in the address."""
    state = _state()
    if inbox:
        state = replace(state, inbox=inbox, mount=mount)
    text = to_text(new.acts)
    settings.put_with(
        "prompts", text or None, _STATE, replace(state, picture=ground.key, history=new)
    )


def act(ground: Ground, what) -> None:
    """Apply an act or a step; one too many becomes a sentence."""
    try:
        _write(ground, history(ground).step(what))
    except ActError as error:
        st.session_state[_PROBLEM] = str(error)


def _receive(ground: Ground) -> None:
    """Take the acts that the browser reports, each once."""
    message = pointer.message()
    if message is None:
        return
    inbox, new, problem = _state().inbox.receive(message, ground.key, ground.size)
    known = history(ground)
    for what in new:
        try:
            known = known.step(what)
        except ActError as error:
            problem = str(error)
    _write(ground, known, inbox, str(message.get("who", ""))[:40])
    if problem:
        st.session_state[_PROBLEM] = problem


# === The parts ===


def _stage(ground: Ground, encoded: Encoded, now: History, reply: Reply | None) -> None:
    kept = keeping.kept(ground)
    layers = [(thing.patch, thing.colour) for thing in kept]
    if reply is not None:
        layers.append((Patch(0, 0, reply.mask), objects.CURRENT))
    state = _state()
    pointer.show(
        ground.key,
        lambda: encoded.jpeg,
        ground.size,
        overlay(layers, encoded.size),
        _alt(ground, reply),
        now,
        (state.mount, state.inbox.last.get(state.mount, 0)),
        lambda: _receive(ground),
        labels=keeping.labels(kept, ground, encoded),
    )


def _alt(ground: Ground, reply: Reply | None) -> str:
    if reply is None:
        return f"{ground.alt}; nothing is pointed at yet"
    share = 100 * float(reply.mask.mean())
    return f"{ground.alt}; the mask covers {share:.1f} % of it"


def _typed(ground: Ground, now: History) -> None:
    """Show the acts as text to type in.

    A text that the server changes is a new widget each time: a browser that is slow still has
    the old one, and what that reports is the text that the server gave it, not one typed.
    """
    text = to_text(now.acts)
    shown, number = st.session_state.get(_TYPED, ("", 0))
    if text != shown:
        number += 1
    st.session_state[_TYPED] = (text, number)
    key = f"techniques-typed-prompts-{number}"
    st.text_input(
        "Prompts as text",
        text,
        key=key,
        on_change=lambda: _take_text(ground, st.session_state[key], text),
        placeholder="120,80 -200,95 20,30,200,180",
        help="In pixels of the picture, from its upper left corner: 120,80 adds what is there, "
        "-200,95 subtracts it, 20,30,200,180 is a box (x_min, y_min, x_max, y_max), =2 takes "
        "the second mask, from:otsu begins from a method's mask.",
    )


def _take_text(ground: Ground, text: str, given: str) -> None:
    if text == given:
        return
    try:
        acts = parse(text, ground.size)
    except ActError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    _write(ground, history(ground).to(acts))
    if text == to_text(acts):  # the field says it already and keeps the focus
        st.session_state[_TYPED] = (text, st.session_state[_TYPED][1])


def _begin_from(ground: Ground) -> None:
    with st.popover("Refine a method's mask", icon=":material/auto_fix_high:", width="stretch"):
        names = findings.all_names()
        name = st.selectbox("Method", names, format_func=findings.title, key="techniques-from")
        st.button(
            "Begin from its mask",
            on_click=act,
            args=(ground, From(name)),
            width="stretch",
            key="techniques-begin",
            help="It replaces the prompts; clicks then correct it",
        )
