"""The training monitor in a real browser: real trainings, started, watched and stopped there."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks._server import serve
from segcore.training.control import Control
from segcore.training.store import RunStore
from tests.pages.training_page import begin

from .conftest import SegmentPage, Tab

TRAINING = 180_000  # milliseconds for what a training at low priority does on a busy machine
EPOCHS = 40
QUICK = ["side=32", "options.base_width=2"]  # the lecture's network, but narrow
SMALL = {"recipe": "lecture-32x25", "data": "synthetic"}


class TrainingPage(Tab):
    """The page Training."""

    def open(self, path: str = "/training", **address) -> TrainingPage:
        """Go to an address and wait until the page is drawn; counts the script's runs from now."""
        self.full_runs = self.part_runs = 0
        self.page.on("websocket", lambda socket: socket.on("framereceived", self._count))
        self.goto(path, address)
        expect(self.page.get_by_role("heading", name="Training")).to_be_visible()
        return self

    def _count(self, payload: str | bytes) -> None:
        message = ForwardMsg()
        message.ParseFromString(payload if isinstance(payload, bytes) else payload.encode())
        if message.WhichOneof("type") == "script_finished":
            end = message.script_finished
            self.part_runs += end == ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY
            self.full_runs += end == ForwardMsg.FINISHED_SUCCESSFULLY

    def start(self, title: str, *settings: str) -> None:
        """Fill in the form by the address, name the run and start it."""
        self.open(panel="Start", **SMALL, set=[*QUICK, *settings])
        name = self.settle().page.get_by_role("textbox", name="Name of the run")
        name.fill(title)
        name.press("Enter")
        expect(self.page.locator("code")).to_contain_text(f"runs/{title}")
        self.press("Start the training")
        expect(self.progress).to_be_visible(timeout=TRAINING)

    def press(self, button: str) -> None:
        """Press a button of the page; not Streamlit's own Stop, which shows on a slow machine."""
        own = self.page.locator("button:not([kind=header])")
        self.page.get_by_role("button", name=button, exact=True).and_(own).click()

    @property
    def progress(self):
        """The bar of a training that is at work."""
        return self.page.get_by_text(re.compile(r"Trains · epoch \d+ of \d+"))

    @property
    def epoch(self) -> int:
        """The epoch that the bar tells."""
        return int(re.search(r"epoch (\d+) of", self.progress.inner_text())[1])

    def wait_for_epoch(self, number: int) -> None:
        """Wait until the bar tells this epoch or a later one."""
        pattern = "|".join(str(n) for n in range(number, number + 200))
        expect(self.page.get_by_text(re.compile(rf"epoch ({pattern}) of"))).to_be_visible(
            timeout=TRAINING
        )

    def wait_for_end(self, epochs: int) -> None:
        """Wait until the run is finished."""
        end = self.page.get_by_text(f"Finished · {epochs} of {epochs} epochs")
        expect(end).to_be_visible(timeout=TRAINING)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    store = RunStore(tmp_path / "runs")
    yield store
    control = Control(store)
    for entry in store.list():
        if (status := control.status(entry.name)).handle:
            psutil.Process(status.handle.pid).kill()


@pytest.fixture
def app(visit, store: RunStore, tmp_path: Path):
    """Return a context manager: a server of its own for the runs of the store, and a tab."""

    @contextmanager
    def run(width: int = 1280, height: int = 900, **environment: str) -> Iterator[TrainingPage]:
        own = {"SEGCORE_RUNS": str(store.root), "SEGCORE_MODELS": str(tmp_path / "models")}
        with serve(env={**own, **environment}) as server:
            tab = visit(width, height, url=server.url, kind=TrainingPage)
            try:
                yield tab
            finally:
                tab.page.close()  # before the server, whose end it would complain about

    return run


def test_a_training_from_the_form_to_the_page_segment(app, store) -> None:
    with app() as tab:
        tab.start("first", f"epochs={EPOCHS}")
        tab.wait_for_epoch(2)

        # Updates without a full rerun.
        full, parts, epoch = tab.full_runs, tab.part_runs, tab.epoch
        tab.wait_for_epoch(epoch + 1)
        limit = time.monotonic() + TRAINING / 1000
        while tab.part_runs < parts + 12 and time.monotonic() < limit:
            tab.page.wait_for_timeout(200)
        assert tab.part_runs >= parts + 12
        assert tab.full_runs == full

        # Reload in the middle.
        tab.page.reload()
        expect(tab.progress).to_be_visible()
        assert tab.address["run"] == "first"

        # Stop and resume.
        tab.press("Stop")
        expect(tab.page.get_by_text("Stopped; it can be resumed")).to_be_visible(timeout=TRAINING)
        kept = store.get("first").run.last_epoch()
        assert kept >= 2 and Control(store).state("first") == "stopped"
        tab.press("Resume")
        tab.wait_for_epoch(kept + 1)

    # The server is gone; the training is not.
    assert Control(store).state("first") == "running"
    with app() as tab:
        tab.open(run="first")
        expect(tab.progress).to_be_visible()
        tab.wait_for_end(EPOCHS)
        records = store.get("first").run.records("epochs")
        assert [record["epoch"] for record in records] == list(range(1, EPOCHS + 1))

        # The pictures of another epoch.
        last = tab.page.get_by_text(re.compile(f"Validation picture 1 · epoch {EPOCHS} · IoU"))
        expect(last).to_be_visible()
        slider = tab.page.get_by_role("slider", name="Epoch")
        slider.focus()
        slider.press("Home")
        expect(
            tab.page.get_by_text(re.compile("Validation picture 1 · epoch 1 · IoU"))
        ).to_be_visible()
        expect(last).to_have_count(0)

        # As a model on Segment.
        tab.settle().press("Use on Segment")
        model = tab.page.get_by_role("textbox", name="Name of the model")
        model.fill("my-first")
        model.press("Enter")
        tab.settle().press("Export")
        link = tab.page.get_by_role("link", name="Open it on Segment")
        expect(link).to_be_visible(timeout=TRAINING)
        link.click()
        segment = SegmentPage(tab.page, tab.url)
        expect(segment.result).to_be_visible()
        expect(segment.page.get_by_role("radio", name="my-first")).to_be_checked()


def test_runs_are_compared_and_cleared_away(app, store) -> None:
    begin(store, "one", epochs=2)
    begin(store, "two", epochs=2, batch=64, options={"dropout": 0.25})
    with app() as tab:
        tab.open(panel="Compare", **{"with": ["one", "two"]})
        for chart in ("Loss by epoch of one, two", "Mean IoU by epoch of one, two"):
            expect(tab.page.get_by_role("figure", name=chart)).to_be_visible()
        table = tab.page.get_by_test_id("stTable").first
        for text in ("batch", "dropout"):
            expect(table).to_contain_text(text)
        expect(table).not_to_contain_text("epochs")
        tab.press("The lecture's three runs")
        expect(
            tab.page.get_by_role("figure", name=re.compile("Loss by epoch of Lecture"))
        ).to_be_visible()

        tab.open(run="two")
        tab.press("Delete")
        tab.press("Yes, delete it")
        expect(tab.page.get_by_text("two", exact=True)).to_have_count(0)
        assert "two" not in store and "one" in store


def test_without_permission_the_shipped_runs_are_there(app) -> None:
    with app(SEGCORE_ALLOW_TRAINING="0") as tab:
        tab.open()
        expect(tab.page.get_by_role("figure", name="Mean IoU by epoch")).to_be_visible()
        expect(tab.page.get_by_text(re.compile("Finished · 40 of 40"))).to_be_visible()
        for button in ("Resume", "Delete", "Clone with changes", "Use on Segment"):
            expect(tab.page.get_by_role("button", name=button)).to_have_count(0)
        tab.choose("Panel", "Start")
        expect(tab.page.get_by_text("Trainings cannot be started on this server")).to_be_visible()
        expect(tab.page.get_by_role("button", name="Start the training")).to_have_count(0)


def test_a_telephone_scrolls_in_one_direction_only(app) -> None:
    with app(390, 844) as tab:
        for panel, mark in (
            ("Watch", "What it sees"),
            ("Compare", "Results"),
            ("Start", "Network"),
        ):
            tab.open(panel=panel)
            expect(tab.page.get_by_text(mark, exact=True)).to_be_visible()
            overflow = tab.settle().page.evaluate(
                "() => [document.documentElement, document.querySelector('[data-testid=stMain]')]"
                ".map(e => e.scrollWidth - e.clientWidth)"
            )
            assert overflow == [0, 0], panel
            texts = [img.get_attribute("alt") for img in tab.page.locator("img").all()]
            assert all(texts), panel
