"""Sliders move the merge, and grouping is a part of every panoptic answer: both are quick.

Measured is the time of the processor, of which both keep one core busy.
"""

from time import process_time

import numpy as np
import pytest

from segcore.class_sets import SCENES
from segcore.scenes.grouping import find_centres, group, targets
from segcore.scenes.merge import merge
from tests.scenes._scenes import class_map, instances, thing

pytestmark = pytest.mark.alone


def milliseconds(work):
    times = []
    for _ in range(7):
        began = process_time()
        work()
        times.append(process_time() - began)
    return 1000 * sorted(times)[len(times) // 2]


@pytest.mark.parametrize(("shape", "limit"), [((160, 160), 30), ((480, 640), 60)])
def test_grouping_30_objects(shape, limit):
    rng = np.random.default_rng(0)
    points = rng.integers(0, shape, (30, 2))
    rows, columns = np.indices(shape)
    away = (rows[..., None] - points[:, 0]) ** 2 + (columns[..., None] - points[:, 1]) ** 2
    ids = away.argmin(axis=-1).astype(np.int32) + 1
    maps = targets(ids, range(1, 31))
    semantic = class_map(rng.choice(SCENES.things, 31)[ids], class_set=SCENES)

    def grouped():
        return group(semantic, find_centres(maps.heat), maps.offsets)

    assert len(grouped().segments) > 25
    assert milliseconds(grouped) < limit


def test_merging_50_objects():
    rng = np.random.default_rng(0)
    shape = (480, 640)
    masks = np.zeros((50, *shape), bool)
    for mask in masks:
        top, left = rng.integers(0, 300), rng.integers(0, 400)
        mask[top : top + 180, left : left + 240] = rng.random((180, 240)) < 0.9
    names = [SCENES.names[i] for i in rng.choice(SCENES.things, 50)]
    found = instances(shape, *map(thing, masks, rng.random(50), names), class_set=SCENES)
    semantic = class_map(rng.integers(0, 31, shape), class_set=SCENES)
    assert milliseconds(lambda: merge(semantic, found, 0.1)) < 50
