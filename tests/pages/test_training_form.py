"""The form of the page Training without a browser: its command, its address, its errors."""

from __future__ import annotations

import pytest

from .training_page import command, listed, press, visit, widget


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
    press(page, "Start the training")
    assert not page.exception
    assert len(page.error) == 1 and "name" in page.error[0].value
    assert not store.list()
