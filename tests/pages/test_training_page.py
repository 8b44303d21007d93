"""The page Training without a browser: the address, damaged and hostile runs."""

from __future__ import annotations

import json

import pytest

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


@pytest.mark.parametrize(
    "damage",
    [
        lambda f: (f / "epochs.jsonl").write_bytes((f / "epochs.jsonl").read_bytes() + b'{"epo'),
        lambda f: (f / "epochs.jsonl").write_bytes(b"\xff\x00\n{}\n[]\n"),
        lambda f: (f / "epochs.jsonl").unlink(),
        lambda f: (f / "steps.jsonl").unlink(),
        lambda f: (f / "status.json").write_text("{"),
        lambda f: (f / "status.json").unlink(),
        lambda f: (f / "run.json").write_text("[1]"),
        lambda f: (f / "run.json").write_text(json.dumps({"recipe": {"epochs": "many"}})),
        lambda f: (f / "run.json").unlink(),
        lambda f: (f / "about.json").write_text("x"),
        lambda f: (f / "samples" / "0-0001.png").write_bytes(b"no picture"),
        lambda f: (f / "samples" / "0-0001.png").symlink_to("/etc/passwd"),
        lambda f: (f / "samples").rmdir(),
    ],
)
def test_a_damaged_run_is_shown_as_far_as_it_goes(store, damage) -> None:
    damage(begin(store, "damaged"))
    page = visit(run="damaged")
    assert page.query_params["run"] == "damaged"
    assert "Traceback" not in " ".join(e.value for e in page.error)


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


def test_ten_thousand_steps_draw_quickly(store) -> None:
    """Of the server: reading, drawing and sending, with the fastest of several tries."""
    import time

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
    for _ in range(5):
        began = time.process_time()
        page.run()
        times.append(time.process_time() - began)
    assert not page.exception
    assert min(times) < 0.3, times
