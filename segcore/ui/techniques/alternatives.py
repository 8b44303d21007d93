"""The masks that a promptable model proposes for the same prompts, to choose from."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from segcore import images, render
from segcore.prompting.kept import CURRENT
from segcore.prompting.replay import Reply
from segcore.ui.embedded import embedded_picture
from segcore.ui.techniques.promptable import Encoded
from segcore.ui.text import plain

WIDTH = 220  # pixels of a thumbnail


def show(encoded: Encoded, reply: Reply | None, origin: str, choose: Callable[[int], None]) -> None:
    """Show the alternatives with their predicted IoU; a press on one chooses it.

    Parameters
    ----------
    encoded, reply
    origin : str
        The method whose mask the prompts began from, or nothing.
    choose : callable
        Called with the number of the one that is pressed, from 0 on.
    """
    if reply is None:
        st.markdown(
            "**Click** what you mean; with *Subtract*, or Shift, what is too much. Or **drag** a "
            "box around all of it: nothing outside is taken. The mask follows."
        )
        return
    if len(reply.masks) < 2:
        st.caption(f"The mask of {plain(origin)}: click to add to it or to subtract.")
        return
    small = images.decode(encoded.jpeg)
    small = images.fit(small, WIDTH)
    with st.container(horizontal=True, gap="small", key="techniques-alternatives", wrap=False):
        for index, (mask, score) in enumerate(zip(reply.masks, reply.scores, strict=True)):
            chosen = index == reply.chosen
            words = f"Mask {index + 1}: predicted IoU {score:.2f}"
            with st.container(gap="xxsmall"):
                part = images.resize_mask(mask, (small.shape[0], small.shape[1]))
                drawn = render.overlay(small, part, CURRENT, 0.65)
                embedded_picture(drawn, words)
                st.button(
                    f"**{score:.2f}**" if chosen else f"{score:.2f}",
                    key=f"techniques-mask-{index}",
                    type="secondary" if chosen else "tertiary",
                    icon=":material/check:" if chosen else None,
                    on_click=choose,
                    args=(index,),
                    width="stretch",
                    help=words + ("; this one counts" if chosen else ""),
                )
    st.caption(
        "Three answers to the same prompts, each with the IoU that the model expects of it. One "
        "click may mean each, and the likeliest is ticked; of several prompts the first answer is "
        "made to fit them all."
    )
