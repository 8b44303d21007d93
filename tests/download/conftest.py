"""The download of a published data set, against a server on this machine."""

import contextlib
import hashlib
import http.server
import io
import random
import tarfile
import threading
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import segcore.datasets.download as module
from segcore.datasets.download import DownloadError, Source, download

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
