"""The library as a whole: its examples, what it imports, and that evaluation uses it."""

import doctest
import importlib
import math
import pkgutil
import subprocess
import sys

import numpy as np
import pytest

from segcore import metrics
from segcore.inference import evaluate as evaluation
from segcore.metrics import OverlapMeter

MODULES = [f"segcore.metrics.{module.name}" for module in pkgutil.iter_modules(metrics.__path__)]
PUBLIC = [name for name in MODULES if not name.split(".")[-1].startswith("_")]


@pytest.mark.parametrize("name", PUBLIC)
def test_examples_in_the_docstrings_run(name):
    outcome = doctest.testmod(importlib.import_module(name))
    assert outcome.attempted >= 1 and outcome.failed == 0


def test_names_are_public_and_documented():
    for name in metrics.__all__:
        assert getattr(metrics, name).__doc__, name
    assert sorted(metrics.__all__) == metrics.__all__


def test_import_is_light():
    heavy = {"tensorflow", "keras", "streamlit", "scipy", "skimage", "pycocotools"}
    code = f"import sys, {', '.join(MODULES)}; print({heavy} & {{*sys.modules}})"
    root = metrics.__path__[0].rsplit("segcore", 1)[0]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr


def test_evaluation_takes_every_figure_from_the_meter(monkeypatch):
    target = np.array([[1, 1, 0, 255]], np.uint8)
    mask = np.array([[True, False, False, True]])

    class Picture:
        def load(self):
            return np.zeros((1, 4, 3), np.uint8), target

        def mask(self, threshold):
            return mask

    monkeypatch.setattr(evaluation, "segment", lambda *_, **__: Picture())
    figures = evaluation.evaluate(None, [Picture()])
    meter = OverlapMeter()
    meter.update(target == 1, mask, ignore=target == 255)
    assert {k: figures[k] for k in meter.result()} == meter.result()
    assert set(figures) - set(meter.result()) == {"ms_per_image", "damaged"}
    nothing = evaluation.evaluate(None, [])
    assert all(nothing[k] is None for k, v in OverlapMeter().result().items() if math.isnan(v))
