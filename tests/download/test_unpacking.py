"""Archives are unpacked safely, and what cannot work is refused before."""

import io
import re
import shutil
import tarfile
import types
from pathlib import Path

import pytest
from rich.console import Console

from segcore.datasets.download import SOURCES, DownloadError, ProgressBar, download

from .conftest import PICTURES, Server, archive, offer, refusal, tree

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
