"""Masks to ask for from every layout, and the squares cut from them."""

import json

import numpy as np
import pytest
from PIL import Image

from segcore.datasets import ecssd
from segcore.datasets.prompt_crops import crop
from segcore.datasets.samples import VOID, DatasetError
from segcore.datasets.targets import SOURCES, STUFF_WEIGHT, Targets, read

PICTURE = np.random.default_rng(0).integers(0, 256, (40, 60, 3)).astype(np.uint8)


def save(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)


# === Layouts ===


def test_masks_of_one_object(tmp_path):
    mask = np.zeros((40, 60), np.uint8)
    mask[5:20, 5:30], mask[20:22, 5:30] = 255, 128
    for name in ("0107", "0108"):
        save(tmp_path / "images" / f"{name}.png", PICTURE)
        save(tmp_path / "masks" / f"{name}.png", mask)
    assert [sample.name for sample in read(tmp_path, "train")] == ["0107"]
    assert [sample.name for sample in read(tmp_path, "test")] == ["0107", "0108"]
    sample = read(tmp_path, "train")[0]
    picture, targets = sample.load()
    np.testing.assert_array_equal(picture, PICTURE)
    np.testing.assert_array_equal(targets.ids, np.select([mask == 255, mask == 128], [1, 0], 2))
    assert targets.things == set(targets.weights) == {1}
    assert sample.weight == SOURCES["ecssd"]
    assert set(np.unique(ecssd.read_mask(tmp_path / "masks" / "0107.png"))) == {0, 1, VOID}


def test_numbered_nuclei(tmp_path):
    labels = np.zeros((40, 60), np.uint16)
    labels[3:9, 3:9], labels[20:30, 20:30] = 7, 300
    save(tmp_path / "images" / "a.png", PICTURE)
    save(tmp_path / "labels" / "a.png", labels)
    (tmp_path / "train.txt").write_text("a\n")
    targets = read(tmp_path, "train")[0].load()[1]
    assert targets.things == {7, 300}
    np.testing.assert_array_equal(targets.ids, np.where(labels == 0, 301, labels))
    with pytest.raises(DatasetError, match=r"no test\.txt"):
        read(tmp_path, "test")


def test_scenes_with_groups_crowds_and_teachers(tmp_path):
    ids = np.zeros((40, 60, 3), np.uint8)
    for number in range(1, 6):
        ids[:, 10 * number : 10 * number + 10, 0] = number
    segments = [(1, 13, 0), (2, 13, 0), (3, 13, 1), (4, 10, 0), (5, 101, 0)]
    names = {10: "cat", 13: "sheep", 101: "sky"}
    index = {
        "categories": [{"id": i, "name": name} for i, name in names.items()],
        "images": [{"id": 1, "file_name": "a.png", "source": "teacher"}],
        "annotations": [
            {
                "image_id": 1,
                "file_name": "a.png",
                "segments_info": [
                    {"id": i, "category_id": c, "iscrowd": crowd} for i, c, crowd in segments
                ],
            }
        ],
    }
    save(tmp_path / "images" / "a.png", PICTURE)
    save(tmp_path / "panoptic" / "a.png", ids)
    (tmp_path / "panoptic_train.json").write_text(json.dumps(index))
    sample = read(tmp_path, "train")[0]
    targets = sample.load()[1]
    assert targets.weights == {1: 0.5, 2: 0.5, 4: 0.5, 5: STUFF_WEIGHT}
    assert targets.things == {1, 2, 4}
    assert targets.groups == (frozenset((1, 2)),)
    assert sample.weight == SOURCES["teacher"]


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="no data set known here"):
        read(tmp_path, "train")


# === Squares ===


def shapes():
    ids = np.full((40, 60), 3, np.int32)
    ids[5:25, 5:25], ids[10:36, 30:55], ids[:, 58:] = 1, 2, 0
    return Targets(ids, {1: 1.0, 2: 1.0}, frozenset((1, 2)), (frozenset((1, 2)),))


def test_whole_picture_is_only_stretched():
    found = crop(PICTURE, shapes(), 64, 2, np.random.default_rng(1), augment=False)
    boxes = found.boxes[np.argsort(found.boxes[:, 0])]
    scale = np.array([64 / 60, 64 / 40] * 2)
    np.testing.assert_allclose(boxes[0], np.array([5, 5, 25, 25]) * scale, atol=1)
    np.testing.assert_allclose(boxes[1], np.array([30, 10, 55, 36]) * scale, atol=1)
    assert found.labelled[0, :, -1].max() < 255 and found.labelled[0, :, :-2].min() == 255


@pytest.mark.parametrize("seed", range(12))
def test_coverage_is_the_share_of_each_cell_and_boxes_are_tight(seed):
    found = crop(PICTURE, shapes(), 64, 3, np.random.default_rng(seed))
    assert found.picture.shape == (64, 64, 3)
    assert found.coverage.shape == found.labelled.shape == (3, 16, 16)
    assert (found.coverage <= found.labelled).all()
    for coverage, (left, top, right, bottom) in zip(found.coverage, found.boxes, strict=True):
        rows, columns = np.flatnonzero(coverage.any(1)), np.flatnonzero(coverage.any(0))
        assert (left // 4, top // 4) == (columns[0], rows[0])
        assert (-(-right // 4), -(-bottom // 4)) == (columns[-1] + 1, rows[-1] + 1)
        assert (right - left) * (bottom - top) + 0.5 >= coverage.sum() / 255 * 16 - 3


def test_objects_are_told_from_regions():
    targets = shapes()._replace(weights={1: 1.0, 3: 1.0}, things=frozenset((1, 2)), groups=())
    found = crop(PICTURE, targets, 64, 2, np.random.default_rng(1), augment=False)
    largest = np.argmax(found.coverage.sum((1, 2), dtype=int))  # the ground
    assert not found.things[largest] and found.things[1 - largest]


def test_the_same_draws_give_the_same_square_and_nothing_to_ask_for_gives_none():
    a, b = (crop(PICTURE, shapes(), 64, 3, np.random.default_rng(5)) for _ in range(2))
    for ours, theirs in zip(a, b, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    nothing = shapes()._replace(weights={})
    assert crop(PICTURE, nothing, 64, 3, np.random.default_rng(5)) is None
