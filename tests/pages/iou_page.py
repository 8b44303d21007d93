"""The page IoU calculator in Streamlit's own test harness: what a visitor does there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

SCRIPT = Path(__file__).resolve().parents[2] / "pages" / "iou.py"
EDGES = ("x_min", "y_min", "x_max", "y_max")
WIDTH = 320  # of the canvas: no browser tells another


def visit(**address: str) -> AppTest:
    """Open the page at an address."""
    page = AppTest.from_file(SCRIPT, default_timeout=120)
    page.session_state["column widths"] = {"iou": WIDTH}
    page.query_params.update(address)
    page.run()
    assert not page.exception, page.exception
    return page


def metric(page: AppTest, label: str = "IoU") -> str:
    """Return one of the large figures, as it is shown."""
    return next(m.value for m in page.metric if m.label == label)


def address(page: AppTest) -> dict[str, str]:
    """Return the address's parameters, each as one text."""
    params = page.query_params
    return {k: v if isinstance(v, str) else v[-1] for k, v in params.items()}


def press(page: AppTest, key: str) -> None:
    """Press a button by its key."""
    page.button(key=key).click().run()
    assert not page.exception


def field(app: AppTest, name: str) -> Any:
    """Return a field of the calculator: its key goes on with the shape and the edition."""
    fields = (*app.number_input, *app.text_area)
    return next(w for w in fields if re.fullmatch(rf"{re.escape(name)}(-\d+-\d+)", w.key))


def source(app: AppTest, name: str) -> Any:
    """Return the picker of a side's source: its key goes on with the picture."""
    return next(w for w in app.selectbox if w.key.startswith(f"{name}-"))


def type_box(page: AppTest, side: str, box: tuple[float, ...]) -> None:
    """Type all four numbers of a side's shape, then run."""
    for name, value in zip(EDGES, box, strict=True):
        field(page, f"iou-{side}-{name}").set_value(value)
    page.run()
