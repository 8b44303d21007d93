"""Small scenes for the tests: class maps, objects and truths, drawn or random."""

import numpy as np

from segcore.class_sets import SCENES, ClassSet, SceneClass
from segcore.labels import UNLABELLED, ClassMap, Instances, Panoptic
from segcore.metrics import PanopticMeter
from segcore.objects import MaskedObject, Patch, trimmed
from segcore.scenes.truth import TrueSegment, Truth

SMALL = ClassSet(
    "small",
    (
        SceneClass("cat", True, 1),
        SceneClass("dog", True, 2),
        SceneClass("sky", False, 101),
        SceneClass("road", False, 106),
    ),
)
CAT, DOG, SKY, ROAD = range(4)


def class_map(classes, scores=255, class_set=SMALL, size=None):
    classes = np.array(classes, np.uint8)
    scores = np.broadcast_to(np.array(scores, np.uint8), classes.shape).copy()
    return ClassMap(
        classes.shape, size or classes.shape, class_set, "map", "CPU", classes=classes,
        scores=scores,
    )  # fmt: skip


def thing(mask, score=1.0, label="cat"):
    return MaskedObject(trimmed(Patch(0, 0, np.array(mask, bool))), score, label)


def instances(shape, *objects, class_set=SMALL, size=None):
    ordered = tuple(sorted(objects, key=lambda o: -o.score))
    return Instances(shape, size or shape, class_set, "boxes", "CPU", objects=ordered)


def random_instances(rng, shape, count, class_set=SMALL):
    """Rectangles with holes, some of them equal, with few different scores."""
    objects = []
    for _ in range(count):
        mask = np.zeros(shape, bool)
        y, x = (np.sort(rng.integers(0, side + 1, 2)) for side in shape)
        mask[y[0] : y[1], x[0] : x[1]] = True
        mask &= rng.random(shape) < rng.choice([0.7, 1])
        name = class_set.names[rng.choice(class_set.things)]
        objects.append(thing(mask, float(rng.choice([0.1, 0.4, 0.5, 0.6, 0.9])), name))
        if rng.random() < 0.2:
            objects.append(thing(mask, objects[-1].score, name))
    return instances(shape, *objects, class_set=class_set)


def random_map(rng, shape, class_set=SMALL):
    choices = [*range(len(class_set)), UNLABELLED]
    classes = rng.choice(choices, shape).astype(np.uint8)
    classes[: shape[0] // 2] = rng.choice(choices)
    return class_map(classes, rng.integers(0, 256, shape), class_set)


def quality(truth: Truth, result: Panoptic):
    """PQ and the rest of one picture."""
    meter = PanopticMeter(result.class_set.things, result.class_set.stuff)
    meter.update(
        truth.ids,
        [{"id": s.id, "category_id": s.index, "iscrowd": s.crowd} for s in truth.segments],
        result.ids,
        [{"id": s.id, "category_id": s.index} for s in result.segments],
    )
    return meter.result()


def discs(rng, shape=(96, 128), count=6, class_set=SCENES):
    """Return a truth: discs of different classes over two kinds of stuff, void in a corner."""
    ids = np.ones(shape, np.int32)
    ids[shape[0] // 2 :] = 2
    segments = [TrueSegment(1, class_set.stuff[0]), TrueSegment(2, class_set.stuff[1])]
    rows, columns = np.indices(shape)
    for number in range(10, 10 + count):
        y, x = rng.integers(0, shape)
        ids[(rows - y) ** 2 + (columns - x) ** 2 < rng.integers(5, 20) ** 2] = number
    ids[:3, :5] = 0
    segments += [
        TrueSegment(number, int(rng.choice(class_set.things))) for number in range(10, 10 + count)
    ]
    present = set(np.unique(ids).tolist())
    return Truth(ids, [s for s in segments if s.id in present])
