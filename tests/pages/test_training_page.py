"""The page Training without a browser: the address, damaged and hostile runs."""

from __future__ import annotations

import gc
import io
import itertools
import json
import statistics
import time
import zipfile

import pytest

from segcore.training import downloads
from segcore.training.control import Control, Status

from .training_page import begin, press, visit, widget


def test_the_page_is_never_empty(store) -> None:
    page = visit()
    assert not page.error
    assert page.query_params["run"] == "shipped:lecture-64x40"
    assert "40 of 40 epochs" in " ".join(m.value for m in page.markdown)
    assert len(page.get("plotly_chart")) >= 2 and len(page.image) >= 4


@pytest.mark.parametrize("run", ["../../etc", "x" * 300, "a\nb", "shipped:../..", "nothing", ""])
def test_an_address_with_a_run_that_is_none_shows_another(store, run) -> None:
    page = visit(run=run)
    assert not page.error
    assert page.query_params["run"] == "shipped:lecture-64x40"


def test_a_run_can_be_renamed_annotated_and_cloned(store) -> None:
    begin(store, "mine", epochs=4, batch=5)
    page = visit(run="mine")
    widget(page, "title-mine").set_value("Yours now")
    page.text_area[0].set_value("a note")
    press(page, "Save")
    assert (store.get("mine").title, store.get("mine").notes) == ("Yours now", "a note")
    press(page, "Clone with changes")
    assert not page.exception and not page.error
    assert widget(page, "form-batch").value == 5 and widget(page, "form-epochs").value == 4


@pytest.mark.parametrize("looks", range(1, 6))
def test_a_training_that_ends_while_the_page_is_drawn_can_be_resumed(
    store, monkeypatch, looks
) -> None:
    begin(store, "mine")
    states = itertools.chain(["stopping"] * looks, itertools.repeat("stopped"))
    monkeypatch.setattr(Control, "status", lambda control, name: Status(next(states)))
    page = visit(run="mine")
    while any("Stops after this step" in bar.text for bar in page.get("progress")):
        page.run()
    assert any("it can be resumed" in m.value for m in page.markdown)
    assert "Resume" in [b.label for b in page.button]


def test_nothing_is_seen_or_changed_without_permission(store, monkeypatch) -> None:
    begin(store, "mine")
    monkeypatch.setenv("SEGCORE_ALLOW_TRAINING", "0")
    page = visit(run="mine")
    assert page.query_params["run"] == "shipped:lecture-64x40"
    assert "mine" not in widget(page, "picked_run").options
    assert not page.button
    page = visit(panel="Compare", **{"with": "mine"})
    assert not any("mine" in option for option in page.multiselect[0].options)
    page = visit(panel="Start")
    assert not page.button and "cannot be started" in page.info[0].value


@pytest.mark.parametrize("kind", ["link", "name"])
def test_an_entry_that_is_no_run_of_ours_is_told_in_a_sentence(store, tmp_path, kind) -> None:
    store.root.mkdir()
    if kind == "link":
        (store.root / "odd").symlink_to(tmp_path)
    else:
        (store.root / "o\nd").mkdir()
    for panel in ("Watch", "Compare", "Start"):
        visit(panel=panel)


def test_lengths_and_axes(store) -> None:
    begin(store, "mine", epochs=12)
    for axis in ("Epoch", "Step", "Time"):
        page = visit(run="mine", axis=axis, smoothing="0.6", log="true")
        charts = page.get("plotly_chart")
        assert len(charts) >= 2


@pytest.mark.alone
def test_ten_thousand_steps_draw_quickly(store) -> None:
    """Of the server: the whole page, with reading, drawing and sending."""
    folder = begin(store, "long", epochs=200)
    with open(folder / "steps.jsonl", "w") as file:
        for step in range(1, 10_001):
            record = {"epoch": (step - 1) // 50 + 1, "step": step, "loss": 1 / step}
            file.write(
                json.dumps({**record, "mean_iou": 0.5, "learning_rate": 1e-3, "elapsed": step})
            )
            file.write("\n")
    page = visit(run="long", axis="Step", smoothing="0.6")
    times = []
    gc.collect()
    gc.freeze()  # what all the other tests have left is not in a server's memory
    for _ in range(7):
        began = time.process_time()
        page.run()
        times.append(time.process_time() - began)
    gc.unfreeze()
    assert not page.exception
    assert statistics.median(times) < 0.3, times


# === What the address and the downloads carry ===


def test_the_epoch_of_the_address_is_shown(store) -> None:
    page = visit(run="shipped:lecture-32x25", epoch="7")
    key = "epoch-shipped:lecture-32x25"
    assert widget(page, key).value == 7 and page.query_params["epoch"] == "7"
    assert any("epoch 7" in c.value for c in page.caption)
    widget(page, "picked_run").set_value("shipped:lecture-32x30").run()
    assert widget(page, "epoch-shipped:lecture-32x30").value == 30, "it was meant for one run"
    widget(page, "picked_run").set_value("shipped:lecture-32x25").run()
    assert widget(page, key).value == 7


@pytest.mark.parametrize("epoch", ["0", "99", "-1", "x", "", "9" * 400])
def test_an_epoch_that_is_none_shows_the_last(store, epoch) -> None:
    page = visit(run="shipped:lecture-32x25", epoch=epoch)
    assert widget(page, "epoch-shipped:lecture-32x25").value == 25 and not page.error


def test_a_run_can_be_taken_away_with_and_without_weights(store, offered, monkeypatch) -> None:
    made = []
    make = downloads.run_zip
    monkeypatch.setattr(downloads, "run_zip", lambda *a, **k: made.append(k) or make(*a, **k))
    folder = begin(store, "mine")
    (folder / "best.keras").write_bytes(b"weights")
    (folder / "checkpoints" / "0003.keras").write_bytes(b"weights")
    visit(run="mine")
    assert not made, "nothing is packed before it is asked for"
    for label, weights in (("Run without weights, ZIP", 0), ("Everything, with weights, ZIP", 2)):
        with zipfile.ZipFile(io.BytesIO(offered[label]["data"]())) as archive:
            assert sum(name.endswith(".keras") for name in archive.namelist()) == weights
    assert offered[label]["file_name"] == "mine-with-weights.zip"


def test_each_run_has_a_zoom_of_its_own(store) -> None:
    ids = []
    for run in ("lecture-32x25", "lecture-32x30"):
        charts = visit(run=f"shipped:{run}").get("plotly_chart")
        ids.append({(c.proto.id, json.loads(c.proto.spec)["layout"]["uirevision"]) for c in charts})
    assert ids[0] and not ids[0] & ids[1]
    assert not {revision for _, revision in ids[0]} & {revision for _, revision in ids[1]}
