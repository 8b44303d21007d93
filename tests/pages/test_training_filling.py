"""What fills the form of the page Training, and what it keeps."""

from __future__ import annotations

import pytest

from segcore.training.orders import Order
from segcore.training.recipes import find
from segcore.ui.training.filling import flat
from segcore.ui.training.limits import BOUNDS, CHOICES

from .training_page import begin, change, command, press, visit, widget


def read(box) -> str:
    """Return a box's text without the backslashes of Markdown."""
    return box.value.replace("\\", "")


# === Values that the widgets cannot show ===


@pytest.mark.parametrize(
    ("word", "held"),
    [
        ("options.depth=0", 1),
        ("options.base_width=100", 32),
        ("options.dropout=2", 0.9),
        ("validation=0.9", 0.5),
        ("augmentation.rotation=90", 45.0),
        ("learning_rate=1e300", 0.001),
        ("learning_rate=NaN", 0.001),
        ("warmup_epochs=-Infinity", 0.0),
        ("augmentation.shift=NaN", 0.0),
        ("loss=hinge", "cross_entropy"),
        ("options.initializer=zeros", "glorot_uniform"),
        ("batch=" + "[" * 100_000, 32),
        ("batch=" + "9" * 1000, 32),
        ("learning_rate=" + "9" * 1000, 0.001),
        ("patience=" + "9" * 1000, 0),
        ("seed=" + "9" * 5000, 0),
        ("side=[1]", 256),
        ("architecture=[]", "lecture_unet"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_value_beyond_its_widget_is_changed_or_left_out_and_told(store, word, held) -> None:
    key = word.partition("=")[0]
    page = visit(panel="Start", recipe="lecture-32x25", set=[word, "epochs=7"])
    assert len(page.warning) == 1
    told = read(page.warning[0])
    assert key.rpartition(".")[2].partition("_")[0] in told and len(told) < 400
    assert widget(page, f"form-{key}").value == held
    assert widget(page, "form-epochs").value == 7, "the rest of the address counts"
    assert command(page) and not page.error
    page.run()
    assert not page.warning, "it is said once"


@pytest.mark.parametrize("end", [0, 1])
def test_every_bound_and_choice_can_be_shown(store, end) -> None:
    own = {key: bounds[end] for key, bounds in BOUNDS.items() if key != "options.frozen_blocks"}
    own |= {key: accepted[-end] for key, accepted in CHOICES.items() if key != "architecture"}
    own["loss"] = "cross_entropy+dice"
    page = visit(panel="Start", recipe="custom", set=[f"{k}={v}" for k, v in own.items()])
    assert not page.warning and not page.error
    assert {key: widget(page, f"form-{key}").value for key in own} == own
    page = visit(panel="Start", recipe="pets", set=f"options.frozen_blocks={16 * end}")
    assert widget(page, "form-options.frozen_blocks").value == 16 * end


def test_a_run_beyond_the_widgets_can_be_cloned(store) -> None:
    begin(store, "wide", batch=5, options={"base_width": 100, "depth": 3}, learning_rate=3.0)
    page = visit(run="wide")
    press(page, "Clone with changes")
    told = read(page.warning[0])
    assert "base width 100 became 32" in told and "learning rate 3.0 became 1.0" in told
    assert [widget(page, f"form-{key}").value for key in ("batch", "options.depth")] == [5, 3]


@pytest.mark.parametrize(
    "settings",
    [{"recipe": []}, {"recipe": {"batch": -1}}, {"recipe": {"learning_rate": 10**400}}, {}],
    ids=lambda settings: str(settings)[:40],
)
def test_a_run_with_damaged_settings_is_not_cloned(store, settings) -> None:
    begin(store, "odd")
    store.write("odd", "run.json", {"data": ["synthetic"], **settings})
    page = visit(run="odd")
    press(page, "Clone with changes")
    assert page.session_state["panel"] == "Watch" and page.error


# === What the form keeps ===


def test_widgets_that_were_hidden_come_back_as_they_were(store) -> None:
    page = visit(panel="Start", recipe="custom")
    held = {"options.base_width": 12, "options.depth": 3, "options.batch_normalization": False}
    held["dice_weight"] = 0.7
    change(page, **held)
    change(page, architecture="encoder_unet", loss="focal")
    change(page, batch=9)
    page.run()
    change(page, architecture="lecture_unet", loss="cross_entropy+dice")
    for key, value in held.items():
        assert widget(page, f"form-{key}").value == value
        assert f"{key}={str(value).lower()}" in command(page)
    change(page, data="folder", folder="/a/folder")
    change(page, data="coins")
    page.run()
    change(page, data="folder")
    assert widget(page, "form-folder").value == "/a/folder"


def test_the_form_comes_back_after_another_panel(store) -> None:
    page = visit(panel="Start", recipe="custom")
    change(page, **{"options.depth": 2, "architecture": "encoder_unet", "title": "mine"})
    for panel in ("Watch", "Start"):
        page.session_state["panel"] = panel
        page.run()
    assert widget(page, "form-title").value == "mine"
    change(page, architecture="lecture_unet")
    assert widget(page, "form-options.depth").value == 2


def test_a_clone_has_every_setting_of_its_run(store) -> None:
    values = {"batch": 5, "mixed_precision": True, "seed": 4, "options.dropout": 0.35}
    order = Order("pets", values, ("/a", "synthetic"), "/w/x.keras", ("kitten", "coffee"))
    begin(store, "mine")
    store.write("mine", "request.json", order.to_dict())
    page = visit(run="mine")
    press(page, "Clone with changes")
    assert not page.warning
    assert command(page) == order.command("runs/mine-again")
    assert widget(page, "form-folder").value == "/a\nsynthetic"
    shared = {k: page.query_params[k] for k in ("panel", "recipe", "data", "set", "watch")}
    other = visit(**shared)
    assert command(other) == order.command("runs/pets").replace(" --init=/w/x.keras", "")
    change(page, use_init=False)
    assert "--init" not in command(page)


def test_only_size_and_own_title_follow_the_data_set(store) -> None:
    page = visit(panel="Start", recipe="pets-lecture", data="/x")
    change(page, batch=3, **{"options.dropout": 0.3, "augmentation.rotation": 7.0})
    shown = {*flat(find("pets-lecture")), "title", "data", "watch"}
    shown -= {"options.frozen_blocks", "options.imagenet"}

    def values() -> dict:
        return {key: widget(page, f"form-{key}").value for key in shown}

    before = values()
    change(page, data="coins")
    assert (
        before
        | {
            "side": 64,
            "title": "pets-lecture on coins",
            "data": "coins",
            "watch": [],
        }
        == values()
    )
    change(page, title="mine", side=48)
    change(page, data="synthetic")
    assert (values()["title"], values()["side"]) == ("mine", 48)


def test_more_runs_than_can_be_compared_are_cut(store) -> None:
    for number in range(8):
        begin(store, f"run-{number}", epochs=1)
    page = visit(panel="Compare", **{"with": ["run-1", "run-1", *[f"run-{i}" for i in range(8)]]})
    assert page.multiselect[0].value == [f"run-{i}" for i in (1, 0, 2, 3, 4, 5)]
