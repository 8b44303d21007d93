"""segcore.exporters.run_lengths against pycocotools."""

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from segcore.exporters.run_lengths import encode
from segcore.objects import EMPTY, Patch, trimmed


def expected(mask):
    return coco_mask.encode(np.asfortranarray(mask, dtype=np.uint8))["counts"].decode()


def test_random_masks_are_encoded_as_pycocotools_does():
    random = np.random.default_rng(0)
    for case in range(600):
        size = tuple(int(side) for side in random.integers(1, 50, 2))
        mask = random.random(size) < random.choice([0, 0.02, 0.5, 0.98, 1])
        if case % 2:  # reaches the lower edge: runs go on in the next column
            mask = np.zeros(size, bool)
            mask[random.integers(size[0]) :, random.integers(size[1]) :] = True
        for patch in (trimmed(Patch(0, 0, mask)), Patch(0, 0, mask)):
            found = encode(patch, size)
            assert found == {"size": list(size), "counts": expected(mask)}


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 1), (1200, 1500)])
def test_full_empty_and_large_masks(size):
    full = Patch(0, 0, np.ones(size, bool))
    assert encode(full, size)["counts"] == expected(full.mask)
    assert encode(EMPTY, size)["counts"] == expected(np.zeros(size))
    rows, columns = np.indices(size)
    disc = (rows - size[0] / 2) ** 2 + (columns - size[1] / 2) ** 2 < min(size) ** 2 / 5
    assert encode(trimmed(Patch(0, 0, disc)), size)["counts"] == expected(disc)
