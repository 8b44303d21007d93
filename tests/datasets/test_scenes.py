"""Readers of scenes: COCO's panoptic layout with all classes, and Pascal VOC's."""

import json

import numpy as np
import pytest
from PIL import Image

from segcore.class_sets import SCENES
from segcore.datasets import scenes, voc
from segcore.datasets.samples import DatasetError
from segcore.images import PictureError

IDS = np.array([[1, 1, 300, 0], [2, 2, 300, 7]])


def save(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.array(values, np.uint8)).save(path)


@pytest.fixture
def coco(tmp_path):
    save(tmp_path / "images/a.jpg", np.zeros((2, 4, 3)))
    save(tmp_path / "panoptic/a.png", np.stack([IDS % 256, IDS // 256, IDS * 0], -1))
    index = {
        "categories": [
            {"id": 1, "name": "cat"}, {"id": 2, "name": "sky"}, {"id": 9, "name": "zebra"}
        ],
        "images": [{"id": 5, "file_name": "a.jpg", "source": "coco-gt"}],
        "annotations": [
            {"image_id": 5, "file_name": "a.png", "segments_info": [
                {"id": 1, "category_id": 1}, {"id": 2, "category_id": 1, "iscrowd": 1},
                {"id": 300, "category_id": 2}, {"id": 7, "category_id": 9},
            ]}
        ],
    }  # fmt: skip
    (tmp_path / "panoptic_val.json").write_text(json.dumps(index))
    return tmp_path


def test_all_segments_of_known_classes(coco):
    (sample,) = scenes.read(coco, "val")
    picture, truth = sample.load()
    assert (sample.name, sample.source, picture.shape) == ("a", "coco-gt", (2, 4, 3))
    assert truth.ids.dtype == np.int32
    np.testing.assert_array_equal(truth.ids, np.where(IDS == 7, 0, IDS))
    cat, sky = SCENES.index("cat"), SCENES.index("sky")
    assert truth.segments == [(1, cat, False), (2, cat, True), (300, sky, False)]
    assert scenes.recognises(coco) and not scenes.recognises(coco / "images")


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot be read"), ("{", "is no panoptic list"), ("[]", "is no panoptic list"),
     ('{"categories": []}', "is no panoptic list")],
)  # fmt: skip
def test_a_list_that_cannot_be_read_is_one_sentence(coco, content, message):
    if content is None:
        (coco / "panoptic_val.json").unlink()
    else:
        (coco / "panoptic_val.json").write_text(content)
    with pytest.raises(DatasetError, match=message):
        scenes.read(coco, "val")
    with pytest.raises(DatasetError, match="accepted are train and val"):
        scenes.read(coco, "test")


def test_damaged_labels_are_picture_errors(coco):
    (sample,) = scenes.read(coco, "val")
    save(coco / "panoptic/a.png", np.zeros((2, 3, 3)))
    with pytest.raises(PictureError, match=r"a: the labels are \(2, 3\)"):
        sample.load()
    (coco / "panoptic/a.png").write_bytes(b"no picture")
    with pytest.raises(PictureError, match="a: no labels can be read"):
        sample.load()


def test_voc_classes(tmp_path):
    save(tmp_path / "JPEGImages/b.jpg", np.zeros((1, 3, 3)))
    image = Image.fromarray(np.array([[0, 8, 255]], np.uint8))
    image.putpalette(list(range(256)) * 3)
    (tmp_path / "SegmentationClass").mkdir()
    image.save(tmp_path / "SegmentationClass/b.png")
    lists = tmp_path / "ImageSets/Segmentation"
    lists.mkdir(parents=True)
    (lists / "val.txt").write_text("b\n")
    (sample,) = voc.read(tmp_path, "val")
    assert sample.load()[1].tolist() == [[0, 8, 255]]
    assert voc.recognises(tmp_path) and not voc.recognises(lists)
    with pytest.raises(DatasetError, match=r"train\.txt is missing"):
        voc.read(tmp_path, "train")
