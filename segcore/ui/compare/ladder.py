"""The ladder above the views: classification, localization, detection, instance segmentation."""

from __future__ import annotations

import numpy as np
import streamlit as st

from segcore import images
from segcore.labels import Instances
from segcore.scenes.ladder import Boxed, Ladder, ladder
from segcore.scenes.ladder_pictures import pictures
from segcore.ui.embedded import data_address

HTML = '<div class="ladder"></div>'
CSS = """
.ladder { display: grid; gap: .8rem; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr));
  font-family: var(--st-font); color: var(--st-text-color); }
figure { margin: 0; }
figcaption { font-weight: 600; margin-bottom: .2rem; }
img { width: 100%; border-radius: .4rem; }
p { margin: .1rem 0 0; font-size: .85rem; opacity: .8; }
"""
JS = """
export default function ({ data, parentElement }) {
  const make = (tag, values) => Object.assign(document.createElement(tag), values);
  parentElement.querySelector(".ladder").replaceChildren(...data.map((step) => {
    const figure = make("figure");
    figure.append(
      make("figcaption", { textContent: step.title }),
      make("img", { src: step.picture, alt: step.alt }),
      make("p", { textContent: step.text }),
    );
    return figure;
  }));
}
"""
_component = st.components.v2.component("segcore.ladder", html=HTML, css=CSS, js=JS)

SIDE = 320  # of the pictures, pixels at most
TITLES = {
    "classification": "Classification",
    "localisation": "+ localization",
    "detection": "Detection",
    "instances": "Instance segmentation",
}


def show(picture: np.ndarray, result: Instances, score: float, alt: str) -> None:
    """Show the four steps, made of the objects with at least a score.

    Parameters
    ----------
    picture : (h, w, 3) uint8
        Of at most `SIDE` pixels a side.
    result : Instances
    score : float
    alt : str
        What the picture shows.
    """
    steps = ladder(result, score)
    drawn = pictures(picture, steps, result)
    data = [
        {
            "title": TITLES[step],
            "picture": _address(drawn[step]),
            "alt": f"{alt}. {TITLES[step]}: {text}",
            "text": text,
        }
        for step, text in sentences(steps).items()
    ]
    _component(data=data, key="ladder")


def sentences(steps: Ladder) -> dict[str, str]:
    """Return what each step says, in words."""
    if not steps.detection:
        return dict.fromkeys(TITLES, "No object that the model knows")
    count = len(steps.detection)
    objects = f"{count} object{'s' * (count > 1)}"
    return {
        "classification": ", ".join(named.name for named in steps.classification),
        "localisation": _where(steps.localisation) if steps.localisation else "",
        "detection": f"{objects}, a box each: "
        + ", ".join(f"{named.count} × {named.name}" for named in steps.classification),
        "instances": f"{objects}, a mask each",
    }


def _where(box: Boxed) -> str:
    left, top, right, bottom = (round(value) for value in box.box)
    return f"{box.name}, one box: {left}, {top} to {right}, {bottom}"


def _address(pixels: np.ndarray) -> str:
    return data_address(images.encode_jpeg(pixels, 85))
