"""What the server imports of `segcore.training` is light, and a look at many runs is cheap."""

import json
import subprocess
import sys
import time

from segcore.training.control import Control
from segcore.training.store import RunStore

from .conftest import ROOT

MODULES = (
    "control curves downloads event_files exports foreign_logs liveness logs measuring names "
    "orders permission processes store verdict"
).split()


def test_no_module_brings_tensorflow_keras_or_streamlit() -> None:
    code = f"""
import importlib, json, sys
for name in {MODULES}:
    importlib.import_module("segcore.training." + name)
print(json.dumps([m for m in ("tensorflow", "keras", "streamlit") if m in sys.modules]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == []


def test_a_look_at_a_hundred_runs_is_cheap(store: RunStore) -> None:
    control = Control(store, at_once=1)
    for i in range(100):
        run = store.get(store.create(f"Run {i}")).run
        run.create({"recipe": {"name": "x"}, "data": ["synthetic"], "created": i})
        run.write_status(state="finished", pid=2**30 + i, started=1.0, time=2.0, epoch=3)

    def look() -> float:
        began = time.thread_time()
        control.advance()
        assert {control.state(entry.name) for entry in store.list()} == {"finished"}
        return time.thread_time() - began

    look()
    assert min(look() for _ in range(5)) < 0.2
