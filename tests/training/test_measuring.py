"""`segcore.training.measuring`: an estimate disturbs nobody, and leaves no process behind."""

import threading
import time
from pathlib import Path

import psutil
import pytest

from segcore.training.measuring import measure
from segcore.training.names import RunError
from segcore.training.orders import Order
from segcore.training.processes import NICENESS

from .conftest import FAKE, ROOT, until


@pytest.fixture(autouse=True)
def path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def measured(tell=lambda _: None, **settings: object) -> dict:
    return measure(Order("tiny", settings, watch=("kitten",)), tell, program=FAKE)


def children() -> list[psutil.Process]:
    found = psutil.Process().children(recursive=True)
    return [p for p in found if p.status() != psutil.STATUS_ZOMBIE and FAKE[1] in p.cmdline()]


def test_it_has_the_priority_of_a_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEGCORE_TRAINING_NICENESS")
    told = measured()
    assert told["seconds"] == 3
    assert told["nice"] >= NICENESS and told["session"]
    if Path("/proc/self/autogroup").is_file():
        assert told["autogroup"].split()[-2:] == ["nice", str(NICENESS)]


def test_one_at_a_time() -> None:
    answers, waited, most = [], [], 0

    def run() -> None:
        answers.append(measured(waited.append, seconds=0.6))

    visitors = [threading.Thread(target=run) for _ in range(3)]
    for visitor in visitors:
        visitor.start()
    while any(visitor.is_alive() for visitor in visitors):
        most = max(most, len(children()))
        time.sleep(0.02)
    assert most == 1
    assert len(answers) == 3
    assert None in waited, "those who wait are told"


def test_what_ends_the_page_ends_the_measurement() -> None:
    class Rerun(BaseException):
        pass

    def tell(seconds: float | None) -> None:
        if children():
            raise Rerun

    with pytest.raises(Rerun):
        measured(tell, seconds=60)
    until(lambda: not children())
    assert measured()["seconds"] == 3, "the next one gets its turn"


def test_a_failure_is_a_sentence() -> None:
    with pytest.raises(RunError, match="^There is no loss 'hinge'.$"):
        measured(fail="There is no loss 'hinge'.")
    with pytest.raises(RunError, match="longer than 1 seconds"):
        measure(Order("tiny", {"seconds": 60}), program=FAKE, limit=1)
    until(lambda: not children())
