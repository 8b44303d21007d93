"""The app as a visitor meets it: a server of its own, on a free port."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.request import urlopen

import psutil

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Server:
    """A running server.

    Attributes
    ----------
    url : str
        Without a slash at its end.
    process : psutil.Process
    began : float
        `time.perf_counter` when the process was started.
    health : float
        Seconds from then until it called itself healthy.
    """

    url: str
    process: psutil.Process
    began: float
    health: float
    _output: IO[bytes] = field(repr=False)

    def output(self) -> str:
        """Return what the server has printed so far."""
        return _text(self._output)

    def memory(self) -> float:
        """Return the resident memory in MB (2**20 bytes), child processes included."""
        family = [self.process, *self.process.children(recursive=True)]
        return sum(process.memory_info().rss for process in family) / 2**20

    def peak_memory(self) -> float:
        """Return the most resident memory so far in MB, NaN where the system keeps no record."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text("ascii")
        except OSError:
            return float("nan")
        return next(int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line) / 1024


@contextlib.contextmanager
def serve(
    script: str = "app.py", *, env: Mapping[str, str] | None = None, timeout: float = 60
) -> Iterator[Server]:
    """Run ``streamlit run app.py`` as the README says; yield it healthy, end it afterwards.

    Python keeps what it compiled, as it does for users unless told otherwise.

    Raises
    ------
    RuntimeError
        If it ends by itself or is not healthy in time; the message holds what it printed.
    """
    port = _free_port()
    command = [sys.executable, "-m", "streamlit", "run", script]
    command += ["--server.headless=true", "--server.address=127.0.0.1", f"--server.port={port}"]
    with tempfile.TemporaryFile() as output:
        began = time.perf_counter()
        child = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "", **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            while not _healthy(url):
                if child.poll() is not None:
                    raise RuntimeError(f"The server ended by itself:\n{_text(output)}")
                if time.perf_counter() - began > timeout:
                    raise RuntimeError(f"No server after {timeout:.0f} s:\n{_text(output)}")
                time.sleep(0.02)
            health = time.perf_counter() - began
            yield Server(url, psutil.Process(child.pid), began, health, output)
        finally:
            child.terminate()
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _healthy(url: str) -> bool:
    try:
        with urlopen(f"{url}/_stcore/health", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def _text(output: IO[bytes]) -> str:
    return os.pread(output.fileno(), os.fstat(output.fileno()).st_size, 0).decode(errors="replace")
