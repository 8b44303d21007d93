"""The interactive view without a browser, with a model that answers with discs."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from segcore import images
from segcore.mask_files import read
from segcore.objects import MaskedObject, Patch, union
from segcore.prompting import kept
from segcore.techniques.samples import bench_samples
from segcore.ui.techniques import all_objects, networks, promptable
from tests.prompting.stand_in import RADII, StandIn, everything

SCRIPT = Path(__file__).resolve().parents[2] / "pages" / "techniques.py"
CARD = SimpleNamespace(name="discs", title="Discs", fingerprint="discs", tasks=["prompt"])


@pytest.fixture
def models(monkeypatch) -> list[StandIn]:
    """Return a list that gets each predictor that the page makes."""
    made: list[StandIn] = []
    monkeypatch.setenv("SEGCORE_DEVICE", "cpu")
    monkeypatch.setattr(promptable, "cards", lambda: [CARD])
    monkeypatch.setattr(promptable, "make_predictor", lambda *_: made.append(StandIn()) or made[-1])
    monkeypatch.setattr(promptable, "everything", everything)
    return made


def visit(**address: str) -> AppTest:
    page = AppTest.from_file(SCRIPT, default_timeout=120)
    page.query_params.update({"view": "point", "sample": "chelsea"} | address)
    return healthy(page.run())


def healthy(page: AppTest) -> AppTest:
    assert not page.exception, page.exception
    assert not page.error, page.error
    return page


def prompts(page: AppTest) -> str:
    value = page.query_params.get("prompts", "")
    return value if isinstance(value, str) else value[-1]


def typed(page: AppTest):
    return next(field for field in page.text_input if field.label == "Prompts as text")


def type_prompts(page: AppTest, text: str) -> AppTest:
    return healthy(typed(page).set_value(text).run())


def keep(page: AppTest, name: str) -> AppTest:
    page.text_input(key="techniques-keep-name").set_value(name).run()
    return healthy(page.button(key="techniques-keep").click().run())


def test_without_a_model_there_is_no_such_view_and_the_rest_works(monkeypatch):
    monkeypatch.setattr(promptable, "cards", list)
    page = visit()
    assert page.segmented_control(key="techniques-view").value == "side"
    assert "Interactive" not in page.segmented_control(key="techniques-view").options
    assert len(page.dataframe[0].value) == 4


def test_the_address_opens_with_its_prompts(models):
    page = visit(prompts="180,149 -225,239")
    assert typed(page).value == "180,149 -225,239"
    assert len(models) == 1 and len(models[0].calls) == 2
    assert models[0].calls[-1]["labels"].tolist() == [1, 0]
    assert [b.label for b in page.button if (b.key or "").startswith("techniques-mask-")] == [
        "**0.90**",
        "0.80",
        "0.70",
    ]


def test_typed_prompts_change_the_address_and_nonsense_is_named(models):
    page = type_prompts(visit(), "100,50 20,30,200,180")
    assert prompts(page) == "100,50 20,30,200,180"
    type_prompts(page, "here")
    assert "no prompt" in page.warning[0].value and prompts(page) == "100,50 20,30,200,180"


def test_an_alternative_is_chosen(models):
    page = visit(prompts="180,149")
    healthy(page.button(key="techniques-mask-1").click().run())
    assert prompts(page) == "180,149 =2"
    assert len(models[0].calls) == 1


def test_the_picture_is_encoded_once_and_again_for_another(models):
    page = visit(prompts="180,149")
    type_prompts(page, "180,149 200,149")
    assert [model.encoded for model in models] == [1]
    page.selectbox(key="techniques-sample").set_value("hue").run()
    assert prompts(healthy(page)) == "" and len(models) == 2
    assert typed(page).value == ""


def test_another_methods_mask_is_refined(models):
    page = visit()
    page.selectbox(key="techniques-from").set_value("otsu").run()
    healthy(page.button(key="techniques-begin").click().run())
    assert prompts(page) == "from:otsu" and not models[0].calls
    type_prompts(page, "from:otsu 180,149")
    assert models[0].calls[-1]["mask"].shape == (75, 112)


def test_a_methods_mask_is_the_one_of_its_settings_now(models):
    page = visit(prompts="from:manual 180,149", **{"manual.threshold": "100"})
    first = models[0].calls[-1]["mask"]
    page = visit(prompts="from:manual 180,149", **{"manual.threshold": "160"})
    assert (models[-1].calls[-1]["mask"] != first).any()
    page.segmented_control(key="techniques-view").set_value("one").run()
    page.selectbox(key="techniques-method").set_value("manual").run()
    page.slider(key="techniques-manual.threshold").set_value(100).run()
    page.segmented_control(key="techniques-view").set_value("point").run()
    np.testing.assert_array_equal(models[-1].calls[-1]["mask"], first)


def test_a_method_that_there_is_not_is_named(models):
    page = visit(prompts="from:magic")
    assert "no method magic" in page.warning[0].value


def test_objects_are_kept_renamed_corrected_and_removed(models):
    page = keep(visit(prompts="180,149"), "cat")
    assert prompts(page) == ""
    type_prompts(page, "20,30,100,120")
    page = keep(page, "")
    objects = page.get("button_group")[-1]
    assert objects.options == ["1 cat", "object 2"]
    objects.set_value(1).run()
    page.text_input(key="techniques-name-1").set_value("tiger").run()
    assert page.get("button_group")[-1].options[0] == "1 tiger"
    healthy(page.button(key="techniques-again").click().run())
    assert prompts(page) == "180,149"
    assert page.text_input(key="techniques-keep-name").value == "tiger"
    assert page.get("button_group")[-1].options == ["1 tiger", "object 2"]  # nothing is lost yet
    type_prompts(page, "180,149 200,149")
    page = keep(page, "tiger")
    assert page.get("button_group")[-1].options == ["object 2", "3 tiger"]
    page.get("button_group")[-1].set_value(2).run()
    page.button(key="techniques-again").click().run()
    type_prompts(page, "")  # started over: this is no correction any more
    type_prompts(page, "100,149")
    page = keep(page, "")
    assert page.get("button_group")[-1].options == ["object 2", "3 tiger", "object 4"]


def test_going_back_to_another_object_ends_the_correction(models):
    page = keep(visit(prompts="180,149"), "cat")
    type_prompts(page, "50,50")
    page.get("button_group")[-1].set_value(1).run()
    page.button(key="techniques-again").click().run()
    assert any("Correcting object 1" in caption.value for caption in healthy(page).caption)
    type_prompts(page, "50,50")  # as Undo does
    page = keep(page, "")
    assert page.get("button_group")[-1].options == ["1 cat", "object 2"]
    assert not any("Correcting" in caption.value for caption in page.caption)


def test_of_a_methods_mask_no_iou_is_predicted(models):
    page = keep(visit(prompts="from:otsu"), "fur")
    page.get("button_group")[-1].set_value(1).run()
    facts = [
        caption.value for caption in healthy(page).caption if "of the picture" in caption.value
    ]
    assert len(facts) == 1 and "predicted" not in facts[0]


def test_models_of_one_title_can_be_told_apart(models, monkeypatch):
    twins = [SimpleNamespace(**vars(CARD) | {"name": name}) for name in ("discs", "more-discs")]
    monkeypatch.setattr(promptable, "cards", lambda: twins)
    monkeypatch.setattr(networks.zoo, "names", lambda: [twin.name for twin in twins])
    monkeypatch.setattr(networks, "card", lambda name: twins["more" in name])
    picker = visit().selectbox(key="techniques-with")
    assert picker.options == ["Discs (discs)", "Discs (more-discs)"]


def test_kept_masks_are_downloaded_at_the_pictures_own_size(models, offered):
    picture = np.zeros((1200, 1000, 3), np.uint8)
    page = visit(sample="own")
    page.file_uploader(key="techniques-upload").set_value(
        ("mine.png", images.encode_png(picture), "image/png")
    ).run()
    type_prompts(page, "100,200,500,800")
    keep(page, "box")
    archive = zipfile.ZipFile(io.BytesIO(offered["Download"]["data"]()))
    assert archive.namelist() == ["coco.json", "labelme.json", "masks/box_mask.png"]
    wanted = np.zeros((1200, 1000), bool)
    wanted[200:800, 100:500] = True
    for name in archive.namelist():  # as the calculator reads them
        (thing,) = read(archive.read(name), name, (1200, 1000))
        mask = union([thing], (1200, 1000))
        assert (mask & wanted).sum() / (mask | wanted).sum() > 0.99


def test_a_sample_lies_beside_its_masks(models, offered):
    keep(visit(prompts="180,149"), "cat")
    archive = zipfile.ZipFile(io.BytesIO(offered["Download"]["data"]()))
    assert images.decode(archive.read("chelsea.png")).shape == (300, 451, 3)
    assert json.loads(archive.read("labelme.json"))["imagePath"] == "chelsea.png"
    assert json.loads(archive.read("coco.json"))["images"][0]["file_name"] == "chelsea.png"


def test_the_mask_is_scored_where_the_truth_is_known(models):
    page = visit(prompts="180,149")
    truth = bench_samples()["chelsea"].truth()
    y, x = np.ogrid[: truth.shape[0], : truth.shape[1]]
    disc = np.hypot(x - 180, y - 149) < RADII[0] * max(truth.shape)
    wanted = (disc & truth).sum() / (disc | truth).sum()
    said = next(text.value for text in page.markdown if "with the truth" in text.value)
    assert abs(float(said.split("**")[1]) - wanted) < 0.02
    assert not any("with the truth" in text.value for text in visit().markdown)


def test_everything_is_kept_and_said(models):
    page = visit()
    page.number_input(key="techniques-least").set_value(0.7).run()
    page.button(key="techniques-everything").click().run()
    assert page.get("button_group")[-1].options == ["object 1", "object 2", "object 3"]
    assert any("3 objects more in" in caption.value for caption in healthy(page).caption)


def test_everything_again_keeps_nothing_twice(models):
    page = visit()
    page.button(key="techniques-everything").click().run()
    count = len(healthy(page).get("button_group")[-1].options)
    page.button(key="techniques-everything").click().run()
    assert len(healthy(page).get("button_group")[-1].options) == count
    said = [caption.value for caption in page.caption if "objects" in caption.value]
    assert any("0 objects more in" in text and f"{count} kept already" in text for text in said)


def test_what_a_found_object_shares_with_kept_ones():
    rng = np.random.default_rng(11)
    for count in (0, 1, 4):
        masks = rng.random((count + 3, 20, 30)) < rng.uniform(0.1, 0.9, (count + 3, 1, 1))
        things = tuple(kept.keep((), "x", mask, 1.0)[0] for mask in masks[:count])
        found = [MaskedObject(Patch(0, 0, mask)) for mask in masks[count:]]
        wanted = [
            max(((a & b).sum() / (a | b).sum() for a in masks[:count]), default=0)
            for b in masks[count:]
        ]
        np.testing.assert_allclose(all_objects._best(things, found, (20, 30)), wanted)


def test_what_does_not_fit_is_said(models, monkeypatch):
    monkeypatch.setattr(kept, "MOST", 2)
    page = visit()
    page.button(key="techniques-everything").click().run()
    said = [caption.value for caption in healthy(page).caption if "objects" in caption.value]
    assert any(
        "2 objects more in" in text and "no room for 4, as 2 are the most" in text for text in said
    )


def test_a_search_that_waits_can_be_stopped():
    with all_objects._at_once:
        search = all_objects.Search(("a", "b", "c"))
        search.begin(None, None, "cpu", 0.5)  # type: ignore[arg-type]
        search.stop()
        search.thread.join(5)
        assert search.ended() and search.result is None and not search.problem


def test_a_search_that_fails_is_named(models, monkeypatch):
    def fail(*_):
        raise RuntimeError("The model is gone; fetch it again.")

    monkeypatch.setattr(promptable, "everything", fail)
    page = visit(least="0.55")
    assert page.number_input(key="techniques-least").value == 0.55
    page.button(key="techniques-everything").click().run()
    assert any("model is gone" in caption.value for caption in healthy(page).caption)
