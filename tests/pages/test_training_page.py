"""The page Training without a browser: the form, the address, damaged and hostile runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from segcore.training.recipes import RECIPES
from segcore.training.store import RunStore

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def store(tmp_path, monkeypatch) -> RunStore:
    monkeypatch.setenv("SEGCORE_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("SEGCORE_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("SEGCORE_ALLOW_TRAINING", "1")
    return RunStore(tmp_path / "runs")


def visit(**address) -> AppTest:
    page = AppTest.from_file(ROOT / "pages" / "training.py", default_timeout=60)
    for key, value in address.items():
        page.query_params[key] = value
    page.run()
    assert not page.exception, page.exception
    return page


def widget(page: AppTest, key: str):
    kinds = ("text_input", "selectbox", "slider", "number_input", "toggle")
    return next(w for kind in kinds for w in page.get(kind) if w.key == key)


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


def test_the_page_is_never_empty(store) -> None:
    page = visit()
    assert not page.error
    assert page.query_params["run"] == "shipped:lecture-64x40"
    assert "40 of 40 epochs" in " ".join(m.value for m in page.markdown)
    assert len(page.get("plotly_chart")) >= 2 and len(page.image) >= 4


def test_the_command_says_what_the_form_says(store) -> None:
    page = visit(panel="Start")
    assert command(page).startswith("python -m segcore train --recipe=lecture-32x25")
    assert "--set=side=64" in command(page)
    widget(page, "form-batch").set_value(8).run()
    widget(page, "form-options.dropout").set_value(0.25).run()
    widget(page, "form-augmentation.rotation").set_value(10.0).run()
    for word in ("batch=8", "options.dropout=0.25", "augmentation.rotation=10.0"):
        assert f"--set={word}" in command(page)
        assert word in listed(page.query_params["set"])
    assert not page.exception and not page.error


def test_the_address_fills_the_form(store) -> None:
    words = ["loss=focal", "epochs=7", "augmentation.flip=true"]
    page = visit(panel="Start", recipe="lecture-64x40", data="coins", set=words)
    assert widget(page, "form-loss").value == "focal"
    assert widget(page, "form-epochs").value == 7
    assert widget(page, "form-augmentation.flip").value is True
    assert widget(page, "form-data").value == "coins"
    assert set(listed(page.query_params["set"])) == set(words)
    other = visit(panel="Start", recipe="lecture-64x40", data="coins", set=page.query_params["set"])
    assert command(other) == command(page)


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ({"recipe": "magic"}, "There is no recipe"),
        ({"recipe": "pets", "set": ["speed=3"]}, "There is no setting"),
        ({"recipe": "pets", "set": ["batch=-1"]}, "batch is"),
        ({"recipe": "pets", "set": ["nonsense"]}, "is no setting"),
    ],
)
def test_an_address_that_does_not_fit_is_told(store, address, sentence) -> None:
    page = visit(panel="Start", **address)
    assert sentence in page.warning[0].value
    assert command(page)


def test_another_recipe_brings_its_settings(store) -> None:
    page = visit(panel="Start")
    widget(page, "form-recipe").set_value("pets").run()
    assert widget(page, "form-architecture").value == "encoder_unet"
    assert widget(page, "form-loss").value == "cross_entropy+dice"
    assert "--recipe=pets" in command(page)
    assert not page.exception and not page.error


@pytest.mark.parametrize("folder", ["", "/nowhere/at/all", "\0", "x" * 5000])
def test_a_folder_that_is_no_data_set_cannot_be_started(store, folder) -> None:
    page = visit(panel="Start")
    widget(page, "form-data").set_value("folder").run()
    widget(page, "form-folder").set_value(folder).run()
    assert not page.exception
    assert all(b.disabled for b in page.button if b.label == "Start the training")


def test_folders_outside_those_that_are_allowed_are_refused(store, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("SEGCORE_DATA", str(tmp_path / "data"))
    page = visit(panel="Start")
    widget(page, "form-data").set_value("folder").run()
    widget(page, "form-folder").set_value(str(tmp_path)).run()
    assert "SEGCORE" in page.error[0].value
    assert not page.code, "neither a command nor an estimate"
    assert not [b for b in page.button if b.label in ("Start the training", "Estimate the time")]


@pytest.mark.parametrize("title", ["../x", "a\nb", "", "con", ".hidden"])
def test_a_name_that_is_none_is_refused_in_a_sentence(store, title) -> None:
    page = visit(panel="Start")
    page.session_state["form-title"] = title
    page.run()
    next(b for b in page.button if b.label == "Start the training").click().run()
    assert not page.exception
    assert len(page.error) == 1 and "name" in page.error[0].value
    assert not store.list()


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
    next(b for b in page.button if b.label == "Save").click().run()
    assert (store.get("mine").title, store.get("mine").notes) == ("Yours now", "a note")
    next(b for b in page.button if b.label == "Clone with changes").click().run()
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


@pytest.mark.alone
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
