"""When each family wins and when it fails, with buttons that show it."""

from __future__ import annotations

import streamlit as st

from segcore.techniques.families import GUIDES, Case
from segcore.techniques.samples import bench_samples
from segcore.ui.techniques import findings, settings
from segcore.ui.techniques.ground import DEFAULT


def show() -> None:
    """Show the sentences of families at hand; a button opens sample and method that prove each."""
    st.subheader("When which family wins, and when it fails", anchor=False)
    known = findings.all_names()
    for family, guide in GUIDES.items():
        if guide.wins.method not in known:
            continue
        with st.container(border=True, gap="xsmall"):
            st.markdown(f"**{family}**")
            _case("wins", ":green[:material/check_circle:] Wins where", guide.wins, family)
            _case("fails", ":red[:material/cancel:] Fails where", guide.fails, family)


def _case(kind: str, start: str, case: Case, family: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"{start} {case.sentence}.", width="content")
        st.button(
            f"See {findings.title(case.method)} on {bench_samples()[case.sample].title}",
            key=f"techniques-{kind}-{family}",
            type="tertiary",
            icon=":material/visibility:",
            on_click=_open,
            args=(case,),
        )


def _open(case: Case) -> None:
    settings.forget_picture()
    settings.put("sample", None if case.sample == DEFAULT else case.sample)
    settings.put("view", "one")
    settings.put("method", case.method)
    settings.to_defaults(case.method)
    for name, value in case.values.items():
        settings.put(settings.address(case.method, name), value)
