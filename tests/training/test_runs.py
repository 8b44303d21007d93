"""`segcore.training.runs`: what a run folder holds after every kind of crash.

The crash tests let a stand-in for the trainer die at each of its file operations in turn,
then recover, and compare with a run that nothing disturbed.
"""

import errno
import itertools
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from segcore.files import write_atomically
from segcore.training.runs import Run

SCORES = (0.2, 0.5, 0.4, 0.5, 0.7)  # of the epochs 1 to 5; 2 is best until 5, 4 only equals it
STEPS = 2


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = Run(tmp_path / "run")
    run.create({"recipe": {"name": "x"}})
    return run


def train_epoch(run: Run, epoch: int) -> None:
    """Do what the trainer does to the folder in an epoch."""
    for i in range(1, STEPS + 1):
        run.append("steps", {"step": (epoch - 1) * STEPS + i, "epoch": epoch})
        run.write_status(state="running", epoch=epoch, step=i)
    run.append("epochs", {"epoch": epoch, "val_mean_iou": SCORES[epoch - 1]})
    part = run.checkpoints / f"part-{epoch:04d}.keras"
    part.write_bytes(f"weights {epoch}".encode())
    os.replace(part, run.checkpoint(epoch))
    run.keep_checkpoint(epoch)


def train_on(run: Run) -> None:
    """Start, or go on after, the last finished epoch, to the end."""
    for epoch in range(run.rewind() + 1, len(SCORES) + 1):
        train_epoch(run, epoch)
    run.write_status(state="finished", epoch=run.last_epoch())


def contents(run: Run) -> dict[str, bytes]:
    files = (p for p in run.folder.rglob("*") if p.is_file())
    return {str(path.relative_to(run.folder)): path.read_bytes() for path in files}


# === Files ===


def test_a_file_is_replaced_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file.json"
    write_atomically(path, b"old")
    seen = []
    replace = os.replace

    def look(source: Path, target: Path) -> None:
        seen.append((Path(target).read_bytes(), Path(source).read_bytes(), Path(source).parent))
        replace(source, target)

    monkeypatch.setattr(os, "replace", look)
    write_atomically(path, b"new and longer")
    assert seen == [(b"old", b"new and longer", tmp_path)], "whole before it takes the name"
    assert path.read_bytes() == b"new and longer"
    assert [p.name for p in tmp_path.iterdir()] == ["file.json"], "nothing is left beside it"


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.json"
    write_atomically(path, b"old")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
        with pytest.raises(OSError, match="disk full"):
            write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    write_atomically(path, b"newer")  # the part that was left is in nobody's way
    assert path.read_bytes() == b"newer"


def test_settings_and_status(tmp_path: Path) -> None:
    run = Run(tmp_path / "deep" / "run")
    assert not run.exists and run.status() == {} and run.records("steps") == []
    assert run.last_epoch() == run.best_epoch() == 0
    assert not run.folder.exists(), "reading makes nothing"
    run.create({"recipe": {"name": "pets"}, "data": ["ä"]})
    assert run.exists and run.settings() == {"recipe": {"name": "pets"}, "data": ["ä"]}
    run.write_status(state="loading", epoch=0)
    run.write_status(state="running", step=2)
    assert run.status() == {"state": "running", "step": 2}, "replaced, not merged"
    assert Run(run.folder).settings() == run.settings(), "all is in the files"


# === Records ===


def test_records_come_back_in_order(run: Run) -> None:
    records = [{"step": i, "epoch": 1, "loss": 0.1 * i} for i in range(50)]
    for record in records:
        run.append("steps", record)
    assert run.records("steps") == records
    assert run.records("epochs") == []
    assert (run.folder / "steps.jsonl").read_text().count("\n") == 50


@pytest.mark.parametrize(
    "cut",
    ["{", '{"step": 3, "epoch"', '{"step": 3, "epoch": 1}', '{"step": "\\u00', "\0\0\0"],
)
def test_a_cut_off_last_line_is_ignored(run: Run, cut: str) -> None:
    whole = [{"step": 1, "epoch": 1}, {"step": 2, "epoch": 1}]
    for record in whole:
        run.append("steps", record)
    run.checkpoint(1).write_bytes(b"weights")
    run.append("epochs", {"epoch": 1, "val_mean_iou": 0.5})
    with open(run.folder / "steps.jsonl", "a") as file:
        file.write(cut)
    assert run.records("steps") == whole
    assert run.rewind() == 1
    run.append("steps", {"step": 3, "epoch": 2})
    assert run.records("steps") == [*whole, {"step": 3, "epoch": 2}], "nothing is glued to it"


@pytest.mark.parametrize(
    ("scores", "best"),
    [
        ((), 0),
        ((0.0,), 1),
        ((0.1, 0.3, 0.2), 2),
        ((0.3, 0.3), 1),  # only a better one takes its place
        ((0.1, 0.2, 0.3), 3),
    ],
)
def test_best_epoch(run: Run, scores: tuple[float, ...], best: int) -> None:
    for epoch, score in enumerate(scores, 1):
        run.append("epochs", {"epoch": epoch, "val_mean_iou": score})
    assert run.best_epoch() == best


# === Checkpoints ===


def refuse(*_) -> None:
    """Answer as a file system on which a file has one name only."""
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


@pytest.mark.parametrize("links", [True, False], ids=["linked", "copied"])
def test_best_is_kept_and_older_checkpoints_go(
    run: Run, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    if not links:
        monkeypatch.setattr(os, "link", refuse)
    best_after = []
    for epoch in range(1, len(SCORES) + 1):
        train_epoch(run, epoch)
        assert [p.name for p in run.checkpoints.iterdir()] == [f"{epoch:04d}.keras"]
        assert run.last_epoch() == epoch
        best_after.append(run.best.read_bytes().decode())
    assert best_after == [f"weights {epoch}" for epoch in (1, 2, 2, 2, 5)]


@pytest.mark.parametrize(
    ("checkpointed", "recorded", "begun"),
    [(2, 2, 3), (2, 3, 3), (2, 3, 4), (2, 2, 2), (0, 0, 1), (0, 1, 1), (0, 0, 0)],
)
def test_rewind_drops_what_the_checkpoint_does_not_know(
    run: Run, checkpointed: int, recorded: int, begun: int
) -> None:
    for epoch in range(1, begun + 1):
        run.append("steps", {"step": epoch, "epoch": epoch})
    for epoch in range(1, recorded + 1):
        run.append("epochs", {"epoch": epoch, "val_mean_iou": SCORES[epoch - 1]})
    if checkpointed:
        run.checkpoint(checkpointed).write_bytes(b"weights")
    assert run.rewind() == checkpointed
    wanted = list(range(1, checkpointed + 1))
    assert [r["epoch"] for r in run.records("epochs")] == wanted
    assert [r["epoch"] for r in run.records("steps")] == wanted
    before = contents(run)
    assert run.rewind() == checkpointed and contents(run) == before, "once is enough"


def test_rewind_catches_up_on_the_best(run: Run) -> None:
    train_epoch(run, 1)
    run.append("epochs", {"epoch": 2, "val_mean_iou": 0.9})
    run.checkpoint(2).write_bytes(b"weights 2")  # killed before it was copied
    assert run.rewind() == 2
    assert run.best.read_bytes() == b"weights 2"
    assert not run.checkpoint(1).exists()


def test_orphaned_parts_are_harmless(run: Run) -> None:
    train_epoch(run, 1)
    orphans = (
        run.checkpoints / "part-0002.keras",
        run.folder / "best.keras.part",
        run.folder / "status.json.part",
        run.folder / "run.json.part",
        run.samples / "0-0002.png.part",
    )
    for path in orphans:
        path.write_bytes(b"half a fi")
    again = Run(run.folder)
    assert again.exists and again.last_epoch() == again.rewind() == 1
    assert not any(path.exists() for path in orphans), "they take room"
    assert again.status()["epoch"] == 1
    assert again.best.read_bytes() == b"weights 1"
    train_on(again)
    assert again.best.read_bytes() == b"weights 5"


# === Crashes ===


class Crash(BaseException):
    """The process is killed: nothing catches it."""


@pytest.fixture
def crash_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return a function that arms a crash at the n-th file operation from now, 0 for none."""
    left = 0

    def arm(number: int) -> None:
        nonlocal left
        left = number

    def due() -> bool:
        nonlocal left
        left -= 1
        return left == 0

    def dying(operation: Callable, half: Callable = lambda *_: None) -> Callable:
        def wrapped(*arguments, **named):
            if due():
                half(*arguments)
                raise Crash
            result = operation(*arguments, **named)
            if due():
                raise Crash
            return result

        return wrapped

    def half_a_line(run: Run, kind: str, record: dict) -> None:
        with open(run.folder / f"{kind}.jsonl", "a") as file:
            file.write('{"epoch": ')

    def half_a_file(source: Path, target: Path) -> None:
        Path(target).write_bytes(b"weig")

    monkeypatch.setattr(os, "fsync", dying(lambda _: None))
    monkeypatch.setattr(os, "replace", dying(os.replace))
    monkeypatch.setattr(os, "link", dying(os.link))
    monkeypatch.setattr(shutil, "copyfile", dying(shutil.copyfile, half_a_file))
    monkeypatch.setattr(Path, "unlink", dying(Path.unlink))
    monkeypatch.setattr(Path, "write_bytes", dying(Path.write_bytes))
    monkeypatch.setattr(Run, "append", dying(Run.append, half_a_line))
    return arm


def check_consistent(run: Run) -> None:
    """Everything with a final name is whole and agrees with the rest, after a rewind."""
    last = run.rewind()
    assert [r["epoch"] for r in run.records("epochs")] == list(range(1, last + 1))
    assert [r["step"] for r in run.records("steps")] == list(range(1, STEPS * last + 1))
    if last:
        assert run.checkpoint(last).read_text() == f"weights {last}"
        assert run.best.read_text() == f"weights {run.best_epoch()}"
    names = {p.name for p in run.checkpoints.glob("????.keras")}
    assert names == ({f"{last:04d}.keras"} if last else set())


@pytest.mark.parametrize("links", [True, False], ids=["linked", "copied"])
def test_a_crash_at_any_operation_is_recovered_from(
    tmp_path: Path,
    crash_at: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
    links: bool,
) -> None:
    if not links:
        monkeypatch.setattr(os, "link", refuse)
    undisturbed = Run(tmp_path / "undisturbed")
    undisturbed.create({})
    train_on(undisturbed)
    wanted = contents(undisturbed)
    crashes, lost = 0, []
    for number in itertools.count(1):
        run = Run(tmp_path / f"{number}")
        run.create({})
        crash_at(number)
        try:
            train_on(run)
            break  # fewer operations than that
        except Crash:
            crashes += 1
        crash_at(0)
        seen = run.last_epoch()
        run.status()  # parses, or raises
        crash_at(1 + number % 11)  # once more, in the recovery or soon after
        try:
            train_on(Run(run.folder))
        except Crash:
            pass
        crash_at(0)
        again = Run(run.folder)
        lost.append(seen - again.last_epoch())
        check_consistent(again)
        train_on(again)
        assert contents(again) == wanted, f"after a crash at operation {number}"
    assert crashes > 5 * 10, "each operation of five epochs"
    assert max(lost) <= 0, "no finished epoch is ever lost"
