"""The model picker and what a model's card says."""

from __future__ import annotations

import streamlit as st

from segcore.inference import zoo


def pick() -> zoo.Card | None:
    """Show the model picker; return the card, None if that model cannot be used."""
    names = zoo.names()
    if not names:
        st.error("There is no model: weights/ is empty; fetch the repository again.")
        return None
    name = st.selectbox("Model", names, key="model", bind="query-params")
    try:
        card = zoo.card(name)
    except zoo.ModelUnavailable as error:
        st.error(str(error), icon=":material/error:")
        return None
    figures = card.metrics.get("test", {})
    st.caption(
        f"**{card.title}** · {card.parameters / 1e6:.1f} M parameters · "
        f"IoU {figures['iou_dataset']:.3f} on {figures['images']} test pictures"
    )
    if problem := zoo.problem(card):
        st.error(problem, icon=":material/error:")
        return None
    return card


def show(card: zoo.Card) -> None:
    """Show a card in full, folded away at first."""
    with st.expander("About this model", icon=":material/info:"):
        st.markdown(card.summary)
        figures = card.metrics["test"]
        rows = {
            "Architecture": card.architecture,
            "Input": f"{card.side} px, " + ("aspect kept" if card.keep_aspect else "square"),
            "Trained on": card.training["data"],
            "Terms of the data": card.training["terms"],
            "Recipe": card.training["recipe"],
            "Cost": f"{card.training['minutes']} minutes on {card.training['machine']}",
            "IoU, all test pixels": f"{figures['iou_dataset']:.4f}",
            "IoU, mean of pictures": f"{figures['iou_per_image']:.4f}",
            "Mean IoU": f"{figures['miou']:.4f}",
            "Dice": f"{figures['dice']:.4f}",
            "Pixel accuracy": f"{figures['pixel_accuracy']:.4f}",
        }
        st.table({"": list(rows), " ": list(rows.values())}, hide_index=True, hide_header=True)
