"""The benchmark runs small: the ways agree, and every line of its table is there."""

import pytest

from benchmarks import metrics as benchmark
from benchmarks._references import coco_evaluation


def test_benchmark_compares_every_way(capsys):
    benchmark.main(["--pictures", "2", "--runs", "1", "--side", "600", "800"])
    lines = capsys.readouterr().out.splitlines()
    assert "2 pictures of 640 × 480 with 20 objects each" in lines[0]
    table = [line.rsplit(maxsplit=2) for line in lines[3:-1]]
    names = [" ".join(name.split()) for name, _, _ in table]
    assert names == [
        "panoptic quality segcore",
        "panoptic quality panopticapi's arithmetic",
        "mask AP segcore",
        "mask AP pycocotools",
        "mask AP segcore, cut before",
        "mask AP pycocotools, encoded before",
        "IoU, 2 × 0.48 megapixels segcore",
    ]
    assert all(float(milliseconds) > 0 and float(ratio) > 0 for _, milliseconds, ratio in table)


def test_benchmark_refuses_ways_that_disagree(monkeypatch):
    def other(*arguments):
        evaluation = coco_evaluation(*arguments)
        evaluation.stats[0] += 1e-8
        return evaluation

    monkeypatch.setattr(benchmark, "coco_evaluation", other)
    with pytest.raises(RuntimeError, match="Mask AP differs"):
        benchmark.ways(benchmark.pictures(1), (3, 4))


def test_pictures_are_as_described():
    (picture,) = benchmark.pictures(1)
    targets, predictions = picture["instances"]
    assert targets.masks.shape == predictions.masks.shape == (20, 480, 640)
    target_map, listed, prediction_map, _ = picture["panoptic"]
    assert target_map.shape == prediction_map.shape == (480, 640)
    assert (target_map == 0).any() and len(listed) > 10
    assert (prediction_map > 0).all()
