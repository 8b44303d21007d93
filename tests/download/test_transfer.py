"""Archives arrive, once, and a cut transfer goes on."""

from pathlib import Path

import pytest

import segcore.datasets.download as module
from segcore.datasets.download import download

from .conftest import LISTS, PICTURES, Server, archive, offer, refusal, tree

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
