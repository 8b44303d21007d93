"""The machine that a training runs on: in words for the model card, and what it is fast at."""

from __future__ import annotations

import os
import platform
from dataclasses import replace
from pathlib import Path

import cv2
import tensorflow as tf

from segcore.training.recipes import Recipe

AVX_512 = 13  # cv::CpuFeatures::CPU_AVX_512F, which OpenCV's Python does not name


def machine() -> str:
    """Name the processor, the number of cores and the GPUs."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = (line.partition(":") for line in cpuinfo.read_text("utf-8").splitlines())
        names = (value.strip() for key, _, value in lines if key.startswith("model name"))
        name = next(names, name)
    gpus = [
        tf.config.experimental.get_device_details(device).get("device_name", "GPU")
        for device in tf.config.list_physical_devices("GPU")
    ]
    return f"{os.cpu_count()} cores of {name}, {' and '.join(gpus) or 'no GPU'}"


def fitted(recipe: Recipe) -> Recipe:
    """Return the recipe, without mixed precision where it would slow the training down.

    Without a GPU or AVX-512, which oneDNN wants for bfloat16, a step of the recipe
    "pets-lecture" took 10.5 s on two cores of an AMD EPYC, one in float32 0.76 s.
    """
    fast = tf.config.list_physical_devices("GPU") or cv2.checkHardwareSupport(AVX_512)
    return recipe if fast else replace(recipe, mixed_precision=False)
