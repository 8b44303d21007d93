"""The choice of the device and the two engines, on a model whose answer is known.

That model answers with the brightness of each pixel, the mean of its channels. No GPU is
needed: having one, and having one that fails, are pretended.
"""

import ctypes
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import onnx
import pytest
import tensorflow as tf
from onnx import TensorProto, helper

from segcore.inference import runtime
from segcore.inference.zoo import Card, ModelUnavailable
from segcore.models.encoder_unet import encoder_unet
from segcore.models.lecture_unet import lecture_unet

ROOT = Path(__file__).resolve().parents[2]
NO_GPU = "No GPU with an NVIDIA driver was found; the CPU took over."


def brightness_onnx():
    """Return an ONNX file: (n, h, w, 3) to the mean of the channels, (n, h, w, 1)."""
    shape = ("n", "h", "w")
    graph = helper.make_graph(
        [helper.make_node("ReduceMean", ["picture"], ["brightness"], axes=[3], keepdims=1)],
        "brightness",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [*shape, 3])],
        [helper.make_tensor_value_info("brightness", TensorProto.FLOAT, [*shape, 1])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


@pytest.fixture
def card(make_model):
    return Card.read(make_model(files={"model.onnx": brightness_onnx()}))


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Start each test without engines, failures, a GPU or a wish."""
    monkeypatch.setattr(runtime, "_engines", {})
    monkeypatch.setattr(runtime, "_gpu_failure", None)
    monkeypatch.setattr(runtime, "has_gpu", lambda: False)
    monkeypatch.setattr(keras.backend, "clear_session", keras.backend.clear_session)
    monkeypatch.delenv("SEGCORE_DEVICE", raising=False)


# === Choosing ===


@pytest.mark.parametrize(
    ("environment", "wanted", "gpu", "failure", "device", "problem"),
    [
        (None, None, False, None, "cpu", None),  # nothing asked, nothing there
        (None, None, True, None, "gpu", None),  # found, so used
        ("", None, True, None, "gpu", None),  # an empty variable is none
        ("auto", None, True, None, "gpu", None),
        ("cpu", None, True, None, "cpu", None),  # there, but not asked for
        ("gpu", None, True, None, "gpu", None),
        ("GPU", None, True, None, "gpu", None),  # in capitals
        ("gpu", None, False, None, "cpu", NO_GPU),  # asked for, not there
        ("cpu", "gpu", True, None, "gpu", None),  # the call decides over the variable
        ("gpu", "cpu", True, None, "cpu", None),
        ("gpu", "auto", False, None, "cpu", None),
        ("tpu", "cpu", False, None, "cpu", None),  # the variable is not looked at
        (None, "gpu", False, None, "cpu", NO_GPU),
        (None, "auto", True, "boom", "cpu", "The GPU is not used (boom); the CPU took over."),
        (None, "gpu", True, "boom", "cpu", "The GPU is not used (boom); the CPU took over."),
        (None, "cpu", True, "boom", "cpu", None),  # who wants the CPU need not know
    ],
)
def test_the_device(environment, wanted, gpu, failure, device, problem, monkeypatch):
    if environment is not None:
        monkeypatch.setenv("SEGCORE_DEVICE", environment)
    monkeypatch.setattr(runtime, "has_gpu", lambda: gpu)
    monkeypatch.setattr(runtime, "_gpu_failure", failure)
    assert runtime.chosen_device(wanted) == device
    assert runtime.gpu_problem(wanted) == problem


@pytest.mark.parametrize("value", ["tpu", "0", "cpu,gpu"])
def test_unknown_devices_are_refused_by_value(value, monkeypatch, card):
    monkeypatch.setenv("SEGCORE_DEVICE", value)
    sentence = f"SEGCORE_DEVICE is '{value}'; accepted are auto, cpu, gpu."
    for call in (runtime.default_device, runtime.chosen_device, runtime.gpu_problem):
        with pytest.raises(ValueError, match=sentence):
            call()
    with pytest.raises(ValueError, match=sentence):
        runtime.engine(card)


def driver(status, count):
    """Pretend to be CUDA's driver library."""

    def get_count(reference):
        reference._obj.value = count
        return 0

    return SimpleNamespace(cuInit=lambda flags: status, cuDeviceGetCount=get_count)


@pytest.mark.parametrize(
    ("library", "found"),
    [
        (None, False),  # no driver
        (driver(0, 1), True),  # one GPU
        (driver(0, 2), True),  # two
        (driver(0, 0), False),  # a driver without a GPU
        (driver(100, 1), False),  # CUDA_ERROR_NO_DEVICE
        (SimpleNamespace(), False),  # a library of the same name
        (OSError("cannot open"), False),  # a broken file
    ],
    ids=["none", "one", "two", "no device", "error", "another library", "broken"],
)
def test_has_gpu_asks_the_driver(library, found, monkeypatch):
    def load(name):
        if isinstance(library, Exception):
            raise library
        return library

    monkeypatch.undo()  # the real function again
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: library and "libcuda.so.1")
    monkeypatch.setattr(ctypes, "CDLL", load)
    assert runtime.has_gpu.__wrapped__() is found


# === The CPU's engine ===


def test_onnx_runtime_gives_the_models_answer_at_any_size(card):
    engine = runtime.engine(card)
    for shape in ((1, 5, 7, 3), (2, 32, 32, 3)):
        batch = np.random.default_rng(0).random(shape, np.float32)
        result = engine(batch)
        assert result.shape == (*shape[:3], 1) and result.dtype == np.float32
        np.testing.assert_allclose(result[..., 0], batch.mean(-1), atol=1e-6)
    assert engine.device == "CPU (ONNX Runtime)"


def test_engines_are_loaded_once_and_anew_for_another_file(make_model):
    first = Card.read(make_model("first", files={"model.onnx": brightness_onnx()}))
    second = Card.read(make_model("second", files={"model.onnx": brightness_onnx()}))
    assert runtime.engine(first) is runtime.engine(Card.read(first.folder))
    assert runtime.engine(first) is runtime.engine(first, "cpu")
    assert runtime.engine(first) is not runtime.engine(second)


def test_a_damaged_model_is_unavailable(card):
    (card.folder / "model.onnx").write_bytes(b"damaged")
    with pytest.raises(ModelUnavailable, match="SHA-256 differs"):
        runtime.engine(card)


# === Falling back ===

FAILURES = {
    "no GPU seen": (RuntimeError("TensorFlow sees no GPU"), "TensorFlow sees no GPU"),
    "many lines": (ValueError("out of memory\nat line 3"), "out of memory"),
    "no words": (ImportError(), "ImportError"),
    "TensorFlow's own": (tf.errors.InternalError(None, None, "no cuDNN"), "no cuDNN"),
    "a library": (OSError("libcudart.so: cannot open"), "libcudart.so: cannot open"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_gpu_that_fails_is_given_up_for_the_cpu_once(failure, card, monkeypatch):
    error, reason = FAILURES[failure]
    tries = []

    def fail(path):
        tries.append(path)
        raise error

    monkeypatch.setattr(runtime, "has_gpu", lambda: True)
    monkeypatch.setattr(runtime, "KerasEngine", fail)
    for _ in range(2):
        assert runtime.engine(card, "gpu").device == "CPU (ONNX Runtime)"
    assert tries == [card.folder / "model.keras"]
    assert runtime.gpu_problem() == f"The GPU is not used ({reason}); the CPU took over."


def test_a_gpu_that_works_gets_the_keras_file(card, monkeypatch):
    monkeypatch.setattr(runtime, "has_gpu", lambda: True)
    monkeypatch.setattr(runtime, "KerasEngine", lambda path: f"engine of {path.name}")
    assert runtime.engine(card) == "engine of model.keras"
    assert runtime.engine(card, "cpu").device == "CPU (ONNX Runtime)"
    assert runtime.gpu_problem() is None


def test_a_damaged_keras_file_is_no_fault_of_the_gpu(card, monkeypatch):
    (card.folder / "model.keras").unlink()
    monkeypatch.setattr(runtime, "has_gpu", lambda: True)
    with pytest.raises(ModelUnavailable, match="model.keras is missing"):
        runtime.engine(card)
    assert runtime.gpu_problem() is None


SERVER = """
import sys
import numpy as np
from segcore.inference import predictor, runtime, zoo

runtime.has_gpu = lambda: False
picture = np.zeros((32, 32, 3), np.uint8)
picture[:, 8:] = 204
result = predictor.segment(picture, zoo.card("tiny"))
assert (result.coarse == picture[..., 0]).all()
print(result.device, runtime.gpu_problem(), sep="\\n")
print(sorted({"tensorflow", "keras"} & set(sys.modules)))
"""


def test_a_server_asked_for_a_missing_gpu_works_without_tensorflow(card):
    finished = subprocess.run(
        [sys.executable, "-c", SERVER],
        cwd=ROOT,
        env={
            **os.environ,
            "SEGCORE_DEVICE": "gpu",
            "SEGCORE_WEIGHTS": str(card.folder.parent),
        },
        capture_output=True,
        text=True,
    )
    assert finished.stdout.splitlines() == ["CPU (ONNX Runtime)", NO_GPU, "[]"], finished.stderr


# === The GPU's engine, on the CPU ===


def test_keras_without_a_gpu_says_so(tmp_path):
    with pytest.raises(RuntimeError, match="TensorFlow sees no GPU"):
        runtime.KerasEngine(tmp_path / "model.keras")


@pytest.mark.parametrize("gpu", [False, True], ids=["float32", "as on a GPU"])
def test_the_keras_engine_gives_the_models_answer(gpu, tmp_path, monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["pretended"])
    monkeypatch.setattr(tf.config.experimental, "set_memory_growth", lambda device, on: None)
    model = lecture_unet((None, None, 3), base_width=4, depth=2)
    model.save(tmp_path / "model.keras")
    engine = runtime.KerasEngine(tmp_path / "model.keras", gpu=gpu)
    assert engine.device == ("GPU (Keras)" if gpu else "CPU (Keras)")
    for shape in ((1, 20, 32, 3), (2, 16, 16, 3)):
        batch = np.random.default_rng(1).random(shape, np.float32)
        result = engine(batch)
        assert result.dtype == np.float32
        expected = np.asarray(model(batch, training=False))
        np.testing.assert_allclose(result, expected, atol=3e-3 if gpu else 1e-6)


def test_mixed_precision_reaches_every_layer_but_the_last():
    """Nested and frozen parts too; weights and probabilities stay in float32."""
    model = encoder_unet(imagenet=True, frozen_blocks=3)
    half = runtime._in_mixed_precision(model)
    policies = {layer.dtype_policy.name for layer in half._flatten_layers(include_self=False)}
    assert "mixed_float16" in policies
    kept = [la.name for la in half.layers if la.compute_dtype == "float32"]
    assert set(kept) <= {"picture", "efficientnet_lite0", "probabilities"}
    inner = half.get_layer("efficientnet_lite0").layers
    assert {la.compute_dtype for la in inner if la.weights} == {"float16"}
    assert {str(w.dtype) for w in half.weights} == {"float32"}
    batch = np.random.default_rng(2).uniform(-1, 1, (1, 64, 64, 3)).astype(np.float32)
    ours, theirs = (np.asarray(m(batch, training=False)) for m in (half, model))
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, theirs, atol=0.02)
    assert theirs.std() > 0.05  # an answer worth comparing
