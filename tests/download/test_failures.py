"""Wrong answers, and servers that do not answer."""

import socket
import time
from pathlib import Path

import pytest

import segcore.datasets.download as module
from segcore.datasets.download import Source, download

from .conftest import PICTURES, Server, archive, offer, refusal, tree

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
