"""Evaluations of scene models with predictors that are callables, and the command line."""

import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from segcore.__main__ import main
from segcore.class_sets import SCENES, VOC_NAMES
from segcore.datasets.samples import DatasetError
from segcore.datasets.scenes import HAND_MADE, SceneSample
from segcore.inference import evaluate_scenes, scene_tasks, zoo
from segcore.inference.touching import touching
from segcore.scenes.components import components, panoptic
from segcore.scenes.merge import merge
from segcore.scenes.truth import TrueSegment, Truth
from tests.scenes._scenes import class_map, discs, instances, thing

CAT, DOG, SKY, ROAD = (SCENES.index(name) for name in ("cat", "dog", "sky", "road"))


class Told:
    """Samples without files; their pictures carry the number of the sample in their pixels."""

    def __init__(self, folder, *truths, sources=()):
        self.truths = truths
        self.samples = []
        for number, truth in enumerate(truths):
            path = folder / f"{number}.png"
            Image.fromarray(np.full((*truth.ids.shape, 3), number, np.uint8)).save(path)
            source = sources[number] if sources else HAND_MADE
            self.samples.append(SceneSample(str(number), path, source, lambda t=truth: t))

    def classes(self, picture):
        return class_map(self.truths[picture[0, 0, 0]].classes(), class_set=SCENES)

    def objects(self, picture):
        truth = self.truths[picture[0, 0, 0]]
        found = [thing(truth.ids == s.id, 0.9, SCENES.names[s.index]) for s in truth.segments
                 if s.index in SCENES.things and not s.crowd]  # fmt: skip
        return instances(truth.ids.shape, *found, class_set=SCENES)

    def panoptic(self, picture):
        return merge(self.classes(picture), self.objects(picture), stuff_area=0).panoptic


def row(ids, *segments):
    return Truth(np.array([ids], np.int32), [TrueSegment(*s) for s in segments])


# === Data sets of scenes ===


def test_the_truth_itself_is_perfect_and_touching_objects_trouble_the_baseline(tmp_path):
    rng = np.random.default_rng(0)
    told = Told(tmp_path, *(discs(rng) for _ in range(4)))
    semantic = evaluate_scenes.semantic(told.classes, told.samples)
    assert semantic["miou"] == semantic["miou_things"] == semantic["miou_stuff"] == 1
    assert set(semantic["iou"]) == set(SCENES.names) and semantic["iou"]["water"] is None
    assert (semantic["images"], semantic["images_stuff"], semantic["damaged"]) == (4, 4, [])
    assert semantic["ms_per_image"] > 0
    objects = evaluate_scenes.instances(told.objects, told.samples)
    assert objects["ap"] == objects["ap50"] == 1 and objects["ap_pets_people"] in (None, 1)
    whole = evaluate_scenes.panoptic(told.panoptic, told.samples)
    keys = ("pq", "sq", "rq", "pq_things", "pq_stuff", "pq_things_all")
    assert [whole[key] for key in keys] == [1] * 6
    same = Truth(told.truths[0].ids, [s._replace(index=CAT if s.id > 2 else s.index)
                                      for s in told.truths[0].segments])  # fmt: skip
    told = Told(tmp_path, same)
    figures = evaluate_scenes.instances(lambda p: components(told.classes(p)), told.samples)
    assert figures["ap"] < 1


def test_stuff_counts_where_people_labelled_it_and_things_everywhere(tmp_path):
    truths = (
        row([1, 1, 2, 2], (1, CAT), (2, SKY)),
        row([1, 1, 2, 2], (1, CAT), (2, SKY)),
    )
    told = Told(tmp_path, *truths, sources=(HAND_MADE, "teacher"))

    def predict(picture):
        wrong = [[DOG, CAT, ROAD, ROAD]]
        return class_map(wrong, class_set=SCENES) if picture.any() else told.classes(picture)

    figures = evaluate_scenes.semantic(predict, told.samples)
    assert figures["iou"]["sky"] == 1 and figures["iou"]["road"] is None
    assert figures["iou"]["cat"] == 3 / 4 and figures["iou"]["dog"] == 0
    assert figures["miou"] == pytest.approx((1 + 3 / 4 + 0) / 3)
    whole = evaluate_scenes.panoptic(lambda p: panoptic(predict(p), 0, 0), told.samples)
    assert whole["pq"] == 1
    assert whole["pq_things_all"] == pytest.approx((1 / (1 + 1 / 2 + 1 / 2) + 0) / 2)
    assert (whole["images"], whole["images_panoptic"]) == (2, 1)


def test_results_at_another_shape_are_measured_at_the_pictures_size(tmp_path):
    told = Told(tmp_path, row([1, 1, 2, 2], (1, CAT), (2, SKY)))
    figures = evaluate_scenes.semantic(
        lambda _: class_map([[CAT, SKY]], class_set=SCENES, size=(1, 4)), told.samples
    )
    assert figures["miou"] == 1


def test_crowds_are_neither_targets_nor_mistakes(tmp_path):
    told = Told(tmp_path, row([1, 2, 2, 3], (1, CAT), (2, CAT, True), (3, SKY)))
    found = instances((1, 4), thing([[1, 0, 0, 0]], 0.9), thing([[0, 1, 0, 0]], 0.95),
                      thing([[0, 0, 1, 0]], 0.95), class_set=SCENES)  # fmt: skip
    assert evaluate_scenes.instances(lambda _: found, told.samples)["ap"] == 1


def test_damaged_samples_are_left_out(tmp_path):
    told = Told(tmp_path, *(row([1], (1, CAT)) for _ in range(2)))
    told.samples[0].picture_path.write_bytes(b"cut")
    seen = []
    figures = evaluate_scenes.semantic(told.classes, told.samples, lambda *done: seen.append(done))
    assert figures["images"] == 1 and len(figures["damaged"]) == 1 and figures["miou"] == 1
    assert seen == [(1, 2), (2, 2)]


# === Touching objects ===


def test_touching_objects_are_counted_if_separate(tmp_path):
    touching_cats = row([1] * 3 + [2] * 3 + [0] * 5 + [3], (1, CAT), (2, CAT), (3, CAT))
    apart = row([1, 1, 0, 0, 0, 0, 2, 2], (1, CAT), (2, CAT))
    told = Told(tmp_path, touching_cats, apart)
    figures = touching(told.objects, told.samples)
    assert figures == {
        "touching_pictures": 1, "touching_objects": 2, "touching_separate": 1.0,
        "touching_objects_large": 2, "touching_separate_large": 1.0,
    }  # fmt: skip
    joined = touching(lambda p: components(told.classes(p)), told.samples)
    assert joined["touching_separate"] == 0.5, "IoU of one of them is exactly 1/2"
    assert touching(told.objects, told.samples, score=0.95)["touching_separate"] == 0
    assert touching(told.objects, told.samples[1:])["touching_separate"] is None


# === Folders and the command line ===


def save(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.array(values, np.uint8)).save(path)


@pytest.fixture
def folders(tmp_path):
    """A picture of a cat left of the sky, in each layout."""
    root = tmp_path / "coco"
    save(root / "images/a.png", np.zeros((2, 4, 3)))
    save(root / "panoptic/a.png", [[[1, 0, 0]] * 2 + [[2, 0, 0]] * 2] * 2)
    listed = [{"id": 1, "category_id": 10}, {"id": 2, "category_id": 101}]
    index = {
        "categories": [{"id": c.category, "name": c.name} for c in SCENES.classes],
        "images": [{"id": 1, "file_name": "a.png"}],
        "annotations": [{"image_id": 1, "file_name": "a.png", "segments_info": listed}],
    }
    (root / "panoptic_val.json").write_text(json.dumps(index))
    save(tmp_path / "voc/JPEGImages/a.jpg", np.zeros((2, 4, 3)))
    save(tmp_path / "voc/SegmentationClass/a.png", [[8, 255, 0, 0]] * 2)
    (tmp_path / "voc/ImageSets/Segmentation").mkdir(parents=True)
    (tmp_path / "voc/ImageSets/Segmentation/val.txt").write_text("a\n")
    save(tmp_path / "pets/images/a.jpg", np.zeros((2, 4, 3)))
    save(tmp_path / "pets/annotations/trimaps/a.png", [[1, 3, 2, 2]] * 2)
    for name in ("test", "trainval"):
        (tmp_path / f"pets/annotations/{name}.txt").write_text("a 1 1 1\n")
    return tmp_path


MODELS = {"semantic": "deeplab", "instance": "mask_rcnn", "panoptic": "panoptic_deeplab"}


@pytest.fixture
def models(folders, monkeypatch):
    """Cards without networks: the engines find a cat in the left half, the sky in the right."""

    def semantic(picture, card, device=None):
        assert picture.shape == (2, 4, 3)
        return class_map([[CAT, CAT, SKY, SKY]] * 2, 204, SCENES)

    engines = SimpleNamespace(
        semantic=semantic,
        instances=lambda *given: components(semantic(*given)),
        panoptic=lambda *given: panoptic(semantic(*given)),
    )
    monkeypatch.setitem(sys.modules, "segcore.inference.scenes", engines)
    for task, name in MODELS.items():
        folder = folders / "zoo" / name
        folder.mkdir(parents=True)
        values = {
            "name": name, "title": name, "summary": "", "architecture": name, "parameters": 0,
            "side": 32, "keep_aspect": True, "normalisation": {"mean": 0, "std": 1},
            "classes": list(SCENES.names), "training": dict.fromkeys(zoo.TRAINING_KEYS, ""),
            "metrics": {}, "files": {}, "tasks": [task],
        }  # fmt: skip
        (folder / "card.json").write_text(json.dumps(values))
    monkeypatch.setattr(zoo, "WEIGHTS", folders / "zoo")
    return folders


KEYS = {
    "semantic": {"miou", "iou"},
    "instance": {"ap", "ap50", "ap_by_class", "ap_pets_people"},
    "panoptic": {"pq", "sq", "rq", "pq_things", "pq_stuff"},
}


def evaluated(root, task, data, *options):
    file = root / "figures.json"
    command = ["evaluate", "--task", task, "--model", MODELS[task], "--data", str(root / data)]
    assert main([*command, "--json", str(file), *options]) == 0
    return json.loads(file.read_text())


@pytest.mark.parametrize("task", scene_tasks.TASKS)
def test_evaluate_a_task(models, task, capsys):
    figures = evaluated(models, task, "coco", "--write-card")
    assert KEYS[task] | {"images", "ms_per_image"} <= set(figures)
    assert figures[{"semantic": "miou", "instance": "ap", "panoptic": "pq"}[task]] == 1
    assert f"{MODELS[task]}, {task}, on the test part of" in capsys.readouterr().out
    (kept,) = zoo.card(MODELS[task]).metrics.items()
    assert kept[0] == f"coco_{task}" and kept[1].keys() == figures.keys()


@pytest.mark.parametrize("task", ["semantic", "panoptic"])
def test_evaluate_classes_on_voc_and_pets(models, task):
    figures = evaluated(models, task, "voc", "--split", "val")
    assert figures["iou"] == {name: None for name in VOC_NAMES} | {"background": 1, "cat": 1}
    assert figures["miou"] == 1 and figures["images"] == 1
    assert evaluated(models, task, "pets")["iou"] == {"pet": 1}


def test_evaluate_beside_the_baseline_and_on_touching_objects(models):
    figures = evaluated(models, "instance", "coco", "--baseline", "deeplab", "--touching")
    assert figures["baseline"]["ap"] == 1
    assert figures["touching_pictures"] == figures["baseline"]["touching_pictures"] == 0


def test_evaluate_the_merge_of_two_models(models):
    model, options = MODELS["semantic"], ("--objects", MODELS["instance"], "--write-card")
    command = ["evaluate", "--task", "panoptic", "--model", model, "--data", str(models / "coco")]
    assert main([*command, *options, "--json", str(models / "figures.json")]) == 0
    figures = json.loads((models / "figures.json").read_text())
    assert figures["pq"] == 1 and figures["images"] == 1
    known = zoo.card(model).metrics[f"coco_panoptic_with_{MODELS['instance']}"]
    assert known["pq"] == 1


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            ["--task", "semantic", "--data", "{}/coco", "--objects", "mask_rcnn"],
            "--objects are merged with classes",
        ),
        (["--task", "instance", "--data", "{}/voc"], "does not tell objects apart"),
        (["--task", "semantic", "--data", "{}/zoo"], "is no data set of scenes"),
        (["--task", "semantic", "--data", "{}/coco", "--touching"], "--touching needs"),
        (
            ["--task", "panoptic", "--model", "panoptic_deeplab", "--data", "{}/voc", "--touching"],
            "--touching needs",
        ),
        (
            ["--task", "semantic", "--data", "{}/coco", "--baseline", "deeplab"],
            "--baseline is of objects",
        ),
        (["--task", "semantic", "--data", "{}/coco", "--split", "train"], "cannot be read"),
        (["--task", "instance", "--data", "{}/coco"], "deeplab has no --task instance; accepted"),
    ],
)
def test_evaluate_refuses_in_a_sentence(models, options, sentence, capsys):
    given = [option.format(models) for option in options]
    assert main(["evaluate", "--model", "deeplab", *given]) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    ("task", "options", "names"),
    [
        ("semantic", [], {"SegmentationClass/a.png"}),
        ("instance", [], {"a_coco.json", "a_coco_results.json"}),
        (
            "panoptic",
            ["--format", "voc,panoptic"],
            {"SegmentationClass/a.png", "SegmentationObject/a.png", "a_panoptic.png",
             "a_panoptic.json"},
        ),
    ],
)  # fmt: skip
def test_segment_writes_the_formats_of_the_task(models, task, options, names):
    picture = str(models / "coco/images/a.png")
    command = ["segment", picture, "--model", MODELS[task], "--out", str(models / "out")]
    assert main([*command, *options]) == 0
    out = models / "out"
    assert {str(p.relative_to(out)) for p in out.rglob("*") if p.is_file()} == names


def test_segment_names_the_formats_there_are(models, capsys):
    command = ["segment", "a.png", "--model", "deeplab", "--out", str(models), "--format", "coco"]
    assert main(command) == 2
    assert "--format has coco; accepted are voc." in capsys.readouterr().err


def test_a_folder_without_labels_of_objects_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"panoptic_val\.json"):
        scene_tasks.job("panoptic", tmp_path, "val")
