"""Cut-out masks against whole ones."""

import numpy as np
import pytest

from segcore.objects import (
    EMPTY,
    MaskedObject,
    Patch,
    cut,
    joined,
    overlap,
    trimmed,
    union,
    visible,
)

SIZE = (23, 31)


def whole(patch):
    mask = np.zeros(SIZE, bool)
    mask[patch.window] |= patch.mask
    return mask


def random_patch(random):
    mask = np.zeros(SIZE, bool)
    top, left = random.integers(0, SIZE[0]), random.integers(0, SIZE[1])
    part = mask[top : top + random.integers(0, 12), left : left + random.integers(0, 12)]
    part |= random.random(part.shape) < random.choice([0.0, 0.1, 0.6, 1.0])
    return mask, trimmed(Patch(0, 0, mask))


def test_trimmed_patches_hold_the_same_pixels_and_no_empty_edge():
    random = np.random.default_rng(0)
    for _ in range(1000):
        mask, patch = random_patch(random)
        np.testing.assert_array_equal(whole(patch), mask)
        if mask.any():
            edges = patch.mask[0], patch.mask[-1], patch.mask[:, 0], patch.mask[:, -1]
            assert all(edge.any() for edge in edges)
        else:
            assert patch is EMPTY


def test_overlap_and_union_of_two():
    random = np.random.default_rng(1)
    for _ in range(1000):
        (a, first), (b, second) = random_patch(random), random_patch(random)
        np.testing.assert_array_equal(whole(joined(first, second)), a | b)
        found = overlap(first, second)
        assert (found is not None) == bool((a & b).any())
        if found:
            assert (first.mask[found[0]] & second.mask[found[1]]).sum() == (a & b).sum()


def test_union_cut_and_what_is_visible():
    random = np.random.default_rng(2)
    for _ in range(300):
        pairs = [random_patch(random) for _ in range(random.integers(0, 7))]
        pairs = [(mask, patch) for mask, patch in pairs if mask.any()]
        objects = [MaskedObject(p, i / 10, f"{i}", (0, 0, 1, 1)) for i, (_, p) in enumerate(pairs)]
        order = np.zeros(SIZE, int)  # painted one after the other
        for i, (mask, _) in enumerate(pairs, 1):
            order[mask] = i
        np.testing.assert_array_equal(union(objects, SIZE), order > 0)

        masks = cut(objects, SIZE)
        assert masks.areas.tolist() == [mask.sum() for mask, _ in pairs]
        for (mask, _), (top, left, bottom, right) in zip(pairs, masks.corners, strict=True):
            assert mask[top:bottom, left:right].sum() == mask.sum()

        seen = visible(objects, SIZE)
        assert [thing.label for thing in seen] == [str(i - 1) for i in np.unique(order[order > 0])]
        for thing in seen:
            np.testing.assert_array_equal(whole(thing.patch), order == int(thing.label) + 1)
            assert thing.box is None and thing.score == int(thing.label) / 10


@pytest.mark.parametrize("function", [union, visible, cut])
def test_no_objects(function):
    assert np.sum(getattr(function([], SIZE), "areas", function([], SIZE))) == 0
