"""`segcore.training.logs`: each byte of a log is read once, whatever its state."""

import json
import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from segcore.files import write_atomically
from segcore.training import logs
from segcore.training.curves import downsample, smooth
from segcore.training.logs import ANCHOR, RunLog, Tail, read_log, rows, run_log
from segcore.training.names import RunError
from segcore.training.runs import Run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = Run(tmp_path.resolve() / "run")
    run.create({})
    return run


def step(number: int, epoch: int = 1) -> dict[str, float]:
    return {
        "step": number,
        "epoch": epoch,
        "loss": 1 / number + 0.1234567890123,
        "mean_iou": 1 - 1 / (number + 1),
        "learning_rate": 0.001,
        "seconds": 0.0345678901234,
        "elapsed": 0.0345678901234 * number,
    }


def log_steps(run: Run, first: int, last: int, per_epoch: int = 50) -> None:
    lines = [
        json.dumps(step(i, -(-i // per_epoch))).encode() + b"\n" for i in range(first, last + 1)
    ]
    with open(run.folder / "steps.jsonl", "ab") as file:
        file.write(b"".join(lines))


# === Columns ===


def test_columns_are_what_was_written(run: Run) -> None:
    records = [step(i) for i in range(1, 700)]
    log = RunLog(run.folder)
    for number, record in enumerate(records, 1):
        run.append("steps", record)
        if number % 50 == 0:
            assert rows(log.read().steps) == number
    run.append("epochs", {"epoch": 1, "loss": 0.5, "val_loss": 0.25})
    seen = log.read()
    for key in records[0]:
        assert seen.steps[key].tolist() == [record[key] for record in records]
    assert {key: values.tolist() for key, values in seen.epochs.items()} == {
        "epoch": [1],
        "loss": [0.5],
        "val_loss": [0.25],
    }


def test_values_that_are_missing_or_no_numbers_are_nan(run: Run) -> None:
    for line in (
        '{"epoch": 1, "loss": 0.5, "note": "text"}',
        '{"epoch": 2, "val_loss": 0.25}',
        '{"epoch": 3, "loss": "much", "val_loss": null}',
        '{"epoch": 4, "loss": NaN, "val_loss": Infinity}',
        '{"epoch": 5, "loss": true, "val_loss": [1]}',
        '{"epoch": 6, "loss": 1%s}' % ("0" * 400),
        "{}",
    ):
        with open(run.folder / "epochs.jsonl", "a") as file:
            file.write(line + "\n")
    seen = RunLog(run.folder).read()
    nan = np.nan
    np.testing.assert_array_equal(seen.epochs["epoch"], [1, 2, 3, 4, 5, 6, nan])
    np.testing.assert_array_equal(seen.epochs["loss"], [0.5, nan, nan, nan, nan, nan, nan])
    np.testing.assert_array_equal(seen.epochs["val_loss"], [nan, 0.25, nan, np.inf, nan, nan, nan])
    assert set(seen.epochs) == {"epoch", "loss", "val_loss"} and seen.damaged == 0


def test_what_was_handed_out_does_not_change(run: Run) -> None:
    log = RunLog(run.folder)
    log_steps(run, 1, 300)
    before = log.read().steps
    kept = before["loss"].copy()
    log_steps(run, 301, 3000)
    log.read()
    (run.folder / "steps.jsonl").write_text('{"step": 1, "loss": 99}\n')
    assert log.read().steps["loss"].tolist() == [99]
    assert before["loss"].tolist() == kept.tolist()
    with pytest.raises(ValueError, match="read-only"):
        before["loss"][0] = 0


def test_a_record_cannot_add_columns_without_end(run: Run) -> None:
    for i in range(50):
        run.append("steps", {f"column {i}-{j}": 1.0 for j in range(10)})
    assert len(RunLog(run.folder).read().steps) == logs.MOST_COLUMNS


# === Reading only what is new ===


def test_ten_thousand_steps_are_quick_and_read_once(run: Run) -> None:
    log_steps(run, 1, 10_000)
    for epoch in range(1, 201):
        run.append("epochs", {"epoch": epoch, "loss": 1 / epoch, "val_loss": 1 / epoch})
    size = sum((run.folder / f"{k}.jsonl").stat().st_size for k in ("steps", "epochs"))
    best = np.inf
    for _ in range(3):
        log, began = RunLog(run.folder), time.thread_time()
        seen = log.read()
        for name in ("loss", "mean_iou", "learning_rate"):
            x, y = downsample(seen.steps["step"], smooth(seen.steps[name], 0.9))
            assert len(x) == len(y) <= 1500
        for name in ("loss", "val_loss"):
            downsample(seen.epochs["epoch"], smooth(seen.epochs[name], 0.9))
        best = min(best, time.thread_time() - began)
    assert rows(seen.steps) == 10_000 and rows(seen.epochs) == 200
    assert best < 0.3, f"{1000 * best:.0f} ms"
    assert log.bytes_read == size
    log.read()
    assert log.bytes_read == size, "nothing new, nothing read"
    log_steps(run, 10_001, 10_003)
    new = sum((run.folder / f"{k}.jsonl").stat().st_size for k in ("steps", "epochs")) - size
    began = time.thread_time()
    assert rows(log.read().steps) == 10_003
    assert time.thread_time() - began < 0.02
    assert log.bytes_read == size + new + ANCHOR


def test_all_visitors_share_one_log(run: Run) -> None:
    log_steps(run, 1, 1000)
    visitors = [threading.Thread(target=read_log, args=(run.folder,)) for _ in range(10)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    assert run_log(run.folder).bytes_read == (run.folder / "steps.jsonl").stat().st_size
    assert run_log(run.folder) is run_log(run.folder)


def test_the_oldest_logs_are_given_up(tmp_path: Path) -> None:
    first = run_log(tmp_path / "0")
    for i in range(1, logs.KEPT_RUNS + 1):
        run_log(tmp_path / f"{i}")
    assert run_log(tmp_path / "0") is not first
    assert len(logs._logs) <= logs.KEPT_RUNS


# === Files in every state ===


def test_no_files(run: Run) -> None:
    log = RunLog(run.folder / "nothing")
    assert (dict(log.read().steps), dict(log.read().epochs)) == ({}, {})


@pytest.mark.parametrize("cut", [1, 10, -1])
def test_a_torn_last_line_is_left_for_later(run: Run, cut: int) -> None:
    log_steps(run, 1, 2)
    line = json.dumps(step(3)).encode() + b"\n"
    log, path = RunLog(run.folder), run.folder / "steps.jsonl"
    with open(path, "ab", buffering=0) as file:
        file.write(line[:cut])
        assert rows(log.read().steps) == rows(log.read().steps) == 2
        file.write(line[cut:])
    assert log.read().steps["step"].tolist() == [1, 2, 3] and log.read().damaged == 0


def test_damaged_lines_are_skipped_and_counted(run: Run) -> None:
    path = run.folder / "steps.jsonl"
    damaged = [b"", b"{", b"3", b"null", b'"x"', b"\xff\xfe", b"\0\0", b'{"step": 1}{', b"[" * 9999]
    damaged += [b'{"a": 1', b'"b": 2}', b"1, 2"]  # whole again only if glued together
    with open(path, "wb") as file:
        for number, line in enumerate(damaged, 1):
            file.write(json.dumps(step(number)).encode() + b"\n" + line + b"\n")
    log = RunLog(run.folder)
    seen = log.read()
    assert seen.damaged == len(damaged)
    assert seen.steps["step"].tolist() == list(range(1, len(damaged) + 1))
    with open(path, "ab") as file:
        file.write(b"}\n")
    assert log.read().damaged == len(damaged) + 1
    path.write_bytes(b'{"step": 1}\n')
    assert log.read().damaged == 0, "counted anew with a new file"


def test_a_rewound_log_is_read_anew(run: Run) -> None:
    log_steps(run, 1, 60, per_epoch=20)
    run.checkpoint(2).write_bytes(b"weights")
    log = RunLog(run.folder)
    assert rows(log.read().steps) == 60
    run.rewind()
    assert log.read().steps["step"].tolist() == list(range(1, 41)), "shorter"
    log_steps(run, 41, 60, per_epoch=20)
    assert rows(log.read().steps) == 60
    run.rewind()
    log_steps(run, 41, 99, per_epoch=20)
    assert log.read().steps["step"].tolist() == list(range(1, 100)), "replaced and grown since"


@pytest.mark.parametrize("replaced", [True, False], ids=["replaced", "in place"])
def test_a_rewritten_log_that_is_longer_is_noticed(run: Run, replaced: bool) -> None:
    path = run.folder / "steps.jsonl"
    path.write_bytes(b'{"step": 1, "loss": 0.125}\n')
    log = RunLog(run.folder)
    log.read()
    other = b'{"step": 1, "loss": 0.25}\n{"step": 2, "loss": 0.5}\n'
    write_atomically(path, other) if replaced else path.write_bytes(other)
    assert log.read().steps["loss"].tolist() == [0.25, 0.5]


def test_a_replaced_log_that_goes_on_is_not_read_again(run: Run) -> None:
    log_steps(run, 1, 1000)
    path = run.folder / "steps.jsonl"
    log, content = RunLog(run.folder), path.read_bytes()
    log.read()
    write_atomically(path, content + b'{"step": 1001}\n')
    assert rows(log.read().steps) == 1001
    assert log.bytes_read == len(content) + ANCHOR + len(b'{"step": 1001}\n')


def test_a_deleted_log_is_forgotten(run: Run) -> None:
    log_steps(run, 1, 10)
    log = RunLog(run.folder)
    assert rows(log.read().steps) == 10
    os.unlink(run.folder / "steps.jsonl")
    assert rows(log.read().steps) == 0
    log_steps(run, 1, 3)
    assert rows(log.read().steps) == 3


def test_links_are_not_followed(run: Run, tmp_path: Path) -> None:
    secret = tmp_path / "secret.jsonl"
    secret.write_text('{"step": 1}\n')
    (run.folder / "steps.jsonl").symlink_to(secret)
    with pytest.raises(RunError, match="steps.jsonl cannot be read"):
        RunLog(run.folder).read()
    (tmp_path / "link").symlink_to(run.folder, target_is_directory=True)
    with pytest.raises(RunError, match="is a link"):
        read_log(tmp_path / "link")


def test_a_file_too_large_is_refused(run: Run) -> None:
    with open(run.folder / "steps.jsonl", "wb") as file:
        file.truncate(logs.LARGEST + 1)  # takes no room: it is all hole
    with pytest.raises(RunError, match="no log of ours"):
        RunLog(run.folder).read()


def test_a_log_that_grows_while_it_is_read(run: Run) -> None:
    log, done = RunLog(run.folder), threading.Event()

    def write() -> None:
        for i in range(1, 2001):
            run.append("steps", step(i))
        done.set()

    threading.Thread(target=write).start()
    seen = 0
    while not done.is_set():
        table = log.read().steps
        assert rows(table) >= seen
        seen = rows(table)
        assert table.get("step", np.array([])).tolist() == list(range(1, seen + 1))
    assert log.read().steps["step"].tolist() == list(range(1, 2001))


def test_a_tail_hands_out_each_line_once(tmp_path: Path) -> None:
    path = tmp_path / "log"
    tail = Tail(path)
    assert tail.read() == ([], False)
    path.write_bytes(b"a\nb\nc")
    assert tail.read() == ([b"a", b"b"], False)
    assert tail.read() == ([], False)
    with open(path, "ab") as file:
        file.write(b"\n")
    assert tail.read() == ([b"c"], False)
    path.write_bytes(b"d\n")
    assert tail.read() == ([b"d"], True)
    path.unlink()
    assert tail.read() == ([], True)
