"""`segcore.training.downloads`: CSV, ZIP and model of a run."""

import errno
import zipfile
from pathlib import Path

import numpy as np
import pytest

from segcore.training import downloads
from segcore.training.downloads import history_csv, model_file, run_zip
from segcore.training.foreign_logs import read_csv
from segcore.training.logs import read_log
from segcore.training.names import RunError
from segcore.training.store import RunStore

EPOCHS = [
    {"epoch": 1, "loss": 0.1 + 0.2, "val_loss": 1e-9, "seconds": 12.0},
    {"epoch": 2, "loss": 0.25, "seconds": 1e20},
]


@pytest.fixture
def name(store: RunStore) -> str:
    name = store.create("Run 1")
    run = store.get(name).run
    run.create({"recipe": {}, "data": []})
    run.write_status(state="stopped")
    for record in EPOCHS:
        run.append("epochs", record)
    run.best.write_bytes(b"best weights")
    run.checkpoint(2).write_bytes(b"weights")
    (run.checkpoints / "part-0003.keras").write_bytes(b"half")
    (run.samples / "0-0001.png").write_bytes(b"picture")
    (run.folder / "status.json.part").write_bytes(b"half")
    (run.folder / "log.txt").write_text("epoch 1/2\n" * 1000)
    for machine in downloads.OF_THE_MACHINE:
        (run.folder / machine).write_text("{}")
    return name


def test_csv_holds_every_digit(store: RunStore, name: str) -> None:
    log = read_log(store.folder(name))
    data = history_csv(log.epochs)
    assert data.decode().splitlines() == [
        "epoch,loss,val_loss,seconds",
        "1,0.30000000000000004,1e-09,12",
        "2,0.25,,1e+20",
    ]
    again = read_csv(data)
    for key, column in log.epochs.items():
        np.testing.assert_array_equal(again.epochs[key], column)
    assert history_csv({}) == b"\r\n"


def test_zip(store: RunStore, name: str) -> None:
    small = ["about.json", "epochs.jsonl", "log.txt", "run.json", "samples/0-0001.png"]
    small += ["status.json"]
    with run_zip(store, name) as file, zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == [f"run-1/{path}" for path in small]
        folder = store.folder(name)
        for path in small:
            assert archive.read(f"run-1/{path}") == (folder / path).read_bytes()
        info = archive.getinfo("run-1/log.txt")
        assert info.compress_size < info.file_size / 10
    with run_zip(store, name, weights=True) as file, zipfile.ZipFile(file) as archive:
        added = {"run-1/best.keras", "run-1/checkpoints/0002.keras"}
        assert set(archive.namelist()) == {f"run-1/{path}" for path in small} | added
        assert archive.read("run-1/best.keras") == b"best weights"


def test_an_unzipped_run_is_a_run(store: RunStore, name: str, tmp_path: Path) -> None:
    with run_zip(store, name) as file, zipfile.ZipFile(file) as archive:
        archive.extractall(tmp_path / "other")
    (entry,) = RunStore(tmp_path / "other").list()
    assert (entry.name, entry.title, entry.problem) == (name, "Run 1", "")


def test_a_zip_never_follows_links(store: RunStore, name: str, tmp_path: Path) -> None:
    folder, outside = store.folder(name), tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(outside / "secret.txt")
    (folder / "links").symlink_to(outside, target_is_directory=True)
    with run_zip(store, name, weights=True) as file, zipfile.ZipFile(file) as archive:
        assert not [n for n in archive.namelist() if "link" in n or "secret" in n]
    (folder / "best.keras").unlink()
    (folder / "best.keras").symlink_to(outside / "secret.txt")
    with pytest.raises(RunError, match="is a link"):
        model_file(store, name)


def test_a_file_that_goes_meanwhile(
    store: RunStore, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = downloads._files(store.folder(name))
    monkeypatch.setattr(downloads, "_files", lambda _: [*found, found[0].with_name("gone")])
    with run_zip(store, name) as file, zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None and "run-1/gone" not in archive.namelist()


def test_no_room_for_the_zip(store: RunStore, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(downloads.shutil, "copyfileobj", full)
    with pytest.raises(RunError, match="The disk is full: The ZIP file of run-1"):
        run_zip(store, name)


def test_large_archives_leave_memory(
    store: RunStore, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "IN_MEMORY", 100)
    with run_zip(store, name) as file:
        assert file._rolled  # type: ignore[attr-defined]
        assert zipfile.ZipFile(file).testzip() is None


def test_model(store: RunStore, name: str) -> None:
    assert model_file(store, name).read_bytes() == b"best weights"
    with pytest.raises(RunError, match="no finished epoch yet"):
        model_file(store, store.create("New"))
    for use in (run_zip, model_file):
        with pytest.raises(RunError):
            use(store, "../x")
