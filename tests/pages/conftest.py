"""The page in Streamlit's own test harness: no server, no browser."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.runtime.scriptrunner import script_runner
from streamlit.testing.v1 import AppTest

from segcore.inference import runtime
from segcore.training.store import RunStore
from segcore.ui.text import WORD_JOINER

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("button_group", "color_picker", "radio", "selectbox", "slider", "toggle")
File = tuple[str, bytes]


def markdown_rows(table: str) -> list[dict]:
    """Read a Markdown table as it is seen, its numbers as numbers."""
    table = table.replace(WORD_JOINER, "")
    head, _, *rows = (
        [re.sub(r"\\(\W|_)", r"\1", cell.strip()) for cell in line.strip("|").split(" | ")]
        for line in table.splitlines()
    )
    return [{k: number(cell) for k, cell in zip(head, row, strict=True)} for row in rows]


def number(text: str) -> int | float | str:
    """Return the number that a cell shows, or else its text."""
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(text.replace(",", ""))
    return text


class SegmentPage:
    """The page Segment: what a visitor does there and what it answers."""

    def __init__(self, script: str, address: dict[str, str]):
        self.app = AppTest.from_file(ROOT / script, default_timeout=60)
        self.app.query_params.update(address)
        self.app.run()

    def widget(self, key: str) -> Any:
        """Return a widget by its key."""
        return next(w for kind in KINDS for w in self.app.get(kind) if w.key == key)

    def choose(self, key: str, value: object) -> None:
        """Set a widget by its key and run."""
        self.widget(key).set_value(value).run()

    def select(self, label: str, index: int) -> None:
        """Choose an option of a selectbox by its label and number."""
        next(w for w in self.app.selectbox if w.label == label).select_index(index).run()

    def click(self, label: str) -> None:
        """Press a button by its label."""
        next(w for w in self.app.button if w.label.strip("*") == label).click().run()

    def upload(self, files: Iterable[File]) -> None:
        """Put files in place of those that the uploader has."""
        if self.widget("source").value != "Upload":
            self.choose("source", "Upload")
        content = [(name, data, "application/octet-stream") for name, data in files]
        self.app.file_uploader[0].set_value(content).run()

    def healthy(self) -> bool:
        """Say whether the last run raised nothing and shows no error."""
        return not self.app.exception and not self.app.error

    def errors(self) -> list[str]:
        """Return the error boxes' texts as they are read, without Markdown's backslashes."""
        return [re.sub(r"\\(\W)", r"\1", error.value) for error in self.app.error]

    def rows(self) -> list[dict]:
        """Return the table of areas, [] without one."""
        tables = [m.value for m in self.app.markdown if m.value.startswith("| Picture |")]
        return markdown_rows(tables[0]) if tables else []

    def result(self) -> tuple[str, str]:
        """Return the result's address, which names its content, and its alternative text."""
        (picture,) = self.app.image[-1].proto.imgs
        return picture.url, picture.alt


@pytest.fixture(autouse=True, scope="session")
def _no_keras_to_clear() -> Iterator[None]:
    """Keep Streamlit from clearing Keras after each run, which takes longer than the page.

    The app's server has none in its process; here another test may have imported it.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(script_runner, "_clean_problem_modules", lambda: None)
        yield


@pytest.fixture
def open_page(monkeypatch) -> Callable[..., SegmentPage]:
    """Return a function that opens the page at an address: ``open_page(view="Mask")``."""
    monkeypatch.setenv("SEGCORE_DEVICE", "cpu")
    return lambda script="pages/segment.py", **address: SegmentPage(script, address)


@pytest.fixture
def network_runs(monkeypatch) -> list[tuple[int, ...]]:
    """Return a list that gets the input's shape each time a network runs."""
    shapes: list[tuple[int, ...]] = []
    run = runtime.OnnxEngine.outputs

    def counted(engine, *inputs):
        shapes.append(inputs[0].shape)
        return run(engine, *inputs)

    monkeypatch.setattr(runtime.OnnxEngine, "outputs", counted)
    return shapes


@pytest.fixture
def offered(monkeypatch) -> dict[str, dict]:
    """Return a dict that gets each download button's arguments, by its label."""
    import streamlit as st

    buttons: dict[str, dict] = {}
    show = st.download_button

    def recorded(label, data, file_name=None, mime=None, **options):
        buttons[label] = {"data": data, "file_name": file_name, "mime": mime}
        return show(label, data, file_name, mime, **options)

    monkeypatch.setattr(st, "download_button", recorded)
    return buttons


@pytest.fixture
def store(tmp_path, monkeypatch) -> RunStore:
    """Return the runs of a visitor who may train."""
    monkeypatch.setenv("SEGCORE_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("SEGCORE_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("SEGCORE_ALLOW_TRAINING", "1")
    return RunStore(tmp_path / "runs")
