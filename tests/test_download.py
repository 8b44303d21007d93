"""The download of a published data set, against a server on this machine."""

import contextlib
import hashlib
import http.server
import io
import random
import re
import shutil
import socket
import tarfile
import threading
import time
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from rich.console import Console

import segcore.datasets.download as module
from segcore.datasets.download import SOURCES, DownloadError, ProgressBar, Source, download

PICTURES = {
    f"images/{name}.jpg": random.Random(name).randbytes(150_000) for name in ("cat", "dog", "fox")
}
LISTS = {"annotations/list.txt": b"cat 1 1 1\n", "annotations/trimaps/cat.png": b"png"}


@dataclass
class Server:
    """What the server has, how it misbehaves, and what it was asked."""

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)  # path -> path
    ranges: bool = True  # honour Range
    cuts: list[int] = field(default_factory=list)  # bytes before each next answer breaks off
    statuses: list[int] = field(default_factory=list)  # refusals before the first real answer
    log: list[tuple[str, str | None, int]] = field(default_factory=list)  # path, Range, bytes sent


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, wanted = self.path.lstrip("/"), self.headers["Range"]
            body = state.files.get(path)
            status = state.statuses.pop(0) if state.statuses else 404 if body is None else 200
            if path in state.moved:
                state.log.append((path, wanted, 0))
                self.send_response(301)
                self.send_header("Location", state.url + state.moved[path])
                self.end_headers()
                return
            if status != 200 or body is None:
                state.log.append((path, wanted, 0))
                self.send_error(status)
                return
            first = 0
            if wanted and state.ranges:
                status, first = 206, int(wanted.removeprefix("bytes=").removesuffix("-"))
            sent = body[first:]
            cut = state.cuts.pop(0) if state.cuts else len(sent)
            state.log.append((path, wanted, len(sent[:cut])))  # first: the client may be quick
            self.send_response(status)
            self.send_header("Content-Length", str(len(sent)))
            if status == 206:
                self.send_header("Content-Range", f"bytes {first}-{len(body) - 1}/{len(body)}")
            self.end_headers()
            with contextlib.suppress(ConnectionError):  # a client that has seen enough
                self.wfile.write(sent[:cut])

        def log_message(self, *_: object) -> None:
            pass

    monkeypatch.setenv("no_proxy", "*")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        state = Server(f"http://127.0.0.1:{httpd.server_port}/")
        thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
        thread.start()
        yield state
        httpd.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds the code under test wanted to wait; it does not."""
    waited: list[float] = []
    monkeypatch.setattr(module, "time", types.SimpleNamespace(sleep=waited.append))
    return waited


def archive(files: dict[str, bytes], *more: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for member in more:
            tar.addfile(member)
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def offer(server: Server, content: bytes, *mirrors: str, folder: str = "images") -> Source:
    """Publish an archive on the server and describe it."""
    server.files[f"{folder}.tar.gz"] = content
    return Source(
        folder=folder,
        urls=(*mirrors, f"{server.url}{folder}.tar.gz"),
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        unpacked=len(content),
        holds={"*.jpg": 3} if folder == "images" else {"list.txt": 1, "trimaps/*.png": 1},
    )


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() or path.is_symlink()
    }


def refusal(source: Source, to: Path) -> str:
    """Message of the failure, which is one sentence of one line."""
    with pytest.raises(DownloadError) as caught:
        download("pets", to, {"pets": (source,)})
    message = str(caught.value)
    assert message.endswith(".") and "\n" not in message and ". " not in message
    return message


# === It arrives ===


def test_downloads_and_unpacks_each_archive(server: Server, tmp_path: Path) -> None:
    litter = {"annotations/trimaps/._cat.png": b"macOS"}
    sources = (
        offer(server, archive(PICTURES)),
        offer(server, archive(LISTS | litter), folder="annotations"),
    )
    to = tmp_path / "new" / "pets"
    assert download("pets", to, {"pets": sources}) == to
    assert tree(to) == PICTURES | LISTS  # and so neither archive, .part nor litter
    assert [path for path, *_ in server.log] == ["images.tar.gz", "annotations.tar.gz"]


def test_progress_rises_to_the_end(server: Server, tmp_path: Path) -> None:
    source = offer(server, archive(PICTURES))
    server.cuts = [200_000]
    calls: list[tuple[str, int, int | None]] = []
    download("pets", tmp_path, {"pets": (source,)}, lambda *call: calls.append(call))
    steps = ["Downloading images.tar.gz", "Unpacking images.tar.gz"]
    assert list(dict.fromkeys(step for step, *_ in calls)) == steps
    for step in steps:
        done = [done for name, done, _ in calls if name == step]
        assert len(done) > 3 and done == sorted(done) and done[-1] == source.size
    assert calls[0][1] == 0 and {total for *_, total in calls} == {source.size}


def test_second_call_fetches_nothing(server: Server, tmp_path: Path) -> None:
    source = offer(server, archive(PICTURES))
    download("pets", tmp_path, {"pets": (source,)})
    asked = len(server.log)
    download("pets", tmp_path, {"pets": (source,)})
    assert (asked, len(server.log)) == (1, 1)


def test_archive_put_there_by_hand_is_used_and_kept(server: Server, tmp_path: Path) -> None:
    source = offer(server, archive(PICTURES))
    by_hand = tmp_path / source.file
    by_hand.write_bytes(server.files[source.file])
    download("pets", tmp_path, {"pets": (source,)})
    assert server.log == []
    assert tree(tmp_path) == PICTURES | {source.file: server.files[source.file]}


# === It resumes ===


def test_cut_connection_is_resumed(server: Server, tmp_path: Path, pauses: list[float]) -> None:
    source = offer(server, archive(PICTURES))
    server.cuts = [200_000]
    download("pets", tmp_path, {"pets": (source,)})
    assert server.log == [
        (source.file, None, 200_000),
        (source.file, "bytes=200000-", source.size - 200_000),
    ]
    assert tree(tmp_path) == PICTURES and pauses == [1]


def test_interrupted_download_is_resumed_by_the_next_call(server: Server, tmp_path: Path) -> None:
    source = offer(server, archive(PICTURES))

    def ctrl_c(step: str, done: int, total: int | None) -> None:
        if done > 100_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download("pets", tmp_path, {"pets": (source,)}, ctrl_c)
    kept = (tmp_path / "images.tar.gz.part").stat().st_size
    assert 100_000 < kept < source.size
    download("pets", tmp_path, {"pets": (source,)})
    assert server.log[1:] == [(source.file, f"bytes={kept}-", source.size - kept)]
    assert tree(tmp_path) == PICTURES


def test_server_that_ignores_range_starts_over(server: Server, tmp_path: Path) -> None:
    source = offer(server, archive(PICTURES))
    server.ranges, server.cuts = False, [200_000]
    download("pets", tmp_path, {"pets": (source,)})
    assert server.log[1:] == [(source.file, "bytes=200000-", source.size)]
    assert tree(tmp_path) == PICTURES


def test_server_that_ignores_range_forgets_the_old_part(server: Server, tmp_path: Path) -> None:
    source = offer(server, archive(PICTURES))
    server.ranges, server.cuts = False, [200_000, 50_000]
    download("pets", tmp_path, {"pets": (source,)})
    assert [wanted for _, wanted, _ in server.log] == [None, "bytes=200000-", "bytes=50000-"]
    assert tree(tmp_path) == PICTURES


def test_redirect_keeps_the_range(server: Server, tmp_path: Path) -> None:
    source = offer(server, archive(PICTURES), f"{server.url}old/images.tar.gz")
    server.moved = {"old/images.tar.gz": source.file}
    (tmp_path / "images.tar.gz.part").write_bytes(server.files[source.file][:5000])
    download("pets", tmp_path, {"pets": (source,)})
    assert server.log[1:] == [(source.file, "bytes=5000-", source.size - 5000)]
    assert tree(tmp_path) == PICTURES


def test_endless_cuts_end_with_what_came_kept(server: Server, tmp_path: Path) -> None:
    source = offer(server, archive(PICTURES))
    server.cuts = [1000] * 9
    message = refusal(source, tmp_path)
    assert f"connection cut at 4,000 of {source.size:,} bytes" in message
    assert len(server.log) == module.TRIES
    assert (tmp_path / "images.tar.gz.part").stat().st_size == 4000


# === It checks ===


def test_wrong_checksum_is_refused_and_removed(server: Server, tmp_path: Path) -> None:
    source = offer(server, archive(PICTURES))
    published = server.files[source.file]
    server.files[source.file] = published[:-1] + bytes([published[-1] ^ 1])
    message = refusal(source, tmp_path)
    assert source.sha256 in message and source.urls[0] in message
    assert tree(tmp_path) == {}
    server.files[source.file] = published
    download("pets", tmp_path, {"pets": (source,)})
    assert tree(tmp_path) == PICTURES


def test_part_of_another_file_is_refused_and_removed(server: Server, tmp_path: Path) -> None:
    source = offer(server, archive(PICTURES))
    (tmp_path / "images.tar.gz.part").write_bytes(b"of an older one")
    assert "not the published file" in refusal(source, tmp_path)
    assert server.log[0][1] == "bytes=15-" and tree(tmp_path) == {}


def test_part_longer_than_the_file_is_fetched_anew(server: Server, tmp_path: Path) -> None:
    source = offer(server, archive(PICTURES))
    (tmp_path / "images.tar.gz.part").write_bytes(server.files[source.file] + b"more")
    download("pets", tmp_path, {"pets": (source,)})
    assert server.log == [(source.file, None, source.size)] and tree(tmp_path) == PICTURES


def test_answer_of_another_size_is_not_written(server: Server, tmp_path: Path) -> None:
    source = offer(server, archive(PICTURES))
    part = server.files[source.file][:5000]
    (tmp_path / "images.tar.gz.part").write_bytes(part)
    server.files[source.file], server.ranges = b"<html>Please log in</html>", False
    assert f"offers 26 bytes, published were {source.size:,}" in refusal(source, tmp_path)
    assert tree(tmp_path) == {"images.tar.gz.part": part} and len(server.log) == 1


def test_wrong_archive_put_there_by_hand_is_refused_and_kept(
    server: Server, tmp_path: Path
) -> None:
    source = offer(server, archive(PICTURES))
    (tmp_path / source.file).write_bytes(b"half a file")
    assert "move it away" in refusal(source, tmp_path)
    assert tree(tmp_path) == {source.file: b"half a file"} and server.log == []


# === It cannot reach the server ===


def test_404_is_final_and_names_the_address(
    server: Server, tmp_path: Path, pauses: list[float]
) -> None:
    source = offer(server, archive(PICTURES))
    del server.files[source.file]
    message = refusal(source, tmp_path)
    assert f"{source.urls[0]} (answered 404 Not Found)" in message and "by hand" in message
    assert len(server.log) == 1 and pauses == []


def test_second_address_stands_in_for_the_first(server: Server, tmp_path: Path) -> None:
    source = offer(server, archive(PICTURES), f"{server.url}moved/images.tar.gz")
    download("pets", tmp_path, {"pets": (source,)})
    assert [path for path, *_ in server.log] == ["moved/images.tar.gz", "images.tar.gz"]
    assert tree(tmp_path) == PICTURES


def test_busy_server_is_asked_again(server: Server, tmp_path: Path, pauses: list[float]) -> None:
    source = offer(server, archive(PICTURES))
    server.statuses = [503, 429]
    download("pets", tmp_path, {"pets": (source,)})
    assert tree(tmp_path) == PICTURES and pauses == [1, 2]


def test_refused_connection(server: Server, tmp_path: Path, pauses: list[float]) -> None:
    source = offer(server, archive(PICTURES))
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}/images.tar.gz"
    nobody = Source("images", (url,), source.sha256, source.size, 0, source.holds)
    message = refusal(nobody, tmp_path)
    assert url in message and "refused" in message and pauses == [1, 2, 4]


def test_silent_server_times_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(module, "TIMEOUT", 0.05)
    monkeypatch.setattr(module, "TRIES", 1)
    socket.setdefaulttimeout(3)  # so that a missing time-out fails here and does not hang
    began = time.monotonic()
    try:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}/images.tar.gz"
            message = refusal(Source("images", (url,), "", 9, 0, {"*.jpg": 3}), tmp_path)
    finally:
        socket.setdefaulttimeout(None)
    assert f"{url} (timed out)" in message and time.monotonic() - began < 2.5


# === It unpacks safely ===


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


@pytest.mark.parametrize(
    ("name", "links"),
    [
        pytest.param("../evil", [], id="out of the folder"),
        pytest.param("images/../../../evil", [], id="out by a detour"),
        pytest.param("{outside}/evil", [], id="absolute"),
        pytest.param("images/out/evil", [("images/out", "{outside}")], id="through a link"),
        pytest.param("images/out/evil", [("images/out", "../../..")], id="through a relative link"),
        pytest.param("images/a.jpg", [("images/key", "{outside}/key")], id="link out"),
        pytest.param("images/a.jpg", [("images/b.jpg", "a.jpg")], id="any link"),
        pytest.param("evil", [], id="beside the expected folder"),
    ],
)
def test_hostile_archive_is_refused(
    name: str, links: list[tuple[str, str]], server: Server, tmp_path: Path
) -> None:
    to, outside = tmp_path / "a" / "to", tmp_path / "outside"
    outside.mkdir()
    (outside / "key").write_bytes(b"secret")
    members = [link(here, there.format(outside=outside)) for here, there in links]
    content = archive({name.format(outside=outside): b"evil"} | PICTURES, *members)
    source = offer(server, content)
    assert "was not unpacked" in refusal(source, to)
    assert tree(tmp_path) == {"outside/key": b"secret", "a/to/images.tar.gz.part": content}


def test_file_that_is_no_archive(server: Server, tmp_path: Path) -> None:
    source = offer(server, b"no gzip, yet the published checksum")
    assert "was not unpacked" in refusal(source, tmp_path)
    assert not (tmp_path / "images").exists()


def test_interrupted_unpacking_leaves_nothing_half(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = offer(server, archive(PICTURES))
    extract = tarfile.TarFile.extract
    seen: list[Path] = []

    def ctrl_c(self: tarfile.TarFile, member: tarfile.TarInfo, *args: object, **kw: object) -> None:
        if seen:
            raise KeyboardInterrupt
        extract(self, member, *args, **kw)  # type: ignore[arg-type]
        seen.extend(tmp_path.rglob("*.jpg"))

    with monkeypatch.context() as patch:
        patch.setattr(tarfile.TarFile, "extract", ctrl_c)
        with pytest.raises(KeyboardInterrupt):
            download("pets", tmp_path, {"pets": (source,)})
    assert len(seen) == 1 and list(tree(tmp_path)) == ["images.tar.gz.part"]

    half = tmp_path / ".unpacking" / "images" / "half.jpg"  # as a killed process leaves it
    half.parent.mkdir(parents=True)
    half.write_bytes(b"half")
    download("pets", tmp_path, {"pets": (source,)})
    assert tree(tmp_path) == PICTURES and len(server.log) == 1


# === It refuses before it fetches ===


def test_unknown_name_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"^Unknown data set 'pet'; known: birds, pets\.$"):
        download("pet", tmp_path / "to", {"pets": (), "birds": ()})
    assert not (tmp_path / "to").exists()


def test_too_little_room(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = offer(server, archive(PICTURES))
    room = source.size + source.unpacked
    usage = types.SimpleNamespace(free=room - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert "MB free" in refusal(source, tmp_path)
    assert server.log == [] and tree(tmp_path) == {}
    (tmp_path / "images.tar.gz.part").write_bytes(server.files[source.file][:1])  # one byte less
    download("pets", tmp_path, {"pets": (source,)})
    assert tree(tmp_path) == PICTURES


def test_folder_in_the_way_is_left_alone(server: Server, tmp_path: Path) -> None:
    source = offer(server, archive(PICTURES))
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "mine.jpg").write_bytes(b"mine")
    assert "is not the whole published set" in refusal(source, tmp_path)
    assert tree(tmp_path) == {"images/mine.jpg": b"mine"} and server.log == []


def test_target_that_is_a_file(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert "Cannot write to" in refusal(offer(server, archive(PICTURES)), tmp_path / "file")


def test_published_addresses_are_complete() -> None:
    assert {source.folder for source in SOURCES["pets"]} == {"images", "annotations"}
    for source in SOURCES["pets"]:
        assert re.fullmatch("[0-9a-f]{64}", source.sha256)
        assert source.file == f"{source.folder}.tar.gz"
        for url in source.urls:
            assert re.fullmatch(rf"https://\w+\.robots\.ox\.ac\.uk/.+/{source.file}", url)


# === The bar ===


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_bar(terminal: bool) -> None:
    stream = io.StringIO()
    with ProgressBar(Console(file=stream, force_terminal=terminal, width=100)) as bar:
        for done in (10_000_000, 200_000_000, 791_918_971):
            bar("Downloading images.tar.gz", done, 791_918_971)
        bar("Unpacking images.tar.gz", 1, None)
    text = stream.getvalue()
    assert "Downloading images.tar.gz" in text and "791.9/791.9 MB" in text and "100%" in text
    assert ("\r" in text) == terminal
    if not terminal:
        assert text.count("\n") == 2  # a line a step
