"""Read the scalars of TensorBoard's event files without TensorBoard or TensorFlow.

An event file is a sequence of TFRecords: length (uint64), masked CRC-32C of it, the data,
masked CRC-32C of the data, all little-endian. The data is a protocol buffer ``Event``.

References
----------
tensorflow/core/lib/io/record_writer.h (framing and masking), tensorflow/core/util/event.proto,
tensorflow/core/framework/summary.proto and tensor.proto (the numbers of the fields),
https://protobuf.dev/programming-guides/encoding (the encoding).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np

LARGEST_RECORD = 65_536  # bytes; a scalar has about 100, graphs and pictures have more
_POLYNOMIAL = 0x82F63B78  # of CRC-32C, reversed
_DTYPES = {1: "<f4", 2: "<f8", 3: "<i4", 9: "<i8", 19: "<f2"}  # DT_FLOAT, DT_DOUBLE, ...
_PACKED = {5: "<f4", 6: "<f8"}  # float_val, double_val of a TensorProto


class DamagedEvents(ValueError):
    """The data is no event file, or is one no longer."""


class Scalar(NamedTuple):
    """A value that was logged: its tag, step, time (seconds since the epoch) and itself."""

    tag: str
    step: int
    time: float
    value: float


def scalars(data: bytes) -> Iterator[Scalar]:
    """Read the scalars of an event file, those of ``tf.summary`` as those of TensorFlow 1.

    Pictures, graphs, histograms and texts are passed over. A last record that is cut off
    ends the file: it was being written.

    Raises
    ------
    DamagedEvents
        If a check sum does not match or a record is no event.
    """
    for record in _records(data):
        try:
            yield from _event(record)
        except (struct.error, UnicodeDecodeError, IndexError) as error:
            raise DamagedEvents("a record is no event") from error


# === Records ===


def _table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (_POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return table


_TABLE = _table()


def masked_crc(data: bytes) -> int:
    """Return the check sum of a TFRecord's part.

    Examples
    --------
    >>> hex(masked_crc(b"123456789"))  # CRC-32C is e3069283
    '0xc78ab0e5'
    """
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _records(data: bytes) -> Iterator[bytes]:
    offset = 0
    while offset + 12 <= len(data):
        length, check = struct.unpack_from("<QI", data, offset)
        if masked_crc(data[offset : offset + 8]) != check:
            raise DamagedEvents("the check sum of a record's length does not match")
        offset += 12
        if offset + length + 4 > len(data):
            return
        if length <= LARGEST_RECORD:
            record = data[offset : offset + length]
            if masked_crc(record) != struct.unpack_from("<I", data, offset + length)[0]:
                raise DamagedEvents("the check sum of a record does not match")
            yield record
        offset += length + 4


# === Protocol buffers ===


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Read number and content of each field: a whole number, or bytes."""
    offset = 0
    while offset < len(data):
        key, offset = _varint(data, offset)
        kind = key & 7
        if kind == 0:
            value, offset = _varint(data, offset)
            yield key >> 3, value
            continue
        if kind == 2:
            size, offset = _varint(data, offset)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise IndexError(f"wire type {kind}")
        if offset + size > len(data):
            raise IndexError("beyond the end")
        yield key >> 3, data[offset : offset + size]
        offset += size


def _varint(data: bytes, offset: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[offset]
        value |= (byte & 0x7F) << shift
        offset, shift = offset + 1, shift + 7
        if byte < 0x80:
            return value, offset
        if shift > 63:
            raise IndexError("a number of more than 64 bits")


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise IndexError("a number instead of bytes")
    return value


def _event(data: bytes) -> Iterator[Scalar]:
    time, step, summaries = 0.0, 0, []
    for number, value in _fields(data):
        if number == 1:
            (time,) = struct.unpack("<d", _bytes(value))
        elif number == 2 and isinstance(value, int):
            step = value - (1 << 64) if value >= 1 << 63 else value
        elif number == 5:
            summaries.append(_bytes(value))
    for summary in summaries:
        for number, value in _fields(summary):
            if number == 1 and (found := _summary_value(_bytes(value))):
                yield Scalar(found[0], step, time, found[1])


def _summary_value(data: bytes) -> tuple[str, float] | None:
    tag, scalar = "", None
    for number, value in _fields(data):
        if number == 1:
            tag = _bytes(value).decode()
        elif number == 2:  # simple_value
            (scalar,) = struct.unpack("<f", _bytes(value))
        elif number == 8:
            scalar = _tensor(_bytes(value))
        elif number == 9 and _plugin(_bytes(value)) not in ("", "scalars"):
            return None
    return None if scalar is None else (tag, scalar)


@lru_cache(maxsize=256)  # the same bytes come with each value of a tag
def _plugin(metadata: bytes) -> str:
    for number, value in _fields(metadata):
        if number == 1:  # plugin_data
            for inner, name in _fields(_bytes(value)):
                if inner == 1:
                    return _bytes(name).decode()
    return ""


def _tensor(data: bytes) -> float | None:
    """Return the number in a TensorProto, None if it holds another count or kind."""
    kind, found = 0, np.array([])
    for number, value in _fields(data):
        if number == 1 and isinstance(value, int):
            kind = value
        elif number == 4 and kind in _DTYPES:  # tensor_content
            found = np.frombuffer(_whole(_bytes(value), _DTYPES[kind]), _DTYPES[kind])
        elif number in _PACKED:
            found = np.frombuffer(_whole(_bytes(value), _PACKED[number]), _PACKED[number])
        elif number in (7, 10):  # int_val, int64_val
            numbers = [value] if isinstance(value, int) else _varints(value)
            found = np.array([n - (1 << 64) if n >= 1 << 63 else n for n in numbers], float)
    return float(found[0]) if len(found) == 1 else None


def _whole(data: bytes, dtype: str) -> bytes:
    if len(data) % np.dtype(dtype).itemsize:
        raise IndexError("half a number")
    return data


def _varints(data: bytes) -> list[int]:
    found, offset = [], 0
    while offset < len(data):
        value, offset = _varint(data, offset)
        found.append(value)
    return found
