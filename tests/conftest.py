"""Set-up for all tests.

TensorFlow is quiet and leaves a GPU alone, which only some have; runs and models that
somebody keeps in the project's folder are out of sight.
"""

import hashlib
import json
import os
import tempfile
from pathlib import Path

import pytest

from segcore.inference import zoo

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ["SEGCORE_TRAINING_NICENESS"] = "0"  # two tests run at a time; neither should starve
LONG = {"training", "e2e"}  # folders
_own = tempfile.TemporaryDirectory(prefix="segcore-tests-")
for _variable in ("SEGCORE_RUNS", "SEGCORE_MODELS"):
    os.environ[_variable] = str(Path(_own.name, _variable))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take minutes, so that no worker is left alone with one."""
    items.sort(key=lambda item: not LONG & set(item.path.parts))


@pytest.fixture
def make_model(tmp_path):
    """Return a function that writes a model's folder into ``tmp_path / "weights"``."""

    def write(name="tiny", files=None, **changes):
        folder = tmp_path / "weights" / name
        folder.mkdir(parents=True)
        files = {"model.onnx": b"an ONNX file", "model.keras": b"a Keras file"} | (files or {})
        card = {
            "name": name,
            "title": "Tiny",
            "summary": "Answers with the brightness.",
            "architecture": "none",
            "parameters": 0,
            "side": 32,
            "keep_aspect": False,
            "normalisation": {"mean": 0, "std": 255},
            "classes": ["pet"],
            "training": dict.fromkeys(zoo.TRAINING_KEYS, "drawn by hand"),
            "metrics": {},
            "files": {},
        }
        for file, data in files.items():
            (folder / file).write_bytes(data)
            sha256 = hashlib.sha256(data).hexdigest()
            card["files"][file] = {"bytes": len(data), "sha256": sha256}
        (folder / "card.json").write_text(json.dumps(card | changes))
        return folder

    return write
