"""Reads the tensors of an old-style PyTorch ``.pth`` file with NumPy alone."""

from __future__ import annotations

import io
import pickle
import struct
from collections import OrderedDict
from typing import Any, NamedTuple

import numpy as np

DTYPES = {"FloatStorage": "<f4", "LongStorage": "<i8"}


class _Tensor(NamedTuple):
    """Where a tensor lies in its storage; strides in elements."""

    storage: tuple[str, str, int]
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Unpickler(pickle.Unpickler):
    """Knows the few names that a state dict needs, so that a file can run no code."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, strides, *_: _Tensor(
                storage, offset, shape, strides
            )
        if module == "torch" and name in DTYPES:
            return name
        raise pickle.UnpicklingError(f"{module}.{name} is not allowed in a weights file.")

    def persistent_load(self, pid: Any) -> tuple[str, str, int]:
        _, storage_type, key, _, count, *_ = pid
        return str(key), DTYPES[storage_type], int(count)


def read_state_dict(data: bytes) -> dict[str, np.ndarray]:
    """Return the tensors of a state dict by name.

    Parameters
    ----------
    data : bytes
        A file that ``torch.save`` wrote in its stream format (before PyTorch 1.6): three
        header pickles, the state dict, the list of storage keys, then for each key its
        length as a little-endian int64 and its elements.

    Returns
    -------
    dict of str to numpy.ndarray
        float32 or int64 arrays of their own memory.

    Raises
    ------
    pickle.UnpicklingError
        If the file is not of this format or names anything but tensors.
    """
    stream = io.BytesIO(data)
    _, _, _, state, keys = (_Unpickler(stream).load() for _ in range(5))
    types = {t.storage[0]: t.storage[1] for t in state.values()}
    storages = {}
    for key in keys:
        (count,) = struct.unpack("<q", stream.read(8))
        dtype = np.dtype(types[key])
        storages[key] = np.frombuffer(stream.read(count * dtype.itemsize), dtype)
    return {name: _array(tensor, storages) for name, tensor in state.items()}


def _array(tensor: _Tensor, storages: dict[str, np.ndarray]) -> np.ndarray:
    values = storages[tensor.storage[0]][tensor.offset :]
    strides = [stride * values.itemsize for stride in tensor.strides]
    return np.lib.stride_tricks.as_strided(values, tensor.shape, strides).copy()
