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
_engines: dict[tuple[str | Path, ...], Engine] = {}
_gpu_failure: str | None = None


class Engine(Protocol):
    """A loaded network."""

    device: str

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        """Map (n, h, w, 3) float32 to (n, h, w, classes) float32 probabilities."""
        ...

    def outputs(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return all outputs of a network with any number of inputs, in their order."""
        ...


class OnnxEngine:
    """ONNX Runtime on the CPU; may be called from many threads at once.

    Parameters
    ----------
    model : Path or bytes
        An ``.onnx`` file, or what is in one.
    """

    def __init__(self, model: Path | bytes):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = usable_cores()
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"]
        )
        self._names = [given.name for given in self._session.get_inputs()]
        self.device = "CPU (ONNX Runtime)"

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        """Run a network with one input and one output."""
        return self.outputs(batch)[0]

    def outputs(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        """Run the network."""
        given = dict(zip(self._names, inputs, strict=True))
        return tuple(np.asarray(output) for output in self._session.run(None, given))


class KerasEngine:
    """Keras on the GPU, in mixed precision; on the CPU, in float32, for comparison.

    Parameters
    ----------
    path : Path
        A ``.keras`` file.
    part : str
        The layer that is the network to run, itself a model; empty: the whole.
    """

    def __init__(self, path: Path, part: str = "", *, gpu: bool = True):
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
        if part:
            model = model.get_layer(part)
        if gpu:
            model = _in_mixed_precision(model)
        one = len(model.inputs) == 1
        self._call = tf.function(
            lambda *x: model(x[0] if one else list(x), training=False),
            input_signature=[
                tf.TensorSpec((None, *given.shape[1:]), given.dtype) for given in model.inputs
            ],
        )
        self._lock = threading.Lock()
        self.device = "GPU (Keras)" if gpu else "CPU (Keras)"
        if gpu:  # a driver or cuDNN that does not fit shows at the first convolution only
            self.outputs(
                *(
                    np.zeros([1, *(side or 64 for side in given.shape[1:])], given.dtype)
                    for given in model.inputs
                )
            )
        gc.collect()
        gc.freeze()

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        """Run a network with one input and one output."""
        return self.outputs(batch)[0]

    def outputs(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        """Run the network, one caller at a time."""
        import tensorflow as tf

        with self._lock:
            return tuple(np.asarray(output) for output in tf.nest.flatten(self._call(*inputs)))


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


def engine(card: Card, wanted: str | None = None, part: str = "") -> Engine:
    """Return the engine of a model, loaded once for the whole process.

    A GPU that is missing or fails is given up for the CPU; `gpu_problem` then says why.

    Parameters
    ----------
    card : Card
    wanted : {"auto", "cpu", "gpu"} or None
    part : str
        Of a model in several ONNX files, ``PART.onnx``: a layer of that name of its Keras
        network. Empty: ``model.onnx``, the whole network.

    Raises
    ------
    ModelUnavailable
        If the model's file is absent, does not match its card or cannot be loaded.
    """
    with _lock:
        if chosen_device(wanted) == "gpu":
            try:
                return _cached("gpu", card, "model.keras", KerasEngine, part)
            except ModelUnavailable:
                raise
            except Exception as error:  # TensorFlow's own share no narrower class
                _give_up_gpu(error)
        try:
            return _cached("cpu", card, f"{part or 'model'}.onnx", OnnxEngine)
        except ModelUnavailable:
            raise
        except Exception as error:
            raise ModelUnavailable(
                f"{card.name} is unavailable: it cannot be loaded here ({first_line(error)})."
            ) from error


def run(card: Card, batch: np.ndarray, wanted: str | None = None) -> tuple[np.ndarray, str]:
    """Return a model's only output for a batch, and where it ran; see `run_part`."""
    outputs, device = run_part(card, (batch,), wanted)
    return outputs[0], device


def run_part(
    card: Card, inputs: tuple[np.ndarray, ...], wanted: str | None = None, part: str = ""
) -> tuple[tuple[np.ndarray, ...], str]:
    """Return all outputs of a model, or of a part of it, and where it ran.

    A GPU that fails hands over to the CPU.

    Raises
    ------
    ModelUnavailable
        As `engine`, or if the network fails on these inputs.
    """
    used = engine(card, wanted, part)
    try:
        return used.outputs(*inputs), used.device
    except Exception as error:
        if not isinstance(used, KerasEngine):
            raise ModelUnavailable(
                f"{card.name} failed on this picture ({first_line(error)}); try a smaller one."
            ) from error
        _give_up_gpu(error)
    return run_part(card, inputs, "cpu", part)


def _give_up_gpu(error: Exception) -> None:
    global _gpu_failure
    _gpu_failure = first_line(error)


def first_line(error: Exception) -> str:
    """Return what an error says first, its kind if it says nothing."""
    return (str(error).splitlines() or [type(error).__name__])[0]


def _cached(device: str, card: Card, file: str, build, *options: str) -> Engine:
    path = card.file(file)
    key = (device, path, card.files[file]["sha256"], *filter(None, options))
    if key not in _engines:
        _engines[key] = build(path, *filter(None, options))
    return _engines[key]
