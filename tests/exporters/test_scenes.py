"""segcore.exporters.scenes: pycocotools and our own readers find in the files what was there."""

import io
import json
from contextlib import redirect_stdout

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from segcore.class_sets import SCENES, voc_index
from segcore.exporters.scenes import FORMATS, encode
from segcore.labels import UNLABELLED
from segcore.mask_files import truth as truth_files
from segcore.metrics import Objects
from segcore.objects import cut
from segcore.scenes.components import components
from segcore.scenes.merge import merge
from segcore.scenes.scaling import scaled
from segcore.scenes.scoring import found_objects, object_meter
from segcore.scenes.truth import OTHER
from segcore.scenes.views import class_map as to_class_map
from segcore.scenes.views import objects
from tests.scenes._scenes import class_map, instances, random_instances, random_map, thing

SHAPE, SIZE = (24, 32), (60, 80)


def scene(seed, shape=SHAPE, size=SIZE):
    """A panoptic result at a smaller size than its picture's."""
    rng = np.random.default_rng(seed)
    semantic = random_map(rng, shape, SCENES)
    found = random_instances(rng, shape, 6, SCENES)
    semantic = class_map(semantic.classes, semantic.scores, SCENES, size)
    return merge(
        semantic, instances(shape, *found.objects, class_set=SCENES, size=size), 0
    ).panoptic


def written(kind, result, name="cat.jpg"):
    return dict(encode(kind, result, name))


def loaded(tmp_path, files):
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with redirect_stdout(io.StringIO()):
        return COCO(str(tmp_path / "cat_coco.json"))


# === COCO instances ===


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
def test_pycocotools_loads_the_objects(tmp_path):
    result = objects(scene(0))
    full = scaled(result, SIZE)
    coco = loaded(tmp_path, written("coco", result))
    assert coco.loadImgs([1]) == [{"id": 1, "file_name": "cat.jpg", "height": 60, "width": 80}]
    assert {c["id"]: c["name"] for c in coco.loadCats(coco.getCatIds())} == {
        c.category: c.name for c in SCENES.classes if c.thing
    }
    entries = coco.loadAnns(coco.getAnnIds())
    assert len(entries) == len(full.objects) > 2
    for entry, true in zip(entries, full.objects, strict=True):
        mask = np.zeros(SIZE, bool)
        mask[true.patch.window] = true.patch.mask
        np.testing.assert_array_equal(coco.annToMask(entry), mask)
        rows, columns = np.nonzero(mask)
        assert entry["bbox"] == [
            columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1
        ]  # fmt: skip
        assert entry["area"] == mask.sum() and entry["score"] == true.score
        assert coco.loadCats(entry["category_id"])[0]["name"] == true.label


def test_ap_by_pycocotools_from_our_files_equals_ours(tmp_path):
    for seed in range(8):
        rng = np.random.default_rng(seed)
        truth = random_instances(rng, (48, 64), 5, SCENES)
        blur = random_instances(rng, (48, 64), 4, SCENES)
        guess = instances((48, 64), *truth.objects[:3], *blur.objects, class_set=SCENES)
        coco = loaded(tmp_path, written("coco", truth))
        results = json.loads(written("coco", guess)["cat_coco_results.json"])
        with redirect_stdout(io.StringIO()):
            judge = COCOeval(coco, coco.loadRes(results), "segm")
            judge.evaluate()
            judge.accumulate()
            judge.summarize()
        meter = object_meter(SCENES)
        labels = [true.label for true in truth.objects]
        meter.update(Objects(labels, cut(truth.objects, truth.shape)), found_objects(guess))
        ours = meter.result()
        for name, value in zip(("ap", "ap50", "ap75"), judge.stats, strict=False):
            assert ours[name] == pytest.approx(value, abs=1e-9)


def test_an_annotation_file_gives_the_objects_back():
    """Apart from one another, as a truth has no pixel twice."""
    result = objects(scene(1))
    content = written("coco", result)["cat_coco.json"]
    truth = truth_files.read([("a.json", content)], SIZE)
    full = scaled(result, SIZE)
    assert sorted(s.index for s in truth.segments if s.index != OTHER) == sorted(
        SCENES.index(found.label) for found in full.objects
    )
    classes = truth.classes()
    for found in full.objects:
        assert (classes[found.patch.window][found.patch.mask] == SCENES.index(found.label)).all()


# === COCO panoptic ===


def test_a_panoptic_pair_gives_the_same_segments():
    for seed in range(20):
        result = scene(seed)
        files = written("panoptic", result)
        assert set(files) == {"cat_panoptic.png", "cat_panoptic.json"}
        truth = truth_files.read(list(files.items()), SIZE, "cat.jpg")
        full = scaled(result, SIZE)
        np.testing.assert_array_equal(truth.ids, full.ids)
        assert [(s.id, s.index, s.crowd) for s in truth.segments] == [
            (s.id, s.index, False) for s in full.segments
        ]
        content = json.loads(files["cat_panoptic.json"])
        (annotation,) = content["annotations"]
        assert annotation["file_name"] == "cat_panoptic.png"
        for entry in annotation["segments_info"]:
            x, y, width, height = entry["bbox"]
            inside = truth.ids == entry["id"]
            assert entry["area"] == inside.sum() == inside[y : y + height, x : x + width].sum()
            assert inside[y].any() and inside[:, x + width - 1].any()


def test_ids_beyond_a_byte_use_all_colours():
    shape = (30, 30)
    dots = np.eye(900, dtype=bool)[:300].reshape(300, *shape)
    found = instances(shape, *map(thing, dots), class_set=SCENES)
    result = merge(class_map(np.full(shape, UNLABELLED), class_set=SCENES), found).panoptic
    truth = truth_files.read(list(written("panoptic", result).items()), shape)
    assert len(truth.segments) == 300
    np.testing.assert_array_equal(truth.ids, result.ids)


# === Pascal VOC ===


def palette(data):
    image = Image.open(io.BytesIO(data))
    assert image.mode == "P"
    return np.array(image), np.array(image.getpalette()).reshape(-1, 3)


def test_voc_pngs_have_its_classes_and_palette():
    result = scene(3)
    full = to_class_map(scaled(result, SIZE))
    files = written("voc", result)
    assert list(files) == ["SegmentationClass/cat.png", "SegmentationObject/cat.png"]
    classes, colours = palette(files["SegmentationClass/cat.png"])
    names = [*SCENES.names, *[""] * (256 - len(SCENES))]
    expected = np.array([voc_index(name) for name in names])[full.classes]
    np.testing.assert_array_equal(classes, expected)
    assert colours[[0, 1, 15]].tolist() == [[0, 0, 0], [128, 0, 0], [192, 128, 128]]
    assert list(written("voc", full)) == ["SegmentationClass/cat.png"]


def test_voc_pngs_give_the_objects_back():
    for seed in range(10):
        result = scaled(scene(seed), SIZE)
        files = written("voc", result)
        for order in (1, -1):
            truth = truth_files.read(list(files.items())[::order], SIZE)
            objects_of = {s.id for s in result.segments if voc_index(SCENES.names[s.index])}
            pairs = set(zip(truth.ids.ravel().tolist(), result.ids.ravel().tolist(), strict=True))
            pairs = [(a, b) for a, b in pairs if b in objects_of]
            assert len(pairs) == len(objects_of) == len(truth.segments) - 1
            index = {s.id: s.index for s in result.segments}
            true = {s.id: s for s in truth.segments}
            for a, b in pairs:
                assert true[a].index == index[b] and not true[a].crowd


# === Names and formats ===


def test_each_task_has_its_formats():
    results = {
        "semantic": to_class_map(scene(0)), "instance": objects(scene(0)), "panoptic": scene(0)
    }  # fmt: skip
    for task, result in results.items():
        for kind in ("coco", "panoptic", "voc", "gif"):
            if kind in FORMATS[task]:
                assert all(content for _, content in encode(kind, result, "a.png"))
            else:
                with pytest.raises(ValueError, match=f"no format '{kind}' of what"):
                    encode(kind, result, "a.png")


def test_names_are_safe_and_without_folders():
    assert list(written("panoptic", scene(0), r"C:\x\what?.jpeg")) == [
        "what__panoptic.png", "what__panoptic.json"
    ]  # fmt: skip


def test_nothing_found_is_written_all_the_same():
    blank = class_map(np.full((2, 3), UNLABELLED), class_set=SCENES)
    found = components(blank)
    result = merge(blank, found).panoptic
    assert json.loads(written("coco", found)["cat_coco.json"])["annotations"] == []
    truth = truth_files.read(list(written("panoptic", result).items()), (2, 3))
    assert truth.segments == [] and not truth.ids.any()
    assert not palette(written("voc", result)["SegmentationObject/cat.png"])[0].any()
