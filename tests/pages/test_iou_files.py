"""The IoU calculator's files without a browser: mask files in, pictures, numbers, drawings out."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from segcore.drawing.notation import from_code, from_json

from . import iou_page
from .iou_page import field, metric, source

SHAPES = "tb100_100_300_300~pb200_100_400_300s0.8"  # IoU 1/3, on the blank sheet
SIZE = (480, 640)
THIRD = "0.3333"


def visit(**address: str) -> AppTest:
    """Open the page with two boxes on the blank sheet."""
    return iou_page.visit(**{"picture": "sheet", "shapes": SHAPES, **address})


def bring(
    page: AppTest, name: str, data: bytes, side: str = "target", stage: str = "sheet"
) -> None:
    """Choose a mask file as a side's source and upload it."""
    picker = source(page, f"iou-{side}-from")
    if picker.value != "Mask file":
        picker.set_value("Mask file").run()
    upload(page, f"iou-file-{side}-{stage}", name, data)


def upload(page: AppTest, key: str, name: str, data: bytes) -> None:
    uploader = page.file_uploader(key=key)
    uploader.set_value((name, data, "application/octet-stream")).run()
    assert not page.exception


# === Mask files ===


def png(values: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, "PNG")
    return stream.getvalue()


def mask(value: int = 255) -> np.ndarray:
    """Return the target of `SHAPES` as a mask."""
    values = np.zeros(SIZE, np.uint8)
    values[100:300, 100:300] = value
    return values


def run_lengths() -> list[int]:
    """Return the mask's run lengths, column by column."""
    changes = np.flatnonzero(np.diff(mask().T.ravel())) + 1
    return np.diff([0, *changes.tolist(), SIZE[0] * SIZE[1]]).tolist()


RING = [100, 100, 300, 100, 300, 300, 100, 300]
PICTURE = {"id": 1, "file_name": "a.jpg", "width": 640, "height": 480}


def coco(**entry: object) -> bytes:
    annotation = {"id": 1, "image_id": 1, "category_id": 1, "iscrowd": 0, **entry}
    return json.dumps({"images": [PICTURE], "annotations": [annotation]}).encode()


def labelme(kind: str, points: list, **more: object) -> bytes:
    shape = {"label": "cat", "shape_type": kind, "points": points, **more}
    return json.dumps({"imageHeight": 480, "imageWidth": 640, "shapes": [shape]}).encode()


def voc(box: str = "<xmin>101</xmin><ymin>101</ymin><xmax>300</xmax><ymax>300</ymax>") -> bytes:
    return (
        "<annotation><size><width>640</width><height>480</height><depth>3</depth></size>"
        f"<object><name>cat</name><bndbox>{box}</bndbox></object></annotation>"
    ).encode()


SQUARE = base64.b64encode(png(np.full((200, 200), 255, np.uint8))).decode()
SAME: dict[str, tuple[str, bytes]] = {
    "binary PNG": ("mask.png", png(mask())),
    "PNG of ones": ("mask.png", png(mask(1))),
    "bilevel PNG": ("mask.png", png(mask() > 0)),
    "COCO polygon": ("a.json", coco(segmentation=[RING])),
    "COCO run lengths": ("a.json", coco(segmentation={"size": SIZE, "counts": run_lengths()})),
    "COCO box": ("a.json", coco(bbox=[100, 100, 200, 200])),
    "COCO results": ("a.json", json.dumps([{"image_id": 1, "segmentation": [RING]}]).encode()),
    "LabelMe polygon": (
        "a.json", labelme("polygon", [[100, 100], [300, 100], [300, 300], [100, 300]]),
    ),
    "LabelMe rectangle": ("a.json", labelme("rectangle", [[300, 300], [100, 100]])),
    "LabelMe mask": ("a.json", labelme("mask", [[100, 100], [299, 299]], mask=SQUARE)),
    "VOC": ("a.xml", voc()),
}  # fmt: skip


@pytest.mark.parametrize("kind", SAME)
def test_a_mask_file_is_measured_as_if_it_were_drawn(kind) -> None:
    page = visit()
    assert metric(page) == THIRD
    bring(page, *SAME[kind])
    assert not page.error
    assert metric(page) == THIRD
    source(page, "iou-prediction-from").set_value("Mask file").run()
    assert metric(page) == "0.0000"
    bring(page, *SAME[kind], side="prediction")
    assert metric(page) == "1.0000"


def test_a_coco_file_of_two_pictures_is_read_for_each_of_them() -> None:
    pictures = [
        {"id": i, "file_name": name, "height": 100, "width": 100}
        for i, name in enumerate(("a.png", "b.png"))
    ]
    annotations = [{"image_id": i, "category_id": 1, "bbox": [0, 0, 20 + 40 * i, 20 + 40 * i]}
                   for i in (0, 1)]  # fmt: skip
    both = json.dumps({"images": pictures, "annotations": annotations}).encode()
    page = visit(picture="sheet")
    page.selectbox(key="iou-picture").set_value("own").run()
    for name, area in (("a.png", "400"), ("b.png", "3,600")):
        upload(page, "iou-upload", name, png(np.zeros((100, 100, 3), np.uint8)))
        stage = page.session_state["iou kept upload"].file_id
        bring(page, "both.json", both, stage=stage)
        assert not page.error
        assert any(f"**{area}**" in entry.value for entry in page.markdown)


def test_each_value_of_a_png_is_an_object() -> None:
    values = np.zeros(SIZE, np.uint8)
    values[100:300, 100:200], values[100:300, 200:300], values[0:5] = 1, 2, 255
    page = visit()
    bring(page, "objects.png", png(values))
    assert not page.error
    assert len(page.dataframe[0].value) == 2  # 255 is void among several
    assert metric(page) == THIRD


def test_a_file_stays_when_the_source_is_changed_and_changed_back() -> None:
    page = visit()
    bring(page, "mask.png", png(mask()))
    field(page, "iou-prediction-x_min").set_value(100.0).run()
    with_file = metric(page)
    source(page, "iou-target-from").set_value("Drawn").run()
    assert metric(page) == with_file == f"{2 / 3:.4f}"
    field(page, "iou-target-x_min").set_value(0.0).run()
    assert metric(page) != with_file
    source(page, "iou-target-from").set_value("Mask file").run()
    assert metric(page) == with_file


@pytest.mark.parametrize(("name", "data", "sentence"), [
    ("empty.png", b"", "is empty"),
    ("cut.png", png(mask())[:60], "damaged"),
    ("text.png", b"This is not a cat.", "none that can be read"),
    ("small.png", png(mask()[::2, ::2]), "320 × 240 pixels, the picture 640 × 480"),
    ("photo.png", png(np.arange(307_200, dtype=np.uint32).view(np.uint8)
                      .reshape(480, 640, 4)[..., :3].copy()), "as a photo has"),
    ("cut.json", coco(segmentation=[RING])[:-9], "damaged"),
    ("list.json", b"[1, 2]", "damaged"),
    ("deep.json", b"[" * 100_000, "damaged"),
    ("nan.json", coco(bbox=[float("nan"), 0, 1, 1]), "nan"),
    ("huge.json", coco(bbox=[0, 0, 1e300, 1]), "accepted are numbers up to"),
    ("odd.json", coco(segmentation=[[1, 2, 3]]), "damaged"),
    ("runs.json", coco(segmentation={"size": SIZE, "counts": [5, 10**9]}), "run lengths"),
    ("wide.json", coco(segmentation={"size": [480, 10**9], "counts": [1]}), "the picture 640"),
    ("two.json", json.dumps({"images": [PICTURE, PICTURE], "annotations": []}).encode(),
     "several pictures"),
    ("line.json", labelme("linestrip", [[1, 1], [2, 2]]), "'linestrip'"),
    ("mask.json", labelme("mask", [[0, 0], [1, 1]], mask="!!"), "damaged"),
    ("many.json", json.dumps([{"bbox": [0, 0, 9, 9]}] * 501).encode(), "501 objects"),
    ("cut.xml", voc()[:-5], "the XML is damaged"),
    ("page.xml", b"<html></html>", "is a <html>"),
    ("bomb.xml", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "has a document type"),
    ("text.xml", voc("<xmin>left</xmin>"), "damaged"),
])  # fmt: skip
def test_a_damaged_mask_file_is_told_in_a_sentence(name, data, sentence) -> None:
    page = visit()
    bring(page, name, data)
    assert len(page.error) == 1
    text = page.error[0].value.replace("\\", "")
    assert text.startswith(name) and sentence in text
    assert "Traceback" not in text and "\n" not in text and len(text) < 300
    bring(page, "mask.png", png(mask()))
    assert not page.error and metric(page) == THIRD


def test_a_drawing_brought_as_a_mask_file_is_pointed_to_its_place(offered) -> None:
    page = visit()
    bring(page, "drawing.json", offered["Drawing, JSON"]["data"]().encode())
    assert "Save and load" in page.error[0].value


# === Downloads ===


def test_the_drawing_loads_back(offered) -> None:
    saved = offered_data(visit(), offered, "Drawing, JSON")
    assert from_json(saved) == (from_code(SHAPES), SIZE)
    page = visit(shapes="tb0_0_10_10")
    assert metric(page) == "0.0000"
    upload(page, "iou-drawing", "drawing.json", saved)
    assert metric(page) == THIRD and not page.warning
    assert page.query_params["shapes"] in (SHAPES, [SHAPES])
    page.button(key="iou-undo").click().run()
    assert metric(page) == "0.0000"


def test_a_drawing_of_another_size_loads_with_a_word_of_warning(offered) -> None:
    saved = offered_data(visit(), offered, "Drawing, JSON")
    page = visit(picture="kitten", shapes="")
    upload(page, "iou-drawing", "drawing.json", saved)
    assert "640 × 480" in page.warning[0].value.replace("\\", "")
    assert metric(page) == THIRD


@pytest.mark.parametrize(("data", "sentence"), [
    (b"", "not JSON"), (b"\xff\xfe", "not JSON"), (b"[1]", "lacks"), (b"[" * 100_000, "not JSON"),
    (b'{"format": "segcore drawing"}', "damaged"),
    (b'{"format": "segcore drawing", "width": 1, "height": 1, "shapes": [{}]}', "damaged"),
    (b'{"format": "segcore drawing", "width": 1, "height": 1, "shapes": '
     b'[{"side": "target", "kind": "box", "box": [NaN, 0, 1, 1]}]}', "A coordinate is nan"),
    (b'{"format": "segcore drawing", "width": 1e999, "height": 1, "shapes": []}', "damaged"),
])  # fmt: skip
def test_a_damaged_drawing_is_told_and_changes_nothing(data, sentence) -> None:
    page = visit()
    upload(page, "iou-drawing", "drawing.json", data)
    assert len(page.warning) == 1 and sentence in page.warning[0].value.replace("\\", "")
    assert metric(page) == THIRD


def test_the_numbers_are_those_on_the_page(offered) -> None:
    page = visit()
    numbers = json.loads(offered_data(page, offered, "Numbers, JSON"))
    table = csv.DictReader(io.StringIO(offered_data(page, offered, "Numbers, CSV").decode()))
    rows = {row["figure"]: row["value"] for row in table}
    assert numbers["target_pixels"] == numbers["prediction_pixels"] == 40_000
    assert (numbers["intersection_pixels"], numbers["union_pixels"]) == (20_000, 60_000)
    assert numbers["iou"] == pytest.approx(1 / 3, abs=1e-12)
    assert numbers["hausdorff_pixels"] == 100
    assert rows.keys() == numbers.keys()
    for name, value in numbers.items():
        assert rows[name] == ("" if value is None else str(value))


@pytest.mark.parametrize(
    ("picture", "size"), [("sheet", (640, 480)), ("squares", (960, 640)), ("chelsea", (451, 300))]
)
def test_the_comparison_is_a_picture_of_full_size(offered, picture, size) -> None:
    content = offered_data(visit(picture=picture, shapes=""), offered, "Comparison, PNG")
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        assert (image.format, image.size) == ("PNG", size)


def test_what_is_undefined_is_null_or_empty(offered) -> None:
    page = visit(shapes="")
    assert metric(page) == "undefined"
    numbers = json.loads(offered_data(page, offered, "Numbers, JSON"))
    assert numbers["iou"] is None and numbers["target_pixels"] == 0
    assert "\niou,\n" in offered_data(page, offered, "Numbers, CSV").decode()
    assert offered_data(page, offered, "Comparison, PNG").startswith(b"\x89PNG")


def offered_data(page: AppTest, offered: dict, label: str) -> bytes:
    """Return a download's content after the page's last run."""
    make: Callable[[], str | bytes] = offered[label]["data"]
    content = make()
    return content.encode() if isinstance(content, str) else content
