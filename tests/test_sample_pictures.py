"""The middle of a sample, read quickly, is the middle of the sample."""

import numpy as np
import pytest

from segcore import images
from segcore.sample_pictures import sample_pictures

SIZE = (122, 184)


@pytest.mark.parametrize("name", sample_pictures() | sample_pictures("compare"))
def test_the_middle_is_what_cropping_and_scaling_the_whole_picture_gives(name):
    sample = (sample_pictures() | sample_pictures("compare"))[name]
    whole = sample.picture()
    height, width = whole.shape[:2]
    h, w = (
        min(height, round(width * SIZE[0] / SIZE[1])),
        min(width, round(height * SIZE[1] / SIZE[0])),
    )
    top, left = (height - h) // 2, (width - w) // 2
    wanted = images.resize(np.ascontiguousarray(whole[top : top + h, left : left + w]), SIZE)
    found = sample.middle(SIZE)
    assert found.shape == (*SIZE, 3) and found.dtype == np.uint8
    assert np.abs(found.astype(int) - wanted).mean() < 6
