"""`segcore.training.foreign_logs`: what Keras and TensorFlow themselves have written."""

import csv
import io
import json
import os
import struct
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from segcore.training import foreign_logs
from segcore.training.event_files import masked_crc
from segcore.training.foreign_logs import open_files, read_csv
from segcore.training.logs import Log
from segcore.training.names import RunError

FOREIGN = Path(__file__).with_name("foreign")  # made by its make.py
WRITER = """
import json, sys
import keras, numpy as np, tensorflow as tf

folder = sys.argv[1]
x = np.random.default_rng(0).random((32, 4)).astype("float32")
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile("sgd", "mse", metrics=["mae"])
history = model.fit(x, x.sum(1), epochs=3, verbose=0, validation_split=0.25, callbacks=[
    keras.callbacks.CSVLogger(folder + "/comma.csv"),
    keras.callbacks.CSVLogger(folder + "/semicolon.csv", separator=";"),
]).history

with tf.summary.create_file_writer(folder + "/new").as_default():
    for step in range(300):
        for kind in (tf.float16, tf.float32, tf.float64, tf.int32, tf.int64):
            tf.summary.write(kind.name, tf.constant(-step / 4, kind) if kind.is_floating
                             else tf.constant(-step, kind), step)
        tf.summary.write("vector", tf.zeros(3), step)
        tf.summary.write("string", tf.constant("text"), step)
        tf.summary.write("picture", tf.zeros(20_000 if step < 3 else 2), step)

with tf.Graph().as_default():
    writer = tf.compat.v1.summary.FileWriter(folder + "/old")
    for step in range(4):
        values = [tf.compat.v1.Summary.Value(tag="loss", simple_value=0.5 * step)]
        writer.add_summary(tf.compat.v1.Summary(value=values), step)
    writer.close()

print(json.dumps(history))
"""


@dataclass
class Written:
    folder: Path
    history: dict[str, list[float]]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Logs that Keras and TensorFlow write now, in a child process."""
    folder = tmp_path_factory.mktemp("written")
    child = subprocess.run(
        [sys.executable, "-c", WRITER, str(folder)],
        capture_output=True,
        text=True,
        timeout=180,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert child.returncode == 0, child.stderr
    return Written(folder, json.loads(child.stdout.splitlines()[-1]))


def event_file(folder: Path) -> Path:
    (path,) = folder.glob("*tfevents*")
    return path


def opened(path: Path) -> dict[str, Log]:
    """Upload a file, or a folder's event files."""
    files = [path] if path.is_file() else path.rglob("*tfevents*")
    return open_files({p.relative_to(path.parent).as_posix(): p.read_bytes() for p in files})


# === CSVLogger ===


@pytest.mark.parametrize("name", ["comma", "semicolon"])
def test_csvlogger(written: Written, name: str) -> None:
    (log,) = opened(written.folder / f"{name}.csv").values()
    assert log.epochs["epoch"].tolist() == [1, 2, 3]
    assert set(log.epochs) == {"epoch", "loss", "mae", "val_loss", "val_mae"}
    for key, values in written.history.items():
        np.testing.assert_allclose(log.epochs[key], values, rtol=1e-12)
    assert (dict(log.steps), log.damaged) == ({}, 0)


def test_csv_of_every_kind() -> None:
    text = "epoch,loss,mean_iou\n0,0.5,NA\n1,0.25,0.5\n2,0.1"
    log = read_csv(text.encode())
    assert log.epochs["loss"].tolist() == [0.5, 0.25] and log.damaged == 1
    np.testing.assert_array_equal(log.epochs["mean_iou"], [np.nan, 0.5])
    resumed = "epoch\tloss\n1\t3\n2\t2\nepoch\tloss\n2\t1\n\n3\t0\n"
    log = read_csv(b"\xef\xbb\xbf" + resumed.replace("\n", "\r\n").encode())
    assert log.epochs["epoch"].tolist() == [1, 2, 3], "counted from 1 already"
    assert log.epochs["loss"].tolist() == [3, 1, 0] and log.damaged == 0
    with pytest.raises(ValueError, match="read-only"):
        log.epochs["loss"][0] = 1


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "names no column epoch"),
        (b"a,b\n1,2\n", "names no column epoch"),
        (b"epoch,loss,loss\n1,2,3\n", "names one twice"),
        (b"epoch,loss\n", "holds no epoch yet"),
        (b"epoch,loss\nx,y\n", "holds no epoch yet"),
        (b"\xff\xd8\xff\xe0", "no text in UTF-8"),
        (b"epoch," + b",".join(b"%d" % i for i in range(200)), "names no column"),
        (b'epoch,loss\n1,"' + b"x" * 200_000, "is damaged"),
    ],
)
def test_what_is_no_csv_log(data: bytes, problem: str) -> None:
    with pytest.raises(RunError, match=problem) as error:
        open_files({"history.csv": data})
    assert "history.csv" in str(error.value) and str(error.value).isprintable()


# === Event files ===


def test_keras_tensorboard_callback() -> None:
    logs = opened(FOREIGN / "keras")
    assert list(logs) == ["keras"], "train and validation are one run"
    log = logs["keras"]
    assert log.epochs["epoch"].tolist() == [1, 2, 3]
    history = json.loads((FOREIGN / "history.json").read_text())
    assert set(history) == {"loss", "mae", "val_loss", "val_mae"}
    for key, values in history.items():
        np.testing.assert_allclose(log.epochs[key], values, rtol=1e-6)
    assert {"loss", "mae"} <= set(log.steps)
    assert len(log.steps["step"]) >= 9, "3 steps an epoch"
    assert (np.diff(log.epochs["elapsed"]) >= 0).all() and log.epochs["elapsed"][-1] > 0


def test_scalars_of_tf_summary() -> None:
    log = opened(FOREIGN / "summary")["summary"]
    assert log.steps["step"].tolist() == [0, 10, 20, 30, 40]
    np.testing.assert_allclose(log.steps["loss"], [1, 1 / 2, 1 / 3, 1 / 4, 9], rtol=1e-6)
    assert log.steps["count"].tolist() == [0, -1, -2, -3, -4]
    assert set(log.steps) == {"step", "elapsed", "loss", "count"}, "and no pictures, no texts"
    assert not log.epochs


def test_tensors_of_every_kind(written: Written) -> None:
    log = opened(written.folder / "new")["new"]
    numbers = np.arange(300)
    assert log.steps["step"].tolist() == numbers.tolist()
    for kind in ("float16", "float32", "float64"):
        assert log.steps[kind].tolist() == (-numbers / 4).tolist(), kind
    for kind in ("int32", "int64"):
        assert log.steps[kind].tolist() == (-numbers).tolist(), kind
    assert not {"vector", "string", "picture"} & set(log.steps)


def test_summaries_of_tensorflow_1(written: Written) -> None:
    log = opened(event_file(written.folder / "old"))
    (only,) = log.values()
    assert only.steps["loss"].tolist() == [0, 0.5, 1, 1.5]


def test_several_runs_in_a_folder(written: Written) -> None:
    assert sorted(opened(written.folder)) == ["new", "old"]
    assert sorted(opened(FOREIGN)) == ["keras", "summary"]
    uploaded = {
        f"logs\\{path.relative_to(FOREIGN)}": path.read_bytes()
        for path in FOREIGN.rglob("*tfevents*")
    }
    uploaded["comma.csv"] = (written.folder / "comma.csv").read_bytes()
    assert sorted(open_files(uploaded)) == ["comma", "keras", "summary"]


def test_a_file_that_is_being_written(written: Written) -> None:
    data = event_file(written.folder / "old").read_bytes()
    whole = open_files({"events.out.tfevents.1": data})["TensorBoard"].steps["loss"]
    seen = set()
    for cut in range(len(data)):
        try:
            log = open_files({"events.out.tfevents.1": data[:cut]})["TensorBoard"]
        except RunError as error:
            assert "hold no scalars" in str(error)
            continue
        count = len(log.steps["loss"])
        assert log.steps["loss"].tolist() == whole[:count].tolist()
        seen.add(count)
    assert seen == {1, 2, 3}, "the fourth is there with the last byte"


def test_every_damaged_byte_ends_in_one_sentence(written: Written) -> None:
    data = event_file(written.folder / "old").read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= int(rng.integers(1, 256))
        with pytest.raises(RunError, match="is damaged: the check sum of a record"):
            open_files({"run/events.out.tfevents.1": bytes(damaged)})
        refused += 1
    assert refused == len(data) > 100


def test_records_with_right_sums_and_wrong_content() -> None:
    def framed(record: bytes) -> bytes:
        length = struct.pack("<Q", len(record))
        sums = [struct.pack("<I", masked_crc(part)) for part in (length, record)]
        return length + sums[0] + record + sums[1]

    rng = np.random.default_rng(1)
    for size in (1, 2, 5, 9, 30, 200):
        for _ in range(300):
            data = framed(rng.bytes(size))
            with pytest.raises(RunError, match="a record is no event|hold no scalars"):
                open_files({"tfevents": data})
    for record in (b"\x09", b"\x28\x01", b"\x2a\x02\x0a\x7f", b"\xff" * 11, b"\x0b", b"\x2a\x00"):
        with pytest.raises(RunError):
            open_files({"tfevents": framed(record)})


# === Limits ===


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"photo.jpg": b"\xff\xd8"},
        {"events.out.tfevents.1": b"x" * 100},
        {f"{i}.csv": b"epoch\n1\n" for i in range(201)},
        {f"{i}.csv": b"epoch\n1\n" for i in range(51)},
    ],
)
def test_what_is_refused(files: dict[str, bytes]) -> None:
    with pytest.raises(RunError) as error:
        open_files(files)
    assert str(error.value).isprintable() and str(error.value).endswith(".")


def test_too_much_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign_logs, "LARGEST", 2_000_000)
    monkeypatch.setattr(foreign_logs, "read_csv", lambda *_: pytest.fail("was read"))
    with pytest.raises(RunError, match="The files have 3 MB; 2 MB are accepted at the most."):
        open_files({"a.csv": bytes(1_500_000), "b.csv": bytes(1_500_000)})


def test_too_many_values(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign_logs, "MOST_SCALARS", 4)
    assert opened(written.folder / "old")
    monkeypatch.setattr(foreign_logs, "MOST_SCALARS", 3)
    with pytest.raises(RunError, match="more than 3 values"):
        opened(written.folder / "old")


def test_a_long_log_is_quick() -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["epoch", "loss", "val_loss"])
    writer.writerows([i, 1 / (i + 1), 2 / (i + 1)] for i in range(10_000))
    began = time.thread_time()
    assert len(read_csv(buffer.getvalue().encode()).epochs["loss"]) == 10_000
    assert time.thread_time() - began < 0.5
