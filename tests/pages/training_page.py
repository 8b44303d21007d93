"""What the tests of the page Training share: a visit, its widgets, and runs to look at."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

from segcore.training.recipes import RECIPES
from segcore.training.store import RunStore

ROOT = Path(__file__).resolve().parents[2]


def visit(**address) -> AppTest:
    page = AppTest.from_file(ROOT / "pages" / "training.py", default_timeout=60)
    for key, value in address.items():
        page.query_params[key] = value
    page.run()
    assert not page.exception, page.exception
    return page


def widget(page: AppTest, key: str):
    kinds = (
        "text_input",
        "text_area",
        "selectbox",
        "slider",
        "number_input",
        "toggle",
        "multiselect",
    )
    return next(w for kind in kinds for w in page.get(kind) if w.key == key)


def press(page: AppTest, label: str) -> None:
    next(b for b in page.button if b.label == label).click().run()
    assert not page.exception, page.exception


def change(page: AppTest, **values) -> None:
    """Set widgets of the form, one after the other."""
    for key, value in values.items():
        widget(page, f"form-{key}").set_value(value).run()
        assert not page.exception, page.exception


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def begin(store: RunStore, name: str, epochs: int = 3, **recipe) -> Path:
    """Write a run as a training leaves it."""
    store.create(name)
    folder = store.root / name
    settings = {**RECIPES["lecture-32x25"].to_dict(), "epochs": epochs, **recipe}
    run = store.get(name).run
    run.create({"recipe": settings, "data": ["synthetic"], "init": None, "created": 1.0})
    for epoch in range(1, epochs + 1):
        run.append("epochs", {
            "epoch": epoch, "loss": 1 / epoch, "mean_iou": epoch / 10, "val_loss": 1.1 / epoch,
            "val_mean_iou": epoch / 11, "elapsed": epoch, "seconds": 1.0,
        })  # fmt: skip
        run.append("steps", {"epoch": epoch, "step": epoch, "loss": 1 / epoch, "elapsed": epoch})
    run.write_status(state="finished", pid=1, started=1.0, time=1.0, epoch=epochs, step=0)
    return folder


def command(page: AppTest) -> str:
    return page.code[0].value
