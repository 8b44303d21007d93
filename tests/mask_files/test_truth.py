"""segcore.mask_files.truth: what people labelled, from COCO's and VOC's files."""

import io
import json

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask

from segcore.class_sets import SCENES, VOC_NAMES, from_coco, from_voc, voc_index
from segcore.mask_files import MaskFileError
from segcore.mask_files.truth import read
from segcore.scenes.truth import OTHER

SIZE = (3, 4)
CAT, DOG, SKY = (SCENES.index(name) for name in ("cat", "dog", "sky"))
CATEGORIES = [
    {"id": 17, "name": "cat"}, {"id": 18, "name": "dog"}, {"id": 24, "name": "zebra"},
    {"id": 187, "name": "sky-other-merged"},
]  # fmt: skip


def png(values, mode=None):
    image = Image.fromarray(np.array(values, np.uint8))
    if mode == "P":
        image.putpalette(list(range(256)) * 3)
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def coloured(ids):
    ids = np.array(ids)
    return png(np.stack([ids % 256, ids // 256 % 256, ids // 65536], -1))


def text(content):
    return json.dumps(content).encode()


def segments(truth):
    return [(s.id, "other" if s.index == OTHER else SCENES.names[s.index], s.crowd)
            for s in truth.segments]  # fmt: skip


# === COCO panoptic ===

IDS = [[70_000, 70_000, 300, 300], [0, 5, 5, 6], [0, 5, 5, 6]]


def panoptic(*pictures):
    listed = [
        {"id": 70_000, "category_id": 187}, {"id": 300, "category_id": 24},
        {"id": 5, "category_id": 17}, {"id": 6, "category_id": 18, "iscrowd": 1},
        {"id": 9, "category_id": 18},
    ]  # fmt: skip
    return {
        "categories": CATEGORIES,
        "annotations": [{"file_name": f"{n}.png", "segments_info": listed} for n in pictures],
    }


def test_a_panoptic_pair():
    files = [("a.json", text(panoptic("1"))), ("x.png", coloured(IDS))]
    for order in (1, -1):
        truth = read(files[::order], SIZE)
        assert segments(truth) == [(70_000, "sky", False), (5, "cat", False), (6, "dog", True)]
        assert truth.ids.dtype == np.int32
        np.testing.assert_array_equal(truth.ids, np.where(np.array(IDS) == 300, 0, IDS))
        assert truth.told is None


def test_of_several_pictures_the_one_called_as_the_png_or_the_picture():
    content = text(panoptic("1", "2"))
    for name, picture in (("b/2.png", ""), ("x.png", "2.jpg")):
        assert len(read([("a.json", content), (name, coloured(IDS))], SIZE, picture).segments) == 3


# === COCO instances ===


def instances():
    masks = np.zeros((3, *SIZE), np.uint8)
    masks[0, :2], masks[1, 0, :1], masks[2, 1:, 2:] = 1, 1, 1
    rles = [coco_mask.encode(np.asfortranarray(mask)) for mask in masks]
    return {
        "images": [{"id": 1, "file_name": "a.jpg", "height": 3, "width": 4}],
        "categories": CATEGORIES,
        "annotations": [
            {"image_id": 1, "category_id": category, "iscrowd": crowd,
             "segmentation": {"size": list(SIZE), "counts": rle["counts"].decode()}}
            for rle, category, crowd in zip(rles, (17, 18, 17), (0, 0, 1), strict=True)
        ],
    }  # fmt: skip


def test_objects_lie_smaller_over_larger_and_over_crowds():
    truth = read([("a.json", text(instances()))], SIZE)
    names = {s.id: (SCENES.names[s.index], s.crowd) for s in truth.segments if s.index != OTHER}
    assert set(names.values()) == {("cat", False), ("dog", False), ("cat", True)}
    classes = truth.classes().tolist()
    assert classes == [[DOG, CAT, CAT, CAT], [CAT] * 4, [OTHER, OTHER, CAT, CAT]]
    assert truth.told == {CAT, DOG, SKY}
    assert names[truth.ids[1, 3]] == ("cat", False) and names[truth.ids[2, 3]] == ("cat", True)


def test_objects_of_other_classes_and_wholly_covered_ones_are_left_out():
    content = instances()
    content["annotations"][1]["category_id"] = 24
    content["annotations"].append(content["annotations"][0] | {"category_id": 18})
    truth = read([("a.json", text(content))], SIZE)
    assert sorted(name for _, name, _ in segments(truth)) == ["cat", "dog", "other"]


# === Pascal VOC ===

CLASSES = [[8, 8, 8, 0], [8, 8, 255, 0], [12, 12, 0, 0]]
OBJECTS = [[1, 2, 2, 0], [1, 2, 255, 0], [3, 3, 0, 0]]


@pytest.mark.parametrize("mode", ["P", "L"])
def test_voc_classes_and_objects(mode):
    files = [("x/a.png", png(CLASSES, mode)), ("y/a.png", png(OBJECTS, mode))]
    for order in (1, -1):
        truth = read(files[::order], SIZE)
        assert sorted(name for _, name, _ in segments(truth)) == ["cat", "cat", "dog", "other"]
        assert not any(crowd for *_, crowd in segments(truth))
        assert truth.classes()[1].tolist() == [CAT, CAT, 255, OTHER]
        assert truth.ids[0, 0] != truth.ids[0, 1] == truth.ids[1, 1]
        assert truth.told == {SCENES.index(n) for n in SCENES.names if voc_index(n)}


def test_voc_classes_alone_are_crowds():
    truth = read([("a.png", png(CLASSES, "P"))], SIZE)
    crowds = {name: crowd for _, name, crowd in segments(truth)}
    assert crowds == {"cat": True, "dog": True, "other": False}


def test_objects_are_told_from_classes_also_where_each_class_has_one():
    classes, objects = np.zeros(SIZE), np.zeros(SIZE)
    classes[0], classes[2], objects[0], objects[2] = 12, 8, 2, 1
    files = [("c.png", png(classes)), ("o.png", png(objects))]
    for order in (1, -1):
        names = sorted(name for _, name, _ in segments(read(files[::order], SIZE)))
        assert names == ["cat", "dog", "other"]


# === Names ===


def test_every_class_of_voc_and_of_cocos_things_is_known():
    assert all(SCENES.classes[from_voc(i)].thing for i in range(1, len(VOC_NAMES)))
    assert all(from_coco(name) == i for i, name in enumerate(SCENES.names))
    assert from_coco("snow") == SCENES.index("ground") and from_coco("banana") is None


# === Refusals ===

SOUND = {
    "panoptic": [("a.json", text(panoptic("1"))), ("x.png", coloured(IDS))],
    "instances": [("a.json", text(instances()))],
    "voc": [("c.png", png(CLASSES, "P")), ("o.png", png(OBJECTS, "P"))],
}


def refused(files, size=SIZE):
    with pytest.raises(MaskFileError) as caught:
        read(files, size)
    message = str(caught.value)
    assert message.endswith(".") and "\n" not in message and len(message) < 350
    return message


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([], "No file: these files do not go together"),
        ([("a.png", b"")], "the file is empty"),
        (SOUND["panoptic"][:1], "panoptic JSON needs the PNG of the picture beside it"),
        (SOUND["panoptic"] + SOUND["voc"], "do not go together"),
        (SOUND["instances"] + SOUND["voc"][:1], "needs no PNG"),
        ([("a.json", b"[]")], 'lacks "categories"'),
        ([("a.json", b'{"categories": []}')], "damaged or of another layout"),
        ([("a.json", b"{")], "a.json: damaged"),
        ([("a.png", png([[21] * 4] * 3))], "the class PNG holds 21"),
        ([("a.png", coloured(IDS))], "colours of mode RGB"),
        ([("a.png", png(np.ones((4, 3))))], "3 × 4 pixels, the picture 4 × 3"),
        ([SOUND["panoptic"][0], ("x.png", coloured(np.full(SIZE, 7)))], "holds segment 7"),
        (
            [("a.json", text(panoptic("1", "2"))), ("x.png", coloured(IDS))],
            "of several pictures and none of them",
        ),
    ],
)
def test_what_does_not_fit_is_one_sentence(files, message):
    assert message in refused(files)


@pytest.mark.parametrize("kind", SOUND)
def test_files_cut_or_changed_anywhere(kind):
    random = np.random.default_rng(0)
    for case in range(150):
        files = list(SOUND[kind])
        which = random.integers(len(files))
        name, data = files[which]
        data = bytearray(data)
        if case % 2:
            del data[random.integers(len(data)) :]
        else:
            data[random.integers(len(data))] = random.integers(256)
        files[which] = name, bytes(data)
        try:
            truth = read(files, SIZE)
        except MaskFileError as error:
            assert str(error).endswith(".") and "\n" not in str(error)
        else:
            assert {s.id for s in truth.segments} == set(np.unique(truth.ids).tolist()) - {0}
