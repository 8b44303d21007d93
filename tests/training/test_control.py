"""`segcore.training.control`: trainings as processes that outlive whoever started them."""

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from segcore.files import write_atomically
from segcore.training.control import Control
from segcore.training.names import RunError
from segcore.training.orders import Order
from segcore.training.store import RunStore

from .conftest import begin, until

# === From start to end ===


def test_a_run_is_trained_to_the_end(control: Control) -> None:
    name = begin(control, epochs=5)
    assert control.state(name) in ("loading", "running")
    seen = set()
    until(lambda: seen.add(control.state(name)) or control.state(name) == "finished")
    assert seen <= {"loading", "running", "finished"}
    assert control.status(name).epoch == len(control.store.get(name).run.records("epochs")) == 5
    assert not control.status(name).active


def test_the_child_is_detached_lower_in_priority_and_reaped(
    control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SEGCORE_TRAINING_NICENESS")
    name = begin(control, seconds=30)
    until(lambda: control.state(name) == "running")
    process = psutil.Process(control.status(name).handle.pid)
    assert os.getsid(process.pid) == process.pid != os.getsid(0), "a session of its own"
    assert process.nice() >= 15
    root = Path(__file__).parents[2]
    assert Path(process.cwd()) == root
    assert Path(os.readlink(f"/proc/{process.pid}/fd/0")) == Path(os.devnull)
    process.kill()
    until(lambda: not psutil.pid_exists(process.pid), 5)


@pytest.mark.parametrize("niceness", [0, 19])
def test_how_far_a_training_steps_back_can_be_set(control: Control, monkeypatch, niceness) -> None:
    monkeypatch.setenv("SEGCORE_TRAINING_NICENESS", str(niceness))
    name = begin(control, seconds=30)
    until(lambda: control.state(name) == "running")
    process = psutil.Process(control.status(name).handle.pid)
    assert process.nice() == max(niceness, psutil.Process().nice())
    autogroup = Path(f"/proc/{process.pid}/autogroup")
    assert not autogroup.exists() or autogroup.read_text().split()[-1] == str(niceness)


@pytest.mark.parametrize("text", ["-1", "20", "low", ""])
def test_what_is_no_niceness_is_told(control: Control, monkeypatch, text) -> None:
    monkeypatch.setenv("SEGCORE_TRAINING_NICENESS", text)
    status = control.status(begin(control, seconds=0))
    assert status.state == "failed"
    assert "accepted are whole numbers from 0 to 19" in status.message


def test_stop_and_resume(control: Control) -> None:
    name = begin(control, seconds=30, slow=0.5)
    until(lambda: control.state(name) == "running")
    control.stop(name)
    assert control.state(name) == "stopping"
    until(lambda: control.state(name) == "stopped")
    epochs = control.status(name).epoch
    assert epochs > 0
    control.resume(name)
    until(lambda: control.state(name) == "running")
    until(lambda: control.status(name).epoch > epochs)
    with pytest.raises(RunError, match="trains already"):
        control.resume(name)
    control.stop(name, force=True)
    until(lambda: control.state(name) == "stopped")
    numbers = [r["epoch"] for r in control.store.get(name).run.records("epochs")]
    assert numbers == list(range(1, len(numbers) + 1))


def test_stopped_before_its_first_status(control: Control) -> None:
    name = begin(control, seconds=30)
    control.stop(name)
    until(lambda: control.state(name) == "stopped")
    control.resume(name)
    until(lambda: control.state(name) == "running")


def test_force_ends_the_children_too(control: Control) -> None:
    name = begin(control, seconds=60, children=2)
    process = psutil.Process(control.status(name).handle.pid)
    until(lambda: len(process.children()) == 2)
    family = [process, *process.children()]
    control.stop(name, force=True)
    until(lambda: not any(p.is_running() for p in family))


def test_figures_of_the_process_and_its_children(control: Control) -> None:
    name = begin(control, seconds=60, children=1)
    until(lambda: (f := control.figures(name)) and f.cpu > 20)
    alone = psutil.Process(control.status(name).handle.pid).memory_info().rss / 1e6
    assert control.figures(name).memory > alone + 3
    control.stop(name, force=True)
    until(lambda: control.figures(name) is None)


# === What goes wrong ===


def test_a_failure_says_why(control: Control) -> None:
    name = begin(control, fail="The loss is nan.")
    until(lambda: not control.status(name).active)
    assert (control.state(name), control.status(name).message) == ("failed", "The loss is nan.")


def test_a_failure_before_the_first_status_says_why(control: Control) -> None:
    name = begin(control, mute="true")
    until(lambda: not control.status(name).active)
    assert control.state(name) == "failed"
    assert control.status(name).message == "There is no recipe 'mute'."


def test_a_program_that_is_not_there(store: RunStore) -> None:
    control = Control(store, ["/no/such/program"])
    name = begin(control)
    assert control.state(name) == "failed"
    assert "could not be started" in control.status(name).message
    assert control.queue() == []


@pytest.mark.parametrize("unwritable", ["request.json", "waiting.json", "lock"])
def test_a_start_that_fails_leaves_no_empty_run(
    control: Control, monkeypatch: pytest.MonkeyPatch, unwritable: str
) -> None:
    other = begin(control, "Other", seconds=60)
    name = control.store.create("Empty")

    def write(path: Path, *data: bytes, **how: bool) -> None:
        if path.name == unwritable:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write_atomically(path, *data, **how)

    monkeypatch.setattr("segcore.training.store.write_atomically", write)
    if unwritable == "lock":
        monkeypatch.setattr("segcore.training.store.LOCK_SECONDS", 0.1)
        monkeypatch.setattr("segcore.training.store.lock", lambda _: None)
    with pytest.raises(RunError, match="The disk is full|in use by another session"):
        control.start(name, Order("tiny"))
    assert [entry.name for entry in control.store.list()] == [other]
    with pytest.raises(RunError):
        control.start(other, Order("tiny"))
    assert other in control.store, "it is not empty"


def test_a_killed_training_is_an_orphan_and_goes_on(control: Control) -> None:
    name = begin(control, seconds=30)
    until(lambda: control.state(name) == "running")
    os.kill(control.status(name).handle.pid, signal.SIGKILL)
    until(lambda: control.state(name) != "running")
    assert control.state(name) == "orphaned"
    assert control.figures(name) is None
    with pytest.raises(RunError, match="does not train"):
        control.stop(name)
    control.resume(name)
    until(lambda: control.state(name) == "running")


def test_another_process_with_the_number_is_not_taken_for_the_training(control: Control) -> None:
    name = control.store.create("Old")
    run = control.store.get(name).run
    run.create({"recipe": {}, "data": []})
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    started = psutil.Process(bystander.pid).create_time()
    try:
        run.write_status(state="running", pid=bystander.pid, started=started - 60, time=1.0)
        assert control.state(name) == "orphaned"
        with pytest.raises(RunError, match="does not train"):
            control.stop(name, force=True)
        assert bystander.poll() is None
        run.write_status(state="running", pid=bystander.pid, started=started, time=1.0)
        assert control.state(name) == "running", "with its own start time it is"
    finally:
        bystander.kill()
        bystander.wait()
    assert control.state(name) == "orphaned"


def test_a_held_lock_means_that_somebody_trains(control: Control) -> None:
    name = control.store.create("Elsewhere")
    run = control.store.get(name).run
    run.create({"recipe": {}, "data": []})
    run.write_status(state="running", pid=2**30, started=1.0, time=1.0, epoch=3, step=4)
    with run.own():
        assert control.state(name) == "running"
        with pytest.raises(RunError, match="cannot be seen"):
            control.stop(name)
        with pytest.raises(RunError, match="still at work"):
            control.store.delete(name)
        with pytest.raises(RunError, match="trains already"):
            control.resume(name)
    run.write_status(state="running", pid=2**30, started=1.0, time=2.0, epoch=3, step=4)
    assert control.state(name) == "orphaned"
    control.store.delete(name)
    assert name not in control.store


def test_a_running_training_is_not_deleted(control: Control) -> None:
    name = begin(control, seconds=30)
    with pytest.raises(RunError, match="stop it before"):
        control.store.delete(name)
    until(lambda: control.state(name) == "running")
    with pytest.raises(RunError, match="stop it before"):
        control.store.delete(name)
    control.store.rename(name, "Renamed while it trains")
    assert control.store.get(name).title == "Renamed while it trains"


def test_damaged_files(control: Control) -> None:
    name = begin(control, seconds=30)
    until(lambda: control.state(name) == "running")
    folder = control.store.folder(name)
    for damage in (b"{", b"[1]", b'{"pid": "1"}', b"\xff", b"[" * 100_000):
        (folder / "process.json").write_bytes(damage)
        assert control.state(name) == "running"
    control.stop(name, force=True)
    until(lambda: control.state(name) == "stopped")
    for damage in (b"{", b"[1]", b"\xff"):
        (folder / "status.json").write_bytes(damage)
        assert control.state(name) == "failed"
        assert "status.json of a-run is damaged" in control.status(name).message
    for status in ({"state": 3}, {"state": "running", "pid": -1, "epoch": "x", "time": []}):
        (folder / "status.json").write_text(json.dumps(status))
        assert control.state(name) in ("stopped", "orphaned")


def test_settings_cannot_pass_for_options(control: Control) -> None:
    words = Order("--resume", {"a b": "--x=1"}, data=("--init=/etc",)).words("/runs/x")
    assert words == [
        "train",
        "--recipe=--resume",
        "--data=--init=/etc",
        "--run=/runs/x",
        "--set=a b=--x=1",
    ]
    assert "'--set=a b=--x=1'" in Order("r", {"a b": "--x=1"}).command("x")
    name = begin(control, **{"seconds": 0, "note": "nul\0"})
    assert control.state(name) == "failed"


def test_the_order_of_a_run_from_the_command_line(store: RunStore) -> None:
    name = store.create("By hand")
    recipe = {
        "name": "pets",
        "batch": 4,
        "options": {"dropout": 0.1},
        "normalisation": {"mean": 0, "std": 1},
        "augmentation": None,
    }
    store.get(name).run.create({"recipe": recipe, "data": ["/data"], "init": None})
    assert Order.of(store.get(name)) == Order(
        "pets", {"batch": 4, "options.dropout": 0.1, "augmentation": "none"}, ("/data",)
    )
    given = Order("lecture-32x25", {"epochs": 2}, ("synthetic",), watch=("kitten",))
    store.write(name, "request.json", given.to_dict())
    assert Order.of(store.get(name)) == given
    store.write(name, "request.json", {"recipe": json.loads("3")})
    with pytest.raises(RunError, match="request.json is damaged"):
        Order.of(store.get(name))
