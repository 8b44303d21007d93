"""A training of each scene task as the command runs it, without a picture to watch."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from segcore.normalisation import EFFICIENTNET_LITE
from segcore.training.runs import Run

from . import drawn_scenes
from .conftest import Launcher

NETWORKS: dict[str, dict[str, Any]] = {
    "panoptic": {
        "architecture": "panoptic_deeplab",
        "options": {"variant": "lite0", "frozen_blocks": 99},
    },
    "instance": {
        "architecture": "mask_rcnn",
        "options": {"variant": "lite0", "channels": 32, "hidden": 64, "mask_convolutions": 1},
    },
}


@pytest.mark.parametrize("task", NETWORKS)
def test_a_scene_network_trains_to_the_end(launcher: Launcher, tmp_path: Path, task: str) -> None:
    data = drawn_scenes.write(tmp_path / "scenes", train=8, val=2, side=64)
    run = Run(tmp_path / "run")
    child = launcher.train(
        data,
        run.folder,
        task=task,
        side=64,
        epochs=1,
        normalisation=asdict(EFFICIENTNET_LITE),
        **NETWORKS[task],
    )
    assert child.wait() == 0, child.err.read_text()
    (record,) = run.records("epochs")
    assert math.isfinite(record["val_loss"])
    assert run.best.is_file()
