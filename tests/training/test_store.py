"""`segcore.training.store`: the runs folder, its damaged runs and its hostile names."""

import errno
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from segcore.training import store as module
from segcore.training.names import LONGEST, RunError, check_name
from segcore.training.store import RunStore

HOSTILE = {
    "parent": "../x",
    "parent of a run": "good/../../x",
    "the root itself": ".",
    "its parent": "..",
    "absolute": "/etc",
    "backslashes": "..\\x",
    "a drive": "C:x",
    "long": "x" * 300,
    "line break": "a\nb",
    "tab": "a\tb",
    "escape": "\x1b[31m",
    "nul": "a\0b",
    "right to left": "a\u202eb",
    "half a character": "a\ud800b",
    "empty": "",
    "spaces": "   ",
    "hidden": ".trash-1",
    "dot at the end": "a.",
    "device": "nul",
    "device with an end": "COM1.txt",
    "question": "a?b",
}


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder beside the runs that looks like a run; nothing may come of it, or to it."""
    folder = tmp_path / "outside"
    (folder / "samples").mkdir(parents=True)
    (folder / "run.json").write_text('{"recipe": {"secret": 1}, "data": []}')
    (folder / "about.json").write_text('{"title": "secret"}')
    (folder / "samples" / "0.png").write_bytes(b"secret")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def one_sentence(error: pytest.ExceptionInfo[RunError]) -> bool:
    text = str(error.value)
    return text.isprintable() and 20 < len(text) < 200 and text.endswith(".")


# === Names ===


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize(
    "use",
    [
        lambda store, name: store.create(name),
        lambda store, name: store.get(name),
        lambda store, name: store.folder(name),
        lambda store, name: store.file(name, "run.json"),
        lambda store, name: store.rename("good", name),
        lambda store, name: store.rename(name, "good"),
        lambda store, name: store.set_notes(name, "x"),
        lambda store, name: store.write(name, "about.json", {}),
        lambda store, name: store.delete(name),
    ],
    ids=["create", "get", "folder", "file", "rename to", "rename", "notes", "write", "delete"],
)
def test_hostile_names_end_in_one_sentence(
    store: RunStore, outside: Path, tmp_path: Path, name: str, use: Callable
) -> None:
    store.create("Good")
    before = contents(tmp_path)
    with pytest.raises(RunError) as error:
        use(store, name)
    assert one_sentence(error)
    after = contents(tmp_path)
    after.pop(str(store.root / ".lock"), None)
    assert after == before, "nothing was made, changed or deleted"
    assert name not in store


def test_names_that_are_fine() -> None:
    for name in ("a", "Lecture, 32 x 25", "größer · 64²", "運転", "a.b", "x" * LONGEST):
        assert check_name(name) == name
    assert check_name("  around ") == "around"


def test_titles_become_unique_folders(store: RunStore) -> None:
    titles = ("Lecture 32×25", "Lecture 32×25", "lecture-32-25", "運転", "運転")
    names = [store.create(title) for title in titles]
    assert names == ["lecture-32-25", "lecture-32-25-2", "lecture-32-25-3", "run", "run-2"]
    assert [store.get(name).title for name in names] == list(titles)


# === Links ===


def test_a_linked_run_is_shown_but_never_followed(store: RunStore, outside: Path) -> None:
    store.root.mkdir()
    (store.root / "link").symlink_to(outside, target_is_directory=True)
    (entry,) = store.list()
    assert entry.name == entry.title == "link" and "is a link" in entry.problem
    assert (entry.settings, entry.status) == ({}, {}) and "secret" not in str(entry)
    before = contents(outside)
    for use in (store.get, store.folder, store.delete, lambda n: store.set_notes(n, "x")):
        with pytest.raises(RunError, match="is a link"):
            use("link")
    assert contents(outside) == before


def test_links_in_a_run_are_not_followed(store: RunStore, outside: Path) -> None:
    name = store.create("Good")
    folder = store.folder(name)
    (folder / "run.json").symlink_to(outside / "run.json")
    (folder / "samples").symlink_to(outside / "samples", target_is_directory=True)
    entry = store.get(name)
    assert "is a link" in entry.problem and "secret" not in str(entry)
    for parts in (("samples", "0.png"), ("run.json",), ("..", "..", "outside", "run.json")):
        with pytest.raises(RunError) as error:
            store.file(name, *parts)
        assert one_sentence(error)
    before = contents(outside)
    for file in ("about.json", "about.json.part"):
        (folder / file).unlink(missing_ok=True)
        (folder / file).symlink_to(outside / "about.json")
        with pytest.raises(RunError, match="is a link"):
            store.write(name, "about.json", {"title": "mine"})
        (folder / file).unlink()
    store.delete(name)
    assert contents(outside) == before, "the links went, not what they point to"


@pytest.mark.parametrize(
    "parts",
    [
        ("samples", "../../other/run.json"),
        ("samples", "/etc/passwd"),
        ("/etc/passwd",),
        ("samples", ".."),
        ("..",),
        (".",),
        (),
        ("samples\0",),
        ("samples", "x" * 300),
        ("a\n",),
    ],
)
def test_crafted_file_names(store: RunStore, parts: tuple[str, ...]) -> None:
    store.create("Other")
    (store.folder("other") / "run.json").write_text("{}")
    (store.folder(store.create("Good")) / "samples").mkdir()
    with pytest.raises(RunError) as error:
        store.file("good", *parts)
    assert one_sentence(error)


def test_a_file_of_a_run(store: RunStore) -> None:
    samples = store.folder(store.create("Good")) / "samples"
    samples.mkdir()
    (samples / "0-0001.png").write_bytes(b"picture")
    assert store.file("good", "samples", "0-0001.png").read_bytes() == b"picture"


# === The list ===


def test_newest_first(store: RunStore) -> None:
    assert store.list() == []
    for created, name in ((5, "a"), (9, "b"), (7, "c")):
        store.create(name)
        settings = {"recipe": {"batch": 1}, "data": ["synthetic"], "created": created}
        store.get(name).run.create(settings)
    (store.root / "note.txt").write_text("no run")
    (store.root / ".hidden").mkdir()
    assert [entry.name for entry in store.list()] == ["b", "c", "a"]
    assert store.get("a").settings["recipe"] == {"batch": 1}
    assert not any(entry.problem for entry in store.list())


@pytest.mark.parametrize(
    ("file", "content", "problem"),
    [
        ("run.json", b"", "run.json of bad is damaged"),
        ("run.json", b'{"recipe": {}, "da', "run.json of bad is damaged"),
        ("run.json", b"[]", "it holds no settings"),
        ("run.json", b'{"recipe": 3, "data": []}', "recipe or data is missing"),
        ("run.json", b'{"recipe": {}}', "recipe or data is missing"),
        ("run.json", b"\xff\xfe", "no text in UTF-8"),
        ("run.json", b"[" * 100_000, "damaged: RecursionError"),
        ("run.json", b" " * 1_000_001, "1,000,001 bytes"),
        ("status.json", b"{", "status.json of bad is damaged"),
        ("about.json", b"\0\0\0", "about.json of bad is damaged"),
    ],
)
def test_a_damaged_run_says_so_and_spares_the_others(
    store: RunStore, file: str, content: bytes, problem: str
) -> None:
    for name in ("good", "bad"):
        store.get(store.create(name)).run.create({"recipe": {}, "data": []})
    (store.root / "bad" / file).write_bytes(content)
    entries = {entry.name: entry for entry in store.list()}
    assert problem in entries["bad"].problem and entries["bad"].problem.endswith(".")
    assert entries["good"].problem == ""
    store.delete("bad")
    assert [entry.name for entry in store.list()] == ["good"]


def test_folders_that_are_no_runs(store: RunStore) -> None:
    (store.root / "empty").mkdir(parents=True)
    (store.root / ("x" * 200)).mkdir()
    (store.root / "run-dir").mkdir()
    (store.root / "run-dir" / "run.json").mkdir()
    problems = {entry.name[:7]: entry.problem for entry in store.list()}
    assert "run.json is missing" in problems["empty"]
    assert "200 characters" in problems["xxxxxxx"]
    assert "run.json of run-dir is damaged" in problems["run-dir"]


def test_odd_values_in_about(store: RunStore) -> None:
    name = store.create("Good")
    store.write(name, "about.json", {"title": 3, "notes": None, "created": "yesterday"})
    entry = store.get(name)
    assert (entry.title, entry.notes) == ("good", "") and time.time() - entry.created < 60


# === Title, notes, deletion ===


def test_title_and_notes(store: RunStore) -> None:
    name = store.create("First", notes="begun")
    created = store.get(name).created
    store.rename(name, " Second ")
    store.set_notes(name, "two\nlines, é")
    entry = RunStore(store.root).get(name)
    assert (entry.name, entry.title, entry.notes) == ("first", "Second", "two\nlines, é")
    assert entry.created == created
    with pytest.raises(RunError, match="20,000 are accepted"):
        store.set_notes(name, "x" * 20_001)


def test_delete_is_whole_or_not_at_all(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    name = store.create("Good")
    (store.folder(name) / "samples").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(module.shutil, "rmtree", lambda *_, **__: None)  # killed in the middle
        store.delete(name)
        assert name not in store and store.list() == []
        assert len(list(store.root.glob(".trash-*"))) == 1
    store.create("Good")
    store.delete("good")
    assert [p.name for p in store.root.iterdir()] == [".lock"], "and what was left before"
    with pytest.raises(RunError, match="may have been deleted"):
        store.delete("good")


def test_the_folder_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEGCORE_RUNS", str(tmp_path / "elsewhere"))
    assert RunStore().root == tmp_path / "elsewhere"
    monkeypatch.delenv("SEGCORE_RUNS")
    assert RunStore().root == Path(__file__).parents[2] / "runs"


# === Full disk ===


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(
    "use",
    [
        lambda store: store.create("New"),
        lambda store: store.rename("good", "New"),
        lambda store: store.set_notes("good", "New"),
        lambda store: store.write("good", "request.json", {}),
    ],
    ids=["create", "rename", "notes", "write"],
)
def test_a_full_disk_is_one_sentence(
    store: RunStore, monkeypatch: pytest.MonkeyPatch, use: Callable
) -> None:
    store.create("Good")
    before = {k: v for k, v in contents(store.root).items() if not k.endswith(".lock")}
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match="The disk is full: .* delete runs") as error:
        use(store)
    assert one_sentence(error)
    after = contents(store.root)
    assert {k: after[k] for k in before} == before, "what was there is still there"
    assert [entry.name for entry in store.list()] == ["good"]
    store.delete("good")
    assert store.list() == [], "deleting works, for it makes room"


def test_another_reason_not_to_write(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(RunError, match=r"could not be written \(Permission denied\)"):
        store.create("New")


def test_files_are_parsed_once(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(20):
        name = store.create(f"Run {i}")
        store.get(name).run.create({"recipe": {}, "data": []})
    store.list()
    loads = json.loads
    monkeypatch.setattr(json, "loads", lambda *_, **__: pytest.fail("parsed again"))
    assert len(store.list()) == 20
    monkeypatch.setattr(json, "loads", loads)
    store.get(name).run.create({"recipe": {}, "data": ["new"]})
    assert store.get(name).settings["data"] == ["new"]
