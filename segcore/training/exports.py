"""Make a model of a run, in a child process, in the user's own zoo.

``export.json``  the last export: its process, the model's name, when it was begun
``export.txt``   what it printed
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from segcore.inference import zoo
from segcore.training import processes
from segcore.training.liveness import exporter, read_json
from segcore.training.names import RunError, inside, shorten
from segcore.training.processes import PROGRAM
from segcore.training.store import RunStore, writing

MODEL_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True)
class Export:
    """How the last export of a run goes.

    Attributes
    ----------
    state : {"none", "running", "finished", "failed"}
    model : str
        The model's name.
    message : str
        Why it failed.
    """

    state: str
    model: str = ""
    message: str = ""


def start_export(
    store: RunStore,
    name: str,
    model: str,
    *,
    title: str = "",
    models: Path | None = None,
    program: Sequence[str] = PROGRAM,
) -> None:
    """Export the best epoch of a run, which may still train, as a model of the user's zoo.

    A model of the same name that is there already is replaced.

    Raises
    ------
    RunError
        If the name is none or belongs to a shipped model, the run has no finished epoch,
        or it is being exported already.
    """
    if not MODEL_NAME.fullmatch(model):
        raise RunError(
            f"{shorten(model)} is no name for a model; use up to 64 small letters, digits, - and _."
        )
    if model in zoo.names(zoo.WEIGHTS):
        raise RunError(f"{model} is a model that segcore came with; choose another name.")
    models = models or zoo.user_models()
    with store.locked():
        folder = store.folder(name)
        if not (folder / "best.keras").is_file():
            raise RunError(f"{name} has no finished epoch to export; train it first.")
        inside(folder, "best.keras")
        if exporter(folder):
            raise RunError(f"{name} is being exported already; wait for that.")
        log = inside(folder, "export.txt")
        words = ["export", str(folder), f"--name={model}", f"--weights={models}"]
        words += [f"--title={title}"] if title else []
        with writing(f"export.txt of {name}"):
            log.unlink(missing_ok=True)
            models.mkdir(parents=True, exist_ok=True)
            asked = time.time()
            handle = processes.spawn([*program, *words], log)
        values = {"model": model, "asked": asked}
        try:
            store.write(name, "export.json", asdict(handle) | values)
        except RunError:
            processes.end(handle, force=True)
            raise


def export_status(store: RunStore, name: str, models: Path | None = None) -> Export:
    """Return how the last export of a run goes; told by files, so also by another server."""
    folder = store.folder(name)
    handle = exporter(folder)
    try:
        values = read_json(folder, "export.json")
        model, asked = values.get("model"), float(values.get("asked", 0))
    except (RunError, TypeError, ValueError):  # damaged: as if there had been none
        return Export("none")
    if not isinstance(model, str) or not MODEL_NAME.fullmatch(model):
        return Export("none")
    if handle:
        return Export("running", model)
    card = (models or zoo.user_models()) / model / "card.json"
    if card.is_file() and card.stat().st_mtime >= asked - 1:
        return Export("finished", model)
    words = processes.last_words(inside(folder, "export.txt"))
    return Export("failed", model, words or "It ended without a word.")
