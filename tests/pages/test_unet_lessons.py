"""The views Upsampling, Losses and Regularisation, each in a script of its own."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from .conftest import markdown_rows


def script(name: str) -> None:
    from importlib import import_module

    import_module(f"segcore.ui.unet.{name}").show()


class View:
    """A view as a visitor with an address sees it."""

    def __init__(self, name: str, **address: str):
        self.app = AppTest.from_function(script, args=(name,), default_timeout=60)
        for key, value in address.items():
            self.app.query_params[key.replace("_", "-")] = value
        self.app.run()
        assert not self.app.exception, self.app.exception

    def widget(self, key: str):
        kinds = ("slider", "select_slider", "selectbox", "button_group")
        return next(w for kind in kinds for w in self.app.get(kind) if w.key == key)

    def choose(self, key: str, value: object) -> None:
        self.widget(key).set_value(value).run()
        assert not self.app.exception, self.app.exception

    def click(self, label: str) -> None:
        next(b for b in self.app.button if b.label == label).click().run()
        assert not self.app.exception, self.app.exception

    def text(self) -> str:
        return "\n".join(element.value for element in (*self.app.markdown, *self.app.caption))

    def pictures(self) -> list[tuple[str, str]]:
        return [(image.proto.imgs[0].url, image.proto.imgs[0].alt) for image in self.app.image]

    def charts(self) -> list:
        return [element.proto for element in self.app.get("plotly_chart")]

    def table(self, first: str) -> list[dict]:
        (table,) = (m.value for m in self.app.markdown if m.value.startswith(f"| {first} |"))
        return markdown_rows(table)


VIEWS = ("upsampling", "losses", "regularisation")


@pytest.mark.parametrize("name", VIEWS)
def test_each_picture_and_chart_says_what_it_shows(name) -> None:
    view = View(name)
    assert all(alt for _, alt in view.pictures())
    charts = view.charts()
    assert charts and all(chart.alt for chart in charts)


# === Upsampling ===


def test_the_sentences_follow_kernel_and_stride() -> None:
    view = View("upsampling")
    assert "(4 − 1) × 2 + 2 = **8**" in view.text()
    assert "131,136" in view.text()
    assert "exactly one input cell" in view.text()
    assert "no **checkerboard** comes from overlap" in view.text()
    assert "Unequal weights in the kernel can still make one" in view.text()
    view.choose("up-kernel", 3)
    assert "(4 − 1) × 2 + 3 = **9**" in view.text()
    assert "by 1, 2 or 4 input cells" in view.text() and "checkerboard" in view.text()
    view.choose("up-kernel", 4)
    assert "4 input cells reach each output cell" in view.text()
    view.choose("up-kernel", 1)
    assert "holes" in view.text()


def test_next_cell_goes_round() -> None:
    view = View("upsampling", up_cell_16="15")
    assert "Sum of cells 1 to 15" in view.text()
    view.click("Next cell")
    assert "Stamp of cell 16" in view.text()
    view.click("Next cell")
    assert "Stamp of cell 1**" in view.text()


@pytest.mark.parametrize("name", ["One bright cell", "Diagonal", "A small picture"])
def test_every_input_can_be_stamped_to_the_end(name) -> None:
    view = View("upsampling", up_input=name, up_kernel="5", up_stride="3")
    cells = 256 if name == "A small picture" else 16
    view.choose(f"up-cell-{cells}", cells)
    assert f"Sum of cells 1 to {cells}" in view.text()


def test_nearest_leaves_flat_what_is_flat() -> None:
    view = View("upsampling", up_numbers="Nearest")
    assert "comes out as 1 everywhere: flat" in view.text()
    view.choose("up-kernel", 3)
    assert "values from 1 to 4 away from the border" in view.text()
    view.choose("up-kernel", 4)
    assert "comes out as 4 away from the border: flat" in view.text()


# === Losses ===


def test_the_losses_follow_the_shift() -> None:
    view = View("losses")
    before = {row["Measure"]: row["Value"] for row in view.table("Measure")}
    view.choose("loss-shift", 60)
    after = {row["Measure"]: row["Value"] for row in view.table("Measure")}
    assert after["Cross-entropy"] > before["Cross-entropy"]
    assert after["Dice loss"] > before["Dice loss"]
    assert after["IoU at 0.5"] == 0 < before["IoU at 0.5"]


def test_a_perfect_prediction_has_no_loss() -> None:
    view = View("losses", loss_shift="0", loss_softness="0", loss_confidence="1")
    values = [row["Value"] for row in view.table("Measure")]
    assert values == [0, 0, 0, 0, 1, 1]
    assert "Yellow: 0.10." in view.text()
    assert view.pictures()[1][1].endswith("up to 0.00, highest where the prediction is least right")


def test_what_is_no_more_than_one_half_sure_predicts_nothing() -> None:
    view = View("losses", loss_confidence="0.5", loss_shift="0")
    assert {row["Measure"]: row["Value"] for row in view.table("Measure")}["IoU at 0.5"] == 0


def test_the_weight_goes_from_one_loss_to_the_other() -> None:
    view = View("losses", loss_weight="1")
    entropy, dice, weighted, *_ = (row["Value"] for row in view.table("Measure"))
    assert weighted == dice
    view.choose("loss-weight", 0.0)
    assert view.table("Measure")[2]["Value"] == entropy


def test_missing_the_object_is_compared_with_finding_it() -> None:
    view = View("losses", loss_share="0.1 %")
    assert "a cross-entropy of 0.054 and a Dice loss of 0.997" in view.text()
    assert "costs 0.051 and 0.963" in view.text()
    assert "found in full: 0.051 and 0.963" in view.charts()[1].alt


def test_share_and_object_change_the_pictures() -> None:
    view = View("losses")
    shown = view.pictures()
    view.choose("loss-share", 20.0)
    larger = view.pictures()
    assert all(old != new for (old, _), (new, _) in zip(shown, larger, strict=True))
    assert "20.0% object" in view.text()
    view.choose("loss-object", "Ring")
    assert "Ring as target" in view.pictures()[0][1]


# === Regularisation ===


def test_draw_again_draws_others() -> None:
    view = View("regularisation")
    first = view.pictures()[:9]
    assert [alt.split(":")[0] for _, alt in first] == [
        "As it is",
        *(f"Draw {i}" for i in range(1, 9)),
    ]
    view.click("Draw again")
    again = view.pictures()[:9]
    assert again[0] == first[0]
    assert [alt.split(":")[0] for _, alt in again[1:]] == [f"Draw {i}" for i in range(9, 17)]


def test_the_app_links_to_the_sliders_of_each_change() -> None:
    def page() -> None:
        from segcore.ui import frame
        from segcore.ui.unet import regularisation

        frame.set_up("U-Net", ":material/school:", "A page.")
        regularisation.show()

    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.exception
    (link,) = app.get("page_link")
    assert (link.proto.page, link.proto.query_string) == ("training", "panel=Start")


def test_dropout_drops_in_training_only() -> None:
    view = View("regularisation", drop_rate="0.5")
    assert any(f"{share}% of 18,432 values kept" in view.text() for share in (49, 50, 51))
    shown = view.pictures()[9:]
    view.click("Drop others")
    assert all(old != new for old, new in zip(shown, view.pictures()[9:], strict=True))
    view.choose("drop-mode", "Prediction")
    assert "100% of 18,432 values kept" in view.text()


def test_whole_channels_are_dropped_together() -> None:
    view = View("regularisation", drop_rate="0.5", drop_what="Whole channels")
    alts = [alt for _, alt in view.pictures()[9:]]
    assert len(alts) == 8
    assert all(": brighter" in alt and ("; 0% kept" in alt or "; 100% kept" in alt) for alt in alts)


def test_batches_come_out_alike_in_training_and_not_after_few_batches() -> None:
    view = View("regularisation", bn_gamma="2", bn_beta="1")
    for row in view.table("Batch"):
        assert row["Mean after"] == pytest.approx(1, abs=0.01)
        assert row["Spread after"] == pytest.approx(2, abs=0.01)
    view.choose("bn-mode", "Prediction")
    rows = view.table("Batch")
    assert len({row["Mean used"] for row in rows}) == 1
    assert rows[0]["Mean after"] < rows[2]["Mean after"]
    view.choose("bn-seen", 0)
    assert {(row["Mean used"], row["Spread used"]) for row in view.table("Batch")} == {(0, 1)}


# === Address ===


@pytest.mark.parametrize(
    ("name", "key", "text", "value", "start"),
    [
        ("upsampling", "up-kernel", "5", 5, 2),
        ("upsampling", "up-input", "Diagonal", "Diagonal", "Ramp"),
        ("losses", "loss-shift", "33", 33, 10),
        ("losses", "loss-object", "Ring", "Ring", "Disc"),
        ("regularisation", "drop-rate", "0.6", 0.6, 0.3),
        ("regularisation", "bn-mode", "Prediction", "Prediction", "Training"),
    ],
)
def test_the_address_sets_what_it_names_and_wrong_values_fall_back(
    name, key, text, value, start
) -> None:
    address = key.replace("-", "_")
    assert View(name, **{address: text}).widget(key).value == value
    for wrong in ("nonsense", "-7"):
        assert View(name, **{address: wrong}).widget(key).value == start
    View(name, **{address: ""})  # to Streamlit no choice at all; the view has to bear it


@pytest.mark.parametrize(
    ("label", "name", "shown"),
    [("Draw again", "reg-draw", slice(9)), ("Drop others", "drop-seed", slice(9, None))],
)
def test_what_was_drawn_is_in_the_address(label, name, shown) -> None:
    view = View("regularisation")
    first = view.pictures()[shown]
    assert name not in view.app.query_params
    view.click(label)
    view.click(label)
    assert view.app.query_params[name] in ("2", ["2"])
    drawn = view.pictures()[shown]
    address = name.replace("-", "_")
    assert View("regularisation", **{address: "2"}).pictures()[shown] == drawn != first
    for wrong in ("nonsense", "-7", "1.5", "12345", ""):
        assert View("regularisation", **{address: wrong}).pictures()[shown] == first
    last = View("regularisation", **{address: "9999"})
    last.click(label)
    assert name not in last.app.query_params and last.pictures()[shown] == first
