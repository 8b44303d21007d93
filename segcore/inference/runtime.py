"""The two engines and the device: ONNX Runtime on a CPU, Keras on a GPU.

``SEGCORE_DEVICE`` is auto (the default: a GPU if there is one), cpu or gpu.
"""

from __future__ import annotations

import ctypes.util
import gc
import os
import threading
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np

from segcore import models
from segcore.inference.zoo import Card, ModelUnavailable

DEVICES = ("auto", "cpu", "gpu")
_lock = threading.Lock()
_engines: dict[tuple[str, Path, str], Engine] = {}
_gpu_failure: str | None = None


class Engine(Protocol):
    """A loaded network."""

    device: str

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        """Map (n, h, w, 3) float32 to (n, h, w, classes) float32 probabilities."""
        ...


class OnnxEngine:
    """ONNX Runtime on the CPU; may be called from many threads at once."""

    def __init__(self, path: Path):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = usable_cores()
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"]
        )
        self._input = self._session.get_inputs()[0].name
        self.device = "CPU (ONNX Runtime)"

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        """Run the network."""
        return np.asarray(self._session.run(None, {self._input: batch})[0])


class KerasEngine:
    """Keras on the GPU, in mixed precision; on the CPU, in float32, for comparison."""

    def __init__(self, path: Path, *, gpu: bool = True):
        import keras
        import tensorflow as tf

        # Streamlit calls clear_session after every rerun once Keras is imported: it would
        # cost a retrace each time and break models that other threads are building.
        keras.backend.clear_session = lambda *args, **kwargs: None
        if gpu:
            found = tf.config.list_physical_devices("GPU")
            if not found:
                raise RuntimeError("TensorFlow sees no GPU")
            for device in found:
                tf.config.experimental.set_memory_growth(device, True)
        model = models.load(path)
        if gpu:
            model = _in_mixed_precision(model)
        self._call = tf.function(
            lambda x: model(x, training=False),
            input_signature=[tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)],
        )
        self._lock = threading.Lock()
        self.device = "GPU (Keras)" if gpu else "CPU (Keras)"
        if gpu:  # a driver or cuDNN that does not fit shows at the first convolution only
            self(np.zeros((1, *(side or 64 for side in model.input_shape[1:])), np.float32))
        gc.collect()
        gc.freeze()

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        """Run the network, one caller at a time."""
        with self._lock:
            return self._call(batch).numpy()


def _in_mixed_precision(model):
    """Return a copy of a model that computes in float16; weights stay float32."""
    import keras

    def half(layer):
        config = layer.get_config()
        if config.get("activation") not in ("sigmoid", "softmax"):
            config["dtype"] = "mixed_float16"
        return layer.__class__.from_config(config)

    copy = keras.models.clone_model(model, clone_function=half, recursive=True)
    copy.set_weights(model.get_weights())
    return copy


def usable_cores() -> int:
    """Return how many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# === Choosing ===


@lru_cache(maxsize=1)
def has_gpu() -> bool:
    """Say whether an NVIDIA driver with a device is there, without importing TensorFlow."""
    library = ctypes.util.find_library("cuda") or ctypes.util.find_library("nvcuda")
    if not library:
        return False
    try:
        cuda, count = ctypes.CDLL(library), ctypes.c_int()
        return cuda.cuInit(0) == 0 and cuda.cuDeviceGetCount(ctypes.byref(count)) == 0 < count.value
    except (OSError, AttributeError):
        return False


def default_device() -> str:
    """Return the wish in ``SEGCORE_DEVICE``, "auto" without one."""
    wanted = (os.environ.get("SEGCORE_DEVICE") or "auto").lower()
    if wanted not in DEVICES:
        raise ValueError(f"SEGCORE_DEVICE is {wanted!r}; accepted are {', '.join(DEVICES)}.")
    return wanted


def chosen_device(wanted: str | None = None) -> str:
    """Return "cpu" or "gpu" for a wish, or for ``SEGCORE_DEVICE`` without one."""
    usable = has_gpu() and _gpu_failure is None
    return "gpu" if (wanted or default_device()) != "cpu" and usable else "cpu"


def gpu_problem(wanted: str | None = None) -> str | None:
    """Say in one line why a GPU that was asked for, or found, is not used."""
    wanted = wanted or default_device()
    if wanted != "cpu" and _gpu_failure:
        return f"The GPU is not used ({_gpu_failure}); the CPU took over."
    if wanted == "gpu" and not has_gpu():
        return "No GPU with an NVIDIA driver was found; the CPU took over."
    return None


def engine(card: Card, wanted: str | None = None) -> Engine:
    """Return the engine of a model, loaded once for the whole process.

    A GPU that is missing or fails is given up for the CPU; `gpu_problem` then says why.

    Raises
    ------
    ModelUnavailable
        If the model's file is absent, does not match its card or cannot be loaded.
    """
    with _lock:
        if chosen_device(wanted) == "gpu":
            try:
                return _cached("gpu", card, "model.keras", KerasEngine)
            except ModelUnavailable:
                raise
            except Exception as error:  # TensorFlow's own share no narrower class
                _give_up_gpu(error)
        try:
            return _cached("cpu", card, "model.onnx", OnnxEngine)
        except ModelUnavailable:
            raise
        except Exception as error:
            raise ModelUnavailable(
                f"{card.name} is unavailable: it cannot be loaded here ({_first_line(error)})."
            ) from error


def run(card: Card, batch: np.ndarray, wanted: str | None = None) -> tuple[np.ndarray, str]:
    """Return a model's output for a batch, and where it ran; a failing GPU hands over.

    Raises
    ------
    ModelUnavailable
        As `engine`, or if the network fails on this batch.
    """
    used = engine(card, wanted)
    try:
        return used(batch), used.device
    except Exception as error:
        if not isinstance(used, KerasEngine):
            raise ModelUnavailable(
                f"{card.name} failed on this picture ({_first_line(error)}); try a smaller one."
            ) from error
        _give_up_gpu(error)
    return run(card, batch, "cpu")


def _give_up_gpu(error: Exception) -> None:
    global _gpu_failure
    _gpu_failure = _first_line(error)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _cached(device: str, card: Card, file: str, build) -> Engine:
    path = card.file(file)
    key = (device, path, card.files[file]["sha256"])
    if key not in _engines:
        _engines[key] = build(path)
    return _engines[key]
