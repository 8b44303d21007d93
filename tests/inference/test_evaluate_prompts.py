"""Figures of a promptable model, of one that is perfect after some clicks."""

import numpy as np
import pytest
from PIL import Image

from segcore.datasets.targets import read
from segcore.inference.evaluate_prompts import evaluate, parse
from segcore.inference.prompt import Masks


class Perfecting:
    """Answers with the left part of the object first, with all of it from two clicks on."""

    def __init__(self, target):
        self.target = target

    def set_image(self, picture):
        assert picture.shape[:2] == self.target.shape

    def predict(self, point_coords=None, point_labels=None, box=None, mask_input=None):
        mask = self.target.copy()
        if point_coords is not None and len(point_coords) == 1:
            assert point_labels == [1]
            mask[:, 20:] = False
        if box is not None:
            mask[box[1] : box[3], box[0] : box[2]] = True
        return Masks(mask[None], np.ones(1, np.float32), np.zeros((1, 4, 4), np.float32))


@pytest.fixture
def folder(tmp_path):
    target = np.zeros((40, 60), bool)
    target[10:20, 10:30] = True
    grey = np.where(target, 255, 0).astype(np.uint8)
    grey[:10, :30] = 128
    picture = np.where(target, 200, 30).astype(np.uint8)[..., None].repeat(3, 2)
    for name, array in (("images", picture), ("masks", grey)):
        (tmp_path / name).mkdir()
        Image.fromarray(array).save(tmp_path / name / "a.png")
    (tmp_path / "images" / "b.png").write_bytes(b"no picture")
    (tmp_path / "masks" / "b.png").write_bytes(b"no mask")
    return tmp_path, target


def test_figures(folder):
    root, target = folder
    calls = []
    figures = evaluate(
        Perfecting(target), read(root, "test"), parse("box,1,3"), lambda *call: calls.append(call)
    )
    assert figures["iou"] == {"box": 1.0, "1": 0.5, "3": 1.0}
    assert figures["grabcut"] > 0.95
    assert (figures["images"], figures["objects"]) == (1, 1)
    assert figures["ms_encode"] >= 0 and figures["ms_prompt"] >= 0
    assert len(figures["damaged"]) == 1
    assert calls == [(1, 2), (2, 2)]


def test_clicks_alone_need_no_grab_cut(folder):
    root, target = folder
    figures = evaluate(Perfecting(target), read(root, "test"), parse("2"))
    assert (figures["iou"], figures["grabcut"]) == ({"2": 1.0}, None)


@pytest.mark.parametrize("text", ["boxes", "0", "1,,3", "-1"])
def test_other_prompts_are_refused(text):
    with pytest.raises(ValueError, match="accepted are box and numbers of clicks"):
        parse(text)
