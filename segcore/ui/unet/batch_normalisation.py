"""Batch normalisation, the last part of the view Regularisation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from segcore.ui import tables
from segcore.ui.unet.controls import in_training, slider
from segcore.unet.histograms import histograms
from segcore.unet.regularisation import (
    Averages,
    activation_batches,
    normalise,
    statistics,
    update,
)

BATCHES = 3
AFTER = 6.0  # half of the second histogram's axis, the same for most settings: one sees it move


@st.fragment
def show() -> None:
    """Show the part with its heading."""
    st.markdown("#### Batch normalisation")
    st.markdown(
        "Batch normalisation takes each channel, subtracts its mean and divides by its spread; "
        "then two learned numbers, **gamma** and **beta**, set spread and mean as the network "
        "likes. This allows larger steps, so trainings are quicker, and since each picture depends "
        "a little on the others in its batch, it also acts against learning by heart. Its authors "
        "explain it so: while the early layers learn, what they pass on keeps changing its mean "
        "and spread, and the later layers have to follow ([Ioffe and Szegedy 2015]"
        "(https://arxiv.org/abs/1502.03167)). Why it works is still debated: [Santurkar et al. "
        "2018](https://arxiv.org/abs/1805.11604) find that it makes the loss smoother instead."
    )
    drift, growth, gamma, beta = _sliders()
    batches = activation_batches(drift, growth, BATCHES)
    averages = _averages(batches)
    results = [normalise(batch, averages, gamma, beta) for batch in batches]
    _charts(batches, results)
    _table(batches, results, averages)
    st.markdown(
        "**In this project:** the lecture's U-Net has it as an option, off at first as in the "
        "lecture; the recipe for your own pictures turns it on. The pet model with an "
        "EfficientNet-Lite encoder uses it after the convolutions of both sides of its U; the "
        "frozen first blocks of its encoder keep their running averages of ImageNet. In the "
        "encoder of the models for scenes and prompts, averages, gamma and beta of ImageNet are "
        "folded into the convolutions' weights: no layer of its own is left there, and a training "
        "step is quicker."
    )


def _sliders() -> tuple[float, float, float, float]:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        drift = slider("Mean rises by", 0.0, 5.0, 3.0, 0.5, "bn-rise")
        growth = slider("Spread grows by", 0.5, 2.0, 1.5, 0.1, "bn-growth")
        gamma = slider("Gamma", 0.0, 2.0, 1.0, 0.1, "bn-gamma")
        beta = slider("Beta", -3.0, 3.0, 0.0, 0.1, "bn-beta")
    return drift, growth, gamma, beta


def _averages(batches: Sequence[NDArray[np.float32]]) -> Averages | None:
    """Show the mode; return the running averages of a prediction, None in training."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        training = in_training("bn-mode")
        seen = st.slider(
            "Batches seen in training",
            0,
            600,
            300,
            30,
            key="bn-seen",
            bind="query-params",
            width=180,
            disabled=training,
        )
    if training:
        st.caption("In training each batch is normalised by its own mean and spread.")
        return None
    averages, own = Averages.start(1), [statistics(batch) for batch in batches]
    for i in range(seen):
        averages = update(averages, own[i % len(own)])
    st.caption(
        "A prediction may be of one picture alone, so it uses running averages that the training "
        f"kept: now mean {averages.mean[0]:.2f} and spread {np.sqrt(averages.variance[0]):.2f}. "
        "They start at 0 and 1, and each batch moves them by a hundredth of the way: after few "
        "batches they are still wrong."
    )
    return averages


def _charts(batches: Sequence[NDArray[np.float32]], results: Sequence[NDArray[np.float32]]) -> None:
    shown = (
        ("Before", batches, _limits(batches, 0)),
        ("After", results, _limits(results, AFTER)),
    )
    for column, (title, values, limits) in zip(st.columns(2, gap="large"), shown, strict=True):
        with column:
            st.markdown(f"**{title}**")
            means = ", ".join(f"{value.mean():.2f}" for value in values)
            st.plotly_chart(
                histograms(values, limits),
                key=f"bn-{title.lower()}",
                config={"displayModeBar": False},
                alt=f"Histograms of three batches {title.lower()} normalisation, means {means}",
            )


def _limits(batches: Sequence[NDArray[np.float32]], least: float) -> tuple[float, float]:
    """Return whole numbers that hold all values and reach at least so far both ways."""
    low = min(float(batch.min()) for batch in batches)
    high = max(float(batch.max()) for batch in batches)
    return min(-least, float(np.floor(low))), max(least, float(np.ceil(high)))


def _table(
    batches: Sequence[NDArray[np.float32]],
    results: Sequence[NDArray[np.float32]],
    averages: Averages | None,
) -> None:
    own = [statistics(batch) for batch in batches]
    used = own if averages is None else [averages] * len(batches)
    columns = {
        "Batch": [str(i + 1) for i in range(len(batches))],
        "Mean": [f"{mean[0]:.2f}" for mean, _ in own],
        "Spread": [f"{np.sqrt(variance[0]):.2f}" for _, variance in own],
        "Mean used": [f"{mean[0]:.2f}" for mean, _ in used],
        "Spread used": [f"{np.sqrt(variance[0]):.2f}" for _, variance in used],
        "Mean after": [f"{result.mean() + 0:.2f}".replace("-0.00", "0.00") for result in results],
        "Spread after": [f"{result.std():.2f}" for result in results],
    }
    tables.show(columns, right=columns.keys() - {"Batch"})
