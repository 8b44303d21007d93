"""Mixed precision is left out where the processor would emulate it."""

import sys
from pathlib import Path

import cv2
import pytest
import tensorflow as tf

from segcore.training.machine import AVX_512, fitted
from segcore.training.recipes import PETS_LECTURE


@pytest.mark.parametrize(
    ("avx_512", "gpus", "kept"),
    [(True, [], True), (False, [], False), (False, ["GPU:0"], True)],
)
def test_mixed_precision_is_for_machines_that_have_it(
    monkeypatch: pytest.MonkeyPatch, avx_512: bool, gpus: list[str], kept: bool
) -> None:
    monkeypatch.setattr(cv2, "checkHardwareSupport", lambda feature: avx_512 and feature == AVX_512)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
    assert fitted(PETS_LECTURE).mixed_precision is kept


def test_the_rest_of_the_recipe_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "checkHardwareSupport", lambda feature: False)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    before, after = PETS_LECTURE.to_dict(), fitted(PETS_LECTURE).to_dict()
    assert before.pop("mixed_precision") and not after.pop("mixed_precision")
    assert after == before


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc/cpuinfo, which is Linux's")
def test_the_processor_is_asked_for_what_linux_calls_avx512f() -> None:
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    flags = next((line for line in lines if line.startswith("flags")), "")
    assert cv2.checkHardwareSupport(AVX_512) is ("avx512f" in flags.split())
