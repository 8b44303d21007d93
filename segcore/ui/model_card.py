"""The model picker and what a model's card says."""

from __future__ import annotations

import streamlit as st

from segcore.inference import zoo

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
    names = zoo.names()
    if not names:
        st.error("There is no model: weights/ is empty; fetch the repository again.")
        return None
    name = st.radio("Model", names, captions=_captions(), key="model", bind="query-params")
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
            "Terms of the data": training["terms"],
            "Recipe": training["recipe"],
            "Cost": f"{training['minutes']} minutes on {training['machine']}",
            "Test pictures": str(figures.get("images", "not measured yet")),
            **{title: f"{figures[key]:.4f}" for key, title in FIGURES.items() if key in figures},
        }
        st.table({"": list(rows), " ": list(rows.values())}, hide_index=True, hide_header=True)


def _captions() -> list[str]:
    captions = []
    for name in zoo.names():
        try:
            card = zoo.card(name)
        except zoo.ModelUnavailable:
            captions.append("unavailable")
            continue
        figures = card.metrics.get("test")
        quality = f"IoU {figures['iou_dataset']:.3f}" if figures else "not measured yet"
        captions.append(f"{card.title} · {card.parameters / 1e6:.1f} M parameters · {quality}")
    return captions
