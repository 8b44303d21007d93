"""The queue of `segcore.training.control`: in order, never more at once, and on the disk."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from segcore.training.control import Control
from segcore.training.names import RunError
from segcore.training.orders import Order
from segcore.training.store import RunStore

from .conftest import FAKE, begin, until

SERVER = """
import json, sys, time
from pathlib import Path
from segcore.training.control import Control
from segcore.training.store import RunStore

control = Control(RunStore(sys.argv[1]), json.loads(sys.argv[2]), at_once=1)
names = []
while not Path(sys.argv[1], "go").exists():
    pass
end = time.monotonic() + 60
while time.monotonic() < end and control.queue():
    names += control.advance()
    time.sleep(0.001)
print(json.dumps(names))
"""

DYING_SERVER = """
import json, os, sys
from segcore.training import control, processes
from segcore.training.store import RunStore

owner, method = sys.argv[3].split(".")
setattr(getattr(control, owner), method, lambda *_, **__: os._exit(9))
control.Control(RunStore(sys.argv[1]), json.loads(sys.argv[2]), at_once=1).advance()
"""


def times(control: Control, name: str) -> tuple[float, float]:
    """Return when a run was begun and when it ended, by its own files."""
    entry = control.store.get(name)
    return entry.settings["created"], entry.status["time"]


def test_one_at_a_time_in_order_without_anyone_looking(control: Control) -> None:
    names = [begin(control, title, seconds=0.2) for title in ("C", "A", "B")]
    assert control.queue() == ["a", "b"] and control.state("b") == "waiting"
    assert [control.status(name).place for name in names] == [0, 1, 2]
    until(lambda: all((control.store.folder(n) / "run.json").is_file() for n in names))
    until(lambda: not any(control.status(name).active for name in names))
    assert {control.state(name) for name in names} == {"finished"}
    ends = [times(control, name) for name in names]
    for (_, end), (begin_of_next, _) in zip(ends, ends[1:], strict=False):
        assert end <= begin_of_next


def test_two_at_once(store: RunStore, control: Control) -> None:
    both = Control(store, FAKE, at_once=2)
    names = [begin(both, title, seconds=30) for title in ("A", "B", "C")]
    assert [both.state(name) for name in names] == ["loading", "loading", "waiting"]


def test_a_waiting_run_can_be_taken_off_and_put_back(control: Control) -> None:
    first, second = begin(control, "A", seconds=30), begin(control, "B", seconds=30)
    with pytest.raises(RunError, match="waits for its turn"):
        control.start(second, Order("tiny"))
    control.stop(second)
    assert (control.state(second), control.queue()) == ("stopped", [])
    control.resume(second)
    assert control.state(second) == "waiting"
    control.store.rename(second, "Later")
    third = begin(control, "C")
    control.store.delete(second)
    assert control.queue() == [third]
    control.stop(first)
    until(lambda: control.state(third) == "finished")


def test_a_new_server_knows_the_queue(store: RunStore, control: Control) -> None:
    first, second = begin(control, "A", seconds=30), begin(control, "B", seconds=0)
    until(lambda: control.state(first) == "running")
    restarted = Control(RunStore(store.root), FAKE, at_once=1)
    assert [restarted.state(name) for name in (first, second)] == ["running", "waiting"]
    restarted.stop(first)
    until(lambda: restarted.advance() or restarted.state(second) == "finished")
    until(lambda: restarted.state(second) == "finished")


def test_two_servers_at_the_same_moment(store: RunStore, control: Control) -> None:
    names = [store.create(f"Run {i}") for i in range(6)]
    for since, name in enumerate(names):
        store.write(name, "request.json", Order("tiny", {"seconds": 0.1}).to_dict())
        store.write(name, "waiting.json", {"since": since, "resume": False})
    command = [sys.executable, "-c", SERVER, str(store.root), json.dumps(FAKE)]
    root = str(Path(__file__).parents[2])
    servers = [
        subprocess.Popen(command, cwd=root, env={**os.environ}, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    time.sleep(0.5)
    (store.root / "go").touch()
    printed = [json.loads(server.communicate(timeout=90)[0]) for server in servers]
    until(lambda: not any(control.status(name).active for name in names))
    assert {control.state(name) for name in names} == {"finished"}
    assert [name for name in sum(printed, []) if name not in names] == []
    assert len(sum(printed, [])) == len(set(sum(printed, []))), "none was started twice"
    ends = [times(control, name) for name in names]
    for (_, end), (begin_of_next, _) in zip(ends, ends[1:], strict=False):
        assert end <= begin_of_next, "never two at once, and in order"
    logs = [(store.folder(name) / "log.txt").read_text() for name in names]
    assert logs == [""] * len(names)


@pytest.mark.parametrize("moment", ["processes.spawn", "Control._leave_queue"])
def test_a_server_that_dies_while_it_starts_a_run(
    store: RunStore,
    control: Control,
    moment: str,
) -> None:
    name = store.create("A")
    store.write(name, "request.json", Order("tiny", {"seconds": 0.1}).to_dict())
    store.write(name, "waiting.json", {"since": 1, "resume": False})
    command = [sys.executable, "-c", DYING_SERVER, str(store.root), json.dumps(FAKE), moment]
    assert subprocess.run(command, cwd=Path(__file__).parents[2]).returncode == 9
    assert control.queue() == ([name] if moment == "processes.spawn" else [])
    until(lambda: control.advance() or control.state(name) == "finished")
    until(lambda: control.state(name) == "finished")
    assert (store.folder(name) / "log.txt").read_text() == ""


def test_many_sessions_at_the_same_moment(store: RunStore, control: Control) -> None:
    names = [begin(control, f"Run {i}", seconds=0.05) for i in range(4)]
    started: list[str] = []

    def session() -> None:
        while control.queue():
            started.extend(control.advance())

    sessions = [threading.Thread(target=session) for _ in range(8)]
    for thread in sessions:
        thread.start()
    for thread in sessions:
        thread.join(30)
    assert len(started) == len(set(started))
    until(lambda: not any(control.status(name).active for name in names))
    assert {control.state(name) for name in names} == {"finished"}


def test_the_number_at_once_comes_from_the_environment(
    store: RunStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SEGCORE_TRAININGS", raising=False)
    assert Control(store).at_once == 1
    monkeypatch.setenv("SEGCORE_TRAININGS", "3")
    assert Control(store).at_once == 3
    monkeypatch.setenv("SEGCORE_TRAININGS", "none")
    with pytest.raises(RunError, match="accepted are whole numbers"):
        Control(store)


@pytest.mark.parametrize("damage", [b"{", b"[]", b"", b"\xff\xfe"])
def test_a_damaged_place_in_the_queue(control: Control, damage: bytes) -> None:
    name = control.store.create("A")
    (control.store.folder(name) / "waiting.json").write_bytes(damage)
    assert control.queue() == [] and control.advance() == []
    assert control.state(name) == "stopped"
    control.start(name, Order("tiny", {"seconds": 0}))
    until(lambda: control.state(name) == "finished")
