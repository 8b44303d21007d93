"""The machine that a training ran on, in words for the model card."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import tensorflow as tf


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
