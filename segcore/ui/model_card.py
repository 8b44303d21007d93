"""The model picker and what a model's card says."""

from __future__ import annotations

import streamlit as st

from segcore.inference import zoo
from segcore.ui import tables
from segcore.ui.text import plain

FIGURES = {
    "iou_dataset": "IoU, all test pixels",
    "iou_per_image": "IoU, mean of pictures",
    "miou": "Mean IoU of pet and background",
    "dice": "Dice",
    "precision": "Precision",
    "recall": "Recall",
    "pixel_accuracy": "Pixel accuracy",
}


def pick() -> zoo.Card | None:
    """Show the models with their figures; return one's card, None if it cannot be used."""
    names = zoo.names_for("binary")
    if not names:
        st.error("There is no model: weights/ is empty; fetch the repository again.")
        return None
    captions = [_caption(name) for name in names]
    name = st.radio("Model", names, captions=captions, key="model", bind="query-params")
    try:
        card = zoo.card(name)
    except zoo.ModelUnavailable as error:
        st.error(str(error), icon=":material/error:")
        return None
    if problem := zoo.problem(card):
        st.error(problem, icon=":material/error:")
        return None
    return card


def show(card: zoo.Card) -> None:
    """Show a card in full, folded away at first."""
    with st.expander("About this model", icon=":material/info:"):
        st.markdown(card.summary)
        figures = card.metrics.get("test", {})
        training = card.training
        rows = {
            "Architecture": card.architecture,
            "Parameters": f"{card.parameters:,}",
            "Input": f"{card.side} px, " + ("aspect kept" if card.keep_aspect else "square"),
            "Trained on": training["data"],
            "Recipe": training["recipe"],
            "Cost": f"{training['minutes']} minutes on {training['machine']}",
            "Test pictures": str(figures.get("images", "not measured")),
            **{title: _figure(figures.get(key)) for key, title in FIGURES.items()},
        }
        tables.show({"Model": list(rows), card.title: list(rows.values())})
        st.caption(f"Terms of the data: {plain(training['terms'])}")


def _caption(name: str) -> str:
    try:
        card = zoo.card(name)
    except zoo.ModelUnavailable:
        return "unavailable"
    if zoo.problem(card):
        return "unavailable"
    figures = card.metrics.get("test", {})
    size = f"{card.parameters / 1e6:.1f} M parameters"
    return f"{card.title} · {size} · IoU {_figure(figures.get('iou_dataset'), 3)}"


def _figure(value: float | None, digits: int = 4) -> str:
    return "not measured" if value is None else f"{value:.{digits}f}"
