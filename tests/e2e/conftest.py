"""A real server and a real browser."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from benchmarks._server import ROOT, Server, serve
from segcore.inference import zoo

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATIENCE = 30_000  # milliseconds; only a page that is broken takes so long
# streamlit-drawable-canvas draws once more when its pictures are there, even if it is gone then.
CANVAS_GONE = ("Cannot read properties of undefined (reading 'clearRect')",)
IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'

expect.set_options(timeout=PATIENCE)


def executable() -> str:
    """Return the browser: ``SEGCORE_BROWSER``, one that is installed, or Playwright's own."""
    named = os.environ.get("SEGCORE_BROWSER")
    found = named or next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        with sync_playwright() as playwright:
            found = playwright.chromium.executable_path
    if not Path(found).is_file():
        pytest.fail(
            f"There is no browser at {found!r}; run `python scripts/install_browser.py`, or put "
            "the path of a Chromium into SEGCORE_BROWSER.",
            pytrace=False,
        )
    return found


class Tab:
    """A page of the app in a browser tab, by what a visitor sees."""

    def __init__(self, page: Page, url: str):
        self.page, self.url = page, url

    def goto(self, path: str, address: dict[str, str]) -> None:
        """Go to an address."""
        query = f"?{urlencode(address, doseq=True)}" if address else ""
        self.page.goto(path if "://" in path else f"{self.url}{path}{query}")

    def settle(self) -> Self:
        """Wait until the script has ended and every picture is loaded."""
        expect(self.page.locator(IDLE)).to_be_attached()
        self.page.wait_for_function(
            "() => [...document.images].every(i => i.complete && i.naturalWidth > 0)",
            timeout=PATIENCE,
        )
        return self

    @property
    def address(self) -> dict[str, str]:
        """The parameters in the page's address."""
        return {k: v[-1] for k, v in parse_qs(urlsplit(self.page.url).query).items()}

    def wait_for_address(self, **wanted: str) -> None:
        """Wait until the page's address carries these parameters and the script has ended."""
        pairs = [urlencode({name: value}) for name, value in wanted.items()]
        self.page.wait_for_url(lambda url: set(pairs) <= set(urlsplit(url).query.split("&")))
        self.settle()

    def choose(self, group: str, option: str) -> None:
        """Choose an option of a segmented control."""
        control = self.page.get_by_role("radiogroup", name=group)
        control.get_by_text(option, exact=True).click()
        expect(control.get_by_role("radio", name=option)).to_be_checked()

    def download(self, button: str) -> tuple[str, bytes]:
        """Press a download button; return the file's name and content."""
        self.settle()
        with self.page.expect_download(timeout=PATIENCE) as download:
            self.page.get_by_test_id("stDownloadButton").get_by_role("button", name=button).click()
        return download.value.suggested_filename, Path(download.value.path()).read_bytes()


class SegmentPage(Tab):
    """The page Segment."""

    def open(self, path: str = "/", **address: str) -> SegmentPage:
        """Go to an address and wait until its picture is there."""
        self.goto(path, address)
        expect(self.result).to_be_visible()
        return self.settle()

    @property
    def result(self) -> Locator:
        """The segmented picture."""
        return self.page.get_by_role("img", name=re.compile("marked as pet"))

    @property
    def text(self) -> str:
        """The result's alternative text, with the view and the percentage."""
        return self.result.get_attribute("alt") or ""

    def settle_result(self) -> bytes:
        """Return the bytes of the result's file, which come with the page, once it is at rest."""
        self.settle()
        source = self.result.get_attribute("src") or ""
        assert source.startswith("data:image/"), source[:80]
        return base64.b64decode(source.partition(",")[2])

    def upload(self, *paths: Path) -> None:
        """Add files through the browser's file dialogue."""
        radio = self.page.get_by_role("radio", name="Upload")
        if not radio.is_checked():
            self.choose("Pictures from", "Upload")
        uploader = self.page.get_by_test_id("stFileUploader")
        with self.page.expect_file_chooser() as chooser:
            uploader.get_by_role("button", name=re.compile("^(Upload|Add files)$")).click()
        chooser.value.set_files(paths)

    def threshold(self, key: str, times: int = 1) -> None:
        """Press a key on the threshold's slider."""
        slider = self.page.get_by_role("slider", name="Threshold")
        slider.focus()
        for _ in range(times):
            slider.press(key)


# === Fixtures ===


@pytest.fixture(scope="session")
def weights() -> None:
    """Fail at once without the shipped models, not after minutes of waiting for a mask."""
    if missing := {"pets", "pets-lecture"} - set(zoo.names()):
        pytest.fail(f"{zoo.WEIGHTS} lacks {', '.join(sorted(missing))}.", pytrace=False)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Run the app for all tests that do not need a server of their own."""
    with serve() as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start a Chromium without a window; module by module, as Playwright keeps an event loop."""
    path = executable()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(
    weights: None, browser: Browser, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Any]]:
    """Return a function that gives a new visitor's tab; none may log an error in its console.

    It takes the tab's size, the class of the page (Segment's at first) and other options of
    Playwright's contexts.
    """
    errors: list[str] = []
    contexts = []

    def start(
        width: int = 1280,
        height: int = 900,
        url: str = "",
        kind: type[Tab] = SegmentPage,
        **options,
    ) -> Tab:
        url = url or request.getfixturevalue("server").url
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: str(error) in CANVAS_GONE or errors.append(str(error)))
        page.on("console", lambda message: _note(message, url, errors))
        return kind(page, url)

    yield start
    for context in contexts:
        context.close()
    assert not errors, "the browser's console has errors:\n" + "\n".join(errors)


def _note(message, url: str, errors: list[str]) -> None:
    """Keep an error of the console.

    Except: Streamlit's probes of its base path; a host out there; a picture that the next
    run of the script has overtaken (that all which stay are loaded, `settle` makes sure).
    """
    place = message.location.get("url", "")
    outside = "://" in place and not place.startswith(url)
    overtaken = "/media/" in place + message.text
    if message.type == "error" and not (outside or overtaken or "/_stcore/" in place):
        errors.append(f"{message.text} ({place})")


@pytest.fixture
def segment(tmp_path: Path) -> Callable[..., dict[str, bytes]]:
    """Return a function that runs ``python -m segcore segment`` and gives the files by name."""

    def run(*paths: Path, **options: object) -> dict[str, bytes]:
        out = tmp_path / "command-line"
        command = [sys.executable, "-m", "segcore", "segment", *map(str, paths), "--out", str(out)]
        for name, value in options.items():
            command += [f"--{name}", str(value)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return {file.name: file.read_bytes() for file in out.iterdir()}

    return run
