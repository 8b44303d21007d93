"""The multi-class meter against sets of pixels; the rule for absent classes and its traps."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from segcore.metrics import ClassMeter, Counts, confusion_matrix, mean_iou

CASES = 1000
NAN = math.nan
properties = settings(deadline=None, derandomize=True)


def same(value, expected):
    return np.allclose(value, expected, rtol=0, atol=1e-12, equal_nan=True)


def plain_mean(values):
    defined = [value for value in values if value == value]
    return sum(defined) / len(defined) if defined else NAN


def measured(*pictures, classes=3, ignore_index=None):
    meter = ClassMeter(classes, ignore_index)
    for picture in pictures:
        meter.update(*picture)
    return meter.result()


def by_sets(pictures, classes, ignore_index):
    """IoU and Dice of each class in a list of pictures taken as one, from sets of pixels."""
    scores = []
    for k in range(classes):
        a, b = set(), set()
        for number, (target, prediction) in enumerate(pictures):
            for index, value in np.ndenumerate(target):
                if value != ignore_index:
                    a |= {(number, index)} if value == k else set()
                    b |= {(number, index)} if prediction[index] == k else set()
        whole = len(a) + len(b)
        scores.append((len(a & b) / len(a | b), 2 * len(a & b) / whole) if whole else (NAN, NAN))
    return [list(row) for row in zip(*scores, strict=True)]


def test_everything_equals_sets_of_pixels():
    rng = np.random.default_rng(1)
    for case in range(CASES):
        classes, ignore_index = int(rng.integers(1, 5)), [None, 255][case % 2]
        pictures = []
        for _ in range(rng.integers(0, 4)):
            shape, some = tuple(rng.integers(1, 5, 2)), rng.integers(1, classes + 1)
            target, prediction = rng.integers(0, some, (2, *shape))
            if ignore_index:
                target[rng.random(shape) < 0.3] = 255
            pictures.append((target, prediction))
        result = measured(*pictures, classes=classes, ignore_index=ignore_index)
        ious, dices = by_sets(pictures, classes, ignore_index)
        assert same(result["iou_by_class"], ious) and same(result["dice_by_class"], dices)
        assert same(result["miou"], plain_mean(ious))
        assert same(result["mean_dice"], plain_mean(dices))
        single = [by_sets([picture], classes, ignore_index) for picture in pictures]
        for name, k in (("iou_per_image_by_class", 0), ("dice_per_image_by_class", 1)):
            columns = [[scores[k][c] for scores in single] for c in range(classes)]
            assert same(result[name], [plain_mean(column) for column in columns])
        assert same(result["miou_per_image"], plain_mean(plain_mean(s[0]) for s in single))
        assert result["images"] == len(pictures)
        kept = [np.stack([t, p])[:, t != ignore_index] for t, p in pictures]
        pixels, right = sum(k.shape[1] for k in kept), sum(int((k[0] == k[1]).sum()) for k in kept)
        assert same(result["pixel_accuracy"], right / pixels if pixels else NAN)


# === The rule for absent classes ===


def test_perfect_prediction_without_one_class_is_one():
    """tensorflow#12294 and torchmetrics#2866 gave 2/3: the absent class counted as 0."""
    target = np.array([[0, 1], [1, 0]])
    result = measured((target, target))
    assert result["miou"] == result["miou_per_image"] == 1
    assert same(result["iou_by_class"], [1, 1, NAN])
    assert same(result["iou_per_image_by_class"], [1, 1, NAN])


def test_absent_class_does_not_lift_a_bad_prediction():
    """Counted as 1, as was proposed in tensorflow#12294, it would make 1/3 out of 0."""
    assert measured(([[0, 1]], [[1, 0]]))["miou"] == 0


def test_class_that_is_only_predicted_is_zero_and_stays_in_the_mean():
    result = measured(([[0, 0, 1, 1]], [[0, 0, 1, 2]]))
    assert same(result["iou_by_class"], [1, 1 / 2, 0])
    assert same(result["miou"], 1 / 2)


def test_class_absent_from_some_pictures_is_averaged_over_the_others():
    """torchmetrics#2866, per class: 0 from the picture without it would halve the score."""
    with_it, without = np.array([[0, 2]]), np.array([[0, 1]])
    result = measured((with_it, with_it), (without, without))
    assert result["iou_per_image_by_class"].tolist() == [1, 1, 1]


def test_counts_are_added_rather_than_means_averaged():
    """torchmetrics#2558 summed the scores of batches; a mean of them depends on the batches."""
    large = (np.zeros((1, 9), int), np.zeros((1, 9), int))
    small = (np.array([[1]]), np.array([[0]]))
    result = measured(large, small, classes=2)
    assert same(result["iou_by_class"], [9 / 10, 0])
    assert same(result["miou"], 9 / 20)  # not (1 + 0) / 2
    assert same(result["miou_per_image"], 1 / 2)  # this one is, and is called so


def test_ignored_pixels_make_a_class_absent():
    result = measured(([[0, 255]], [[0, 1]]), classes=2, ignore_index=255)
    assert same(result["iou_by_class"], [1, NAN]) and result["miou"] == 1


def test_no_picture_and_no_defined_class():
    for result in (measured(), measured(([[255]], [[0]]), ignore_index=255)):
        assert same([result["miou"], result["miou_per_image"], result["pixel_accuracy"]], [NAN] * 3)
        assert same(result["iou_per_image_by_class"], [NAN] * 3)


# === Misuse ===


def test_misuse_is_named_and_nothing_is_kept():
    with pytest.raises(ValueError, match="classes is 0"):
        ClassMeter(0)
    meter = ClassMeter(2)
    with pytest.raises(ValueError, match="target holds 2"):
        meter.update([[2]], [[0]])
    assert meter.result()["images"] == 0 and not meter.matrix.any()


# === Laws ===


@properties
@given(
    st.lists(hnp.arrays(np.int64, (2, 3, 3), elements=st.integers(0, 3)), min_size=1, max_size=4),
    st.permutations(range(4)),
    st.randoms(),
)
def test_laws(pictures, order, random):
    order, meter = np.array(order), ClassMeter(4)
    matrices = [meter.update(*picture) for picture in pictures]
    result = meter.result()
    assert (meter.matrix == sum(matrices)).all()
    assert all(sum(c.tp + c.fn for c in counts) == 9 for counts in meter.per_image)
    assert sum((counts[0] for counts in meter.per_image), Counts()).pixels == 9 * len(pictures)
    shuffled = random.sample(pictures, len(pictures))
    renamed = measured(*(order[picture] for picture in shuffled), classes=4)
    for name, value in result.items():
        if name.endswith("by_class"):
            assert same(renamed[name][order], value)
            assert all(math.isnan(v) or 0 <= v <= 1 for v in value)
        else:
            assert same(renamed[name], value)
    assert same(result["iou_by_class"], result["dice_by_class"] / (2 - result["dice_by_class"]))
    once = measured(*pictures[:1], classes=4)
    assert same(once["miou"], once["miou_per_image"])
    assert same(once["miou"], mean_iou(confusion_matrix(*pictures[0], 4)))
