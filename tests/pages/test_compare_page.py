"""The page Compare with stand-in models: samples, uploads, sliders, truth, address, downloads."""

import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from segcore.exporters import scenes
from segcore.sample_pictures import sample_pictures
from segcore.scenes.merge import merge
from segcore.ui.compare import results
from tests import scene_models
from tests.pages.conftest import ROOT

FLAT = ("scene.png", scene_models.scene())
STUFF = ("meadow.png", scene_models.plain((60, 80)))


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


class ComparePage:
    """What a visitor does on the page and what it answers."""

    def __init__(self, address):
        self.app = AppTest.from_file(ROOT / "pages/compare.py", default_timeout=90)
        self.app.query_params.update(address)
        self.app.run()

    def upload(self, name, pixels):
        if not any(w.key == "uploads" for w in self.app.file_uploader):
            next(g for g in self.app.get("button_group") if g.key == "source").set_value(
                "Upload"
            ).run()
        data = pixels if isinstance(pixels, bytes) else png(pixels)
        self.uploader("uploads").set_value((name, data, "image/png")).run()
        return self

    def uploader(self, start):
        return next(w for w in self.app.file_uploader if w.key.startswith(start))

    def slide(self, key, value):
        self.app.slider(key=key).set_value(value).run()

    def healthy(self):
        return not self.app.exception and not self.app.error

    @property
    def viewer(self):
        return next(
            content
            for content in map(_content, self.app.get("bidi_component"))
            if isinstance(content, dict) and "views" in content
        )

    @property
    def ladder(self):
        return next(
            content for content in map(_content, self.app.get("bidi_component"))
            if isinstance(content, list)
        )  # fmt: skip

    def rows(self):
        return {row["key"]: row["cells"] for row in self.viewer["legend"]}

    def text(self):
        elements = (*self.app.markdown, *self.app.caption, *self.app.info, *self.app.error)
        return "\n".join(element.value for element in elements)


def _content(component):
    return json.loads(component.proto.json)


@pytest.fixture
def compare(monkeypatch):
    """Return a function that opens the page at an address: ``compare(sample="cows")``."""
    monkeypatch.setenv("SEGCORE_DEVICE", "cpu")
    scene_models.install(monkeypatch.setattr)
    monkeypatch.setattr(scene_models.predict, "runs", [])
    return lambda **address: ComparePage(address)


# === Opening ===


def test_opens_with_a_sample_in_all_views(compare):
    page = compare()
    assert page.healthy()
    assert [v["key"] for v in page.viewer["views"]][:4] == [
        "picture", "semantic", "instance", "panoptic",
    ]  # fmt: skip
    assert all(v["alt"] for v in page.viewer["views"])
    assert [step["title"] for step in page.ladder] == [
        "Classification", "+ localization", "Detection", "Instance segmentation",
    ]  # fmt: skip
    assert "Photo:" in page.text()


@pytest.mark.parametrize("name", sample_pictures("compare"))
def test_every_sample_opens_with_author_and_licence(compare, name):
    sample = sample_pictures("compare")[name]
    page = compare(sample=name)
    assert page.healthy()
    assert sample.author.split(",")[0] in page.text()
    assert sample.licence in page.text()
    height, width = sample.picture().shape[:2]
    shown = page.viewer["width"] / page.viewer["height"]
    assert shown == pytest.approx(width / height, rel=0.01)


def test_without_a_model_it_says_so(compare, monkeypatch):
    monkeypatch.setattr(results, "models", lambda task: {})
    page = compare()
    assert not page.app.exception
    assert "There is no model for scenes" in page.app.error[0].value


# === What the views say ===


def test_the_views_tell_classes_and_objects(compare):
    page = compare(score="0.5").upload(*FLAT)
    assert page.healthy()
    rows = page.rows()
    assert list(rows) == ["cat", "cat 1", "cat 2", "dog", "sky", "vegetation"]
    assert rows["cat"]["semantic"]["text"] == "20 %"
    assert rows["cat"]["panoptic"]["text"] == "2 × · 20 %"
    assert rows["cat 1"]["instance"]["text"] == "0.90 · 10 %"
    assert "instance" not in rows["sky"]
    assert [step["text"] for step in page.ladder] == [
        "cat",
        "cat, one box: 32, 60 to 96, 180",
        "2 objects, a box each: 2 × cat",
        "2 objects, a mask each",
    ]
    notes = {v["key"]: v["note"] for v in page.viewer["views"]}
    assert notes["instance"].startswith("80 % of the pixels belong to no object")


def test_sliders_never_run_a_network_and_say_what_they_dropped(compare):
    page = compare(score="0.5").upload(*FLAT)
    runs = len(scene_models.predict.runs)
    assert runs
    assert "the score threshold dropped 1 object (7,680 pixels, 10 %)" in page.text()
    page.slide("score", 0.3)
    assert "dog 1" in page.rows()
    assert "no rule dropped anything" in page.text()
    page.slide("score", 0.95)
    assert "cat 1" not in page.rows()
    page.slide("area", 10.0)
    page.slide("overlap", 0.0)
    assert page.healthy()
    assert len(scene_models.predict.runs) == runs


def test_the_minimum_area_drops_stuff(compare):
    picture = scene_models.plain((100, 100))
    picture[:95] = picture[-1]
    picture[:5] = scene_models.KINDS[3][0]
    page = compare().upload("stripe.png", picture)
    assert page.rows()["sky"]["panoptic"]["text"] == "5.0 %"
    page.slide("area", 6.0)
    assert "panoptic" not in page.rows()["sky"]
    assert "the minimum area dropped 1 kind of stuff (500 pixels, 5.0 %)" in page.text()


def test_a_picture_without_known_objects_says_so(compare):
    page = compare().upload(*STUFF)
    assert page.healthy()
    (info,) = page.app.info
    assert info.value == (
        "There is no object in this picture that the models know. It shows sky, vegetation."
    )
    assert page.ladder[0]["text"] == "No object that the model knows"


def test_objects_below_the_threshold_are_no_known_object_either(compare):
    page = compare(score="0.95").upload(*FLAT)
    assert "No object reaches the score 0.95; the best is a cat with 0.90" in page.text()


@pytest.mark.parametrize("size", [(100, 400), (64, 64), (1, 1), (1, 700), (900, 20)])
def test_odd_sizes_work(compare, size):
    page = compare().upload("odd.png", scene_models.scene(size))
    assert page.healthy()
    assert max(page.viewer["height"], page.viewer["width"]) <= 640


def test_connected_parts_and_the_merge_need_no_network_of_their_own(compare):
    page = compare(instance="connected parts", panoptic="merge of both").upload(*FLAT)
    assert page.healthy()
    assert set(scene_models.predict.runs[-1:]) == {"semantic"}
    assert page.rows()["cat"]["instance"]["text"] == "1 × · 20 %", "two cats that touch are one"


def test_a_broken_picture_is_one_sentence(compare):
    page = compare().upload("notes.png", b"This is not a picture.")
    assert not page.app.exception
    (error,) = page.app.error
    assert "is not a picture" in error.value


# === Address ===


def test_the_address_is_honoured(compare):
    address = {
        "sample": "cows", "view": "Flat", "names": "true", "score": "0.4", "overlap": "0.2",
        "area": "2.0", "semantic": "flatter", "instance": "connected parts",
        "panoptic": "merge of both", "isolate": "cow 2",
    }  # fmt: skip
    page = compare(**address)
    assert page.healthy()
    assert page.viewer["look"] == "flat"
    assert page.viewer["names"] is True
    assert page.viewer["isolated"] == "cow 2"
    assert [page.app.slider(key=k).value for k in ("score", "overlap", "area")] == [0.4, 0.2, 2.0]
    assert page.app.selectbox(key="semantic").value == "flatter"
    assert page.app.selectbox(key="panoptic").value == "merge of both"


@pytest.mark.parametrize(
    "nonsense",
    [
        {"view": ""},
        {"view": "overlay"},
        {"score": "nan"},
        {"overlap": "7"},
        {"area": "-1"},
        {"names": "perhaps"},
        {"semantic": "../../etc"},
        {"sample": "pets"},
        {"isolate": "<b>unicorn</b> 3"},
    ],
    ids=str,
)
def test_a_nonsensical_address_falls_back(compare, nonsense):
    page = compare(**nonsense)
    assert page.healthy()
    assert page.viewer["look"] == "overlay"
    assert not page.viewer["names"]


# === Ground truth ===


def perfect(name="scene.png"):
    """Return the files that the scene's own panoptic result makes, as if people had drawn it."""
    card = scene_models.models("semantic")["flat"]
    answers = [
        scene_models.predict(task, scene_models.scene(), card, "cpu")
        for task in ("semantic", "instance")
    ]
    return merge(*answers, 0.0, 0.5, 0.0).panoptic, name


def test_a_samples_truth_is_a_view_with_figures_and_errors(compare):
    page = compare(sample="cows")
    assert [v["key"] for v in page.viewer["views"]][4:] == ["truth", "errors"]
    assert "3 × cow" in page.viewer["views"][4]["alt"]
    assert "PQ = SQ × RQ" in " ".join(metric.label for metric in page.app.metric)
    assert compare(sample="temple").viewer["views"][-1]["key"] == "panoptic"


@pytest.mark.parametrize("kind", ["panoptic", "coco", "voc"])
def test_a_visitors_truth_in_each_format(compare, kind):
    page = compare(score="0.0").upload(*FLAT)
    files = scenes.encode(kind, *perfect())[: 1 if kind == "coco" else 2]
    given = [(name.replace("/", "_"), data, "application/octet-stream") for name, data in files]
    page.uploader("truth").set_value(given).run()
    assert page.healthy(), page.text()
    assert [v["key"] for v in page.viewer["views"]][4:] == ["truth", "errors"]
    figures = {metric.label: metric.value for metric in page.app.metric}
    assert figures["Panoptic: PQ = SQ × RQ"] == "1.000"
    assert figures["Instance: AP50"] == "1.000"
    assert figures["Semantic: mIoU"] == "1.000"


def test_a_truth_that_does_not_fit_is_one_sentence(compare):
    page = compare().upload(*FLAT)
    page.uploader("truth").set_value([("truth.png", png(np.zeros((5, 5), np.uint8)), "")]).run()
    assert not page.app.exception
    (error,) = page.app.error
    assert "truth" in error.value
    assert [v["key"] for v in page.viewer["views"]][-1] == "panoptic"


# === Downloads ===


def test_downloads_are_of_the_pictures_own_size(compare, offered):
    size = (480, 1280)
    page = compare(view="Flat", score="0.5").upload("my scene.png", scene_models.scene(size))
    assert page.healthy()
    assert max(page.viewer["width"], page.viewer["height"]) == 640
    for label in ("Semantic", "Instance", "Panoptic"):
        with Image.open(io.BytesIO(offered[f"{label} (picture)"]["data"]())) as picture:
            assert picture.size == size[::-1]
    coco = json.loads(offered["COCO instances JSON"]["data"]())
    assert [a["segmentation"]["size"] for a in coco["annotations"]] == [list(size)] * 2
    names = {values["file_name"] for values in offered.values()}
    assert {"my scene_panoptic.png", "my scene_coco.json", "my scene_scene.zip"} <= names


def test_the_zip_holds_everything_also_the_ground_truths_picture(compare, offered):
    compare(sample="cows")
    with zipfile.ZipFile(io.BytesIO(offered["Everything (ZIP)"]["data"]())) as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
    assert {f"cows_{view}.png" for view in ("semantic", "instance", "panoptic", "truth")} <= names
    assert any(name.startswith("coco/") for name in names)
    assert {"panoptic/cows_panoptic.png", "panoptic/cows_panoptic.json"} <= names
    assert any(name.startswith("voc/SegmentationClass") for name in names)


def test_the_panoptic_files_match_the_view(compare, offered):
    compare().upload(*FLAT)
    listed = json.loads(offered["COCO panoptic JSON"]["data"]())["annotations"][0]["segments_info"]
    with Image.open(io.BytesIO(offered["COCO panoptic PNG"]["data"]())) as picture:
        ids = np.asarray(picture.convert("RGB")).astype(int) @ (1, 256, 65536)
    assert set(np.unique(ids)) - {0} == {segment["id"] for segment in listed}
