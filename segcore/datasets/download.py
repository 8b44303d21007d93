"""Fetch a published data set from its official address: resumed, checked, then unpacked.

Example
-------
>>> with ProgressBar() as bar:  # doctest: +SKIP
...     download("pets", Path("data/pets"), progress=bar)
"""

import contextlib
import functools
import gzip
import http.client
import shutil
import ssl
import tarfile
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import rich.progress
from rich.console import Console

from segcore.files import sha256

Progress = Callable[[str, int, int | None], None]  # what is being done, bytes done, bytes in all

TRIES = 4  # at each address
BACKOFF = 1.0  # seconds before the second try; doubled before each further one
TIMEOUT = 30.0  # seconds without a byte
CHUNK = 1 << 18
_BROKEN = (
    urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError, ssl.SSLError
)  # fmt: skip


class DownloadError(RuntimeError):
    """A data set could not be fetched; the message says why and what to do."""


@dataclass(frozen=True)
class Source:
    """One published ``.tar.gz`` archive, a part of a data set.

    Attributes
    ----------
    folder : the one top-level folder in the archive.
    urls : its addresses, tried in this order.
    sha256 : hexadecimal checksum of the archive.
    size, unpacked : bytes of the archive; bytes on disk of what it holds, rounded up.
    holds : patterns below ``folder``, each with the least number of files.
    """

    folder: str
    urls: tuple[str, ...]
    sha256: str
    size: int
    unpacked: int
    holds: Mapping[str, int]

    @property
    def file(self) -> str:
        """Name of the archive."""
        return self.urls[0].rsplit("/", 1)[-1]

    def present(self, to: Path) -> bool:
        """Whether ``to`` holds what this archive unpacks to."""
        folder = to / self.folder
        return all(len(list(folder.glob(like))) >= least for like, least in self.holds.items())


_OXFORD = ("https://thor.robots.ox.ac.uk/pets/", "https://www.robots.ox.ac.uk/~vgg/data/pets/data/")
# Sizes and SHA-256 as tensorflow_datasets lists them; list.txt names 7,349 pictures.
# The annotations come last: readers know the set by them.
SOURCES: Mapping[str, tuple[Source, ...]] = {
    "pets": (
        Source(
            folder="images",
            urls=tuple(base + "images.tar.gz" for base in _OXFORD),
            sha256="67195c5e1c01f1ab5f9b6a5d22b8c27a580d896ece458917e61d459337fa318d",
            size=791_918_971,
            unpacked=850_000_000,
            holds={"*.jpg": 7_349},
        ),
        Source(
            folder="annotations",
            urls=tuple(base + "annotations.tar.gz" for base in _OXFORD),
            sha256="52425fb6de5c424942b7626b428656fcbd798db970a937df61750c0f1d358e91",
            size=19_173_078,
            unpacked=80_000_000,
            holds={"list.txt": 1, "trainval.txt": 1, "test.txt": 1}
            | {"trimaps/*.png": 7_349, "xmls/*.xml": 3_686},
        ),
    )
}


def download(
    name: str,
    to: Path,
    sources: Mapping[str, tuple[Source, ...]] = SOURCES,
    progress: Progress | None = None,
) -> Path:
    """Fetch, check and unpack the data set ``name`` into the folder ``to``; return ``to``.

    What is there already is not fetched again. A partial download stays as ``FILE.part``,
    whatever ends the call, and the next call resumes it. A whole archive that the user put
    into ``to`` is used in place of a download, and kept.

    Raises
    ------
    DownloadError
        Unknown name, folder in the way, too little room, no address that delivers, wrong
        checksum, unsafe archive. No half-unpacked folder is left in any case.
    """
    if name not in sources:
        raise DownloadError(f"Unknown data set {name!r}; known: {', '.join(sorted(sources))}.")
    if not hasattr(tarfile, "data_filter"):
        raise DownloadError("Unpacking safely needs Python 3.11.4 or newer: please update Python.")
    report = progress or (lambda *_: None)
    missing = [source for source in sources[name] if not source.present(to)]
    try:
        to.mkdir(parents=True, exist_ok=True)
        _check_room(missing, to)
        for source in missing:
            archive, part = to / source.file, to / f"{source.file}.part"
            if not archive.exists():
                _fetch(source, part, report)
                archive = part
            _verify(source, archive)
            _unpack(source, archive, report)
            part.unlink(missing_ok=True)
    except OSError as error:
        why = error.strerror or error
        raise DownloadError(f"Cannot write to {to} ({why}): name another folder.") from error
    return to


def _by_hand(source: Source, to: Path) -> str:
    return f"put {source.file} from {source.urls[-1]} into {to} by hand and run this again"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _check_room(missing: list[Source], to: Path) -> None:
    """Refuse before anything is fetched: a folder in the way, too little disk space."""
    need = 0
    for source in missing:
        if (to / source.folder).exists():
            raise DownloadError(
                f"{to / source.folder} exists but is not the whole published set: "
                "move it away or name another folder."
            )
        have = _size(to / source.file) or _size(to / f"{source.file}.part")
        need += max(source.size - have, 0) + source.unpacked
    free = shutil.disk_usage(to).free
    if free < need:
        raise DownloadError(
            f"{to} has {free / 1e6:,.0f} MB free and {need / 1e6:,.0f} MB are needed: "
            "free some space or name a folder on another disk."
        )


def _fetch(source: Source, part: Path, progress: Progress) -> None:
    """Complete ``part`` from the first address that delivers."""
    if _size(part) > source.size:
        part.unlink()
    if _size(part) == source.size:  # an earlier call was stopped while it unpacked
        return
    failures = []
    for url in source.urls:
        for attempt in range(TRIES):
            if attempt:
                time.sleep(BACKOFF * 2 ** (attempt - 1))
            try:
                return _receive(url, source, part, progress)
            except DownloadError as error:
                why = str(error)
                break
            except urllib.error.HTTPError as error:
                why = f"answered {error.code} {error.reason}"
                error.close()
                if error.code < 500 and error.code not in (408, 429):
                    break
            except _BROKEN as error:
                why = str(getattr(error, "reason", error)) or type(error).__name__
        failures.append(f"{url} ({why})")
    raise DownloadError(
        f"Could not download {source.file} from {' nor from '.join(failures)}: run this again "
        f"later ({_size(part) / 1e6:,.1f} MB are kept), or {_by_hand(source, part.parent)}."
    )


def _receive(url: str, source: Source, part: Path, progress: Progress) -> None:
    """One request for what ``part`` lacks; raises where the answer is not all of it."""
    have = _size(part)
    headers = {"User-Agent": "segcore"} | ({"Range": f"bytes={have}-"} if have else {})
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=TIMEOUT, context=_tls()) as response:
        done = have if response.status == 206 else 0  # 200: this server ignores Range
        if response.length is not None and done + response.length != source.size:
            raise DownloadError(
                f"offers {done + response.length:,} bytes, published were {source.size:,}"
            )
        with part.open("r+b" if have else "wb") as file:
            file.truncate(done)
            file.seek(done)
            progress(f"Downloading {source.file}", done, source.size)
            while block := response.read1(min(CHUNK, source.size - done)):
                file.write(block)
                done += len(block)
                progress(f"Downloading {source.file}", done, source.size)
    if done < source.size:
        raise ConnectionError(f"connection cut at {done:,} of {source.size:,} bytes")


@functools.cache
def _tls() -> ssl.SSLContext:
    """The system's certificates and, where installed, certifi's: macOS' Python has none."""
    context = ssl.create_default_context()
    with contextlib.suppress(ImportError):
        import certifi

        context.load_verify_locations(certifi.where())
    return context


def _verify(source: Source, archive: Path) -> None:
    if (found := sha256(archive)) == source.sha256:
        return
    cure = "move it away and run this again"
    if archive.suffix == ".part":
        archive.unlink()
        cure = f"it was removed; run this again, or {_by_hand(source, archive.parent)}"
    raise DownloadError(
        f"{archive} is not the published file (SHA-256 {found}, expected {source.sha256}): {cure}."
    )


def _unpack(source: Source, archive: Path, progress: Progress) -> None:
    """Unpack beside, then move the finished folder into place in one step."""
    staging, size = archive.parent / ".unpacking", _size(archive)
    shutil.rmtree(staging, ignore_errors=True)  # of a process that was killed
    try:
        with archive.open("rb") as raw, tarfile.open(fileobj=raw, mode="r:gz") as tar:
            for member in tar:
                path = PurePosixPath(member.name)
                if path.parts[:1] != (source.folder,) or not (member.isfile() or member.isdir()):
                    raise tarfile.TarError(f"{member.name!r} does not belong in it")
                if not path.name.startswith("._"):  # litter of macOS
                    tar.extract(member, staging, filter="data")
                progress(f"Unpacking {source.file}", raw.tell(), size)
        (staging / source.folder).replace(archive.parent / source.folder)
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise DownloadError(f"{archive} was not unpacked ({error}): remove it.") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    progress(f"Unpacking {source.file}", size, size)


class ProgressBar(rich.progress.Progress):
    """A ``progress`` for the terminal, used in a ``with`` block.

    One line a step with percent, MB, rate and time left. Where the output is not a
    terminal, the lines are written once, at the end.
    """

    def __init__(self, console: Console | None = None) -> None:
        super().__init__(
            "{task.description}",
            rich.progress.BarColumn(10),
            rich.progress.TaskProgressColumn(),
            rich.progress.DownloadColumn(),
            rich.progress.TransferSpeedColumn(),
            rich.progress.TimeRemainingColumn(elapsed_when_finished=True),
            console=console or Console(stderr=True),
        )
        self._steps: dict[str, rich.progress.TaskID] = {}

    def __call__(self, step: str, done: int, total: int | None) -> None:
        """Show ``done`` of ``total`` bytes (``None``: not known) of ``step``."""
        if step not in self._steps:
            self._steps[step] = self.add_task(step, total=total, completed=done)
        self.update(self._steps[step], completed=done, total=total)
