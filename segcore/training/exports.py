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
from typing import Any

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
    state : {"none", "running", "finished", "replaced", "failed"}
        replaced: the model of this name is another run's by now.
    model : str
        The model's name.
    message : str
        Why it failed, or whose the model is.
    weights : str
        Of a finished one, the SHA-256 of the ``best.keras`` that it was made of.
    """

    state: str
    model: str = ""
    message: str = ""
    weights: str = ""


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
        or it, or a model of that name, is being exported already.
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
        if other := _at_work_on(store, model):
            raise RunError(f"{model} is being made of {other}; wait for that, or name another.")
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
    log = inside(folder, "export.txt")
    card = (models or zoo.user_models()) / model / "card.json"
    words = processes.complaint(log)
    if words or not card.is_file() or card.stat().st_mtime < asked - 1:
        words = words or processes.last_words(log) or "It ended without a word."
        return Export("failed", model, words)
    origin = _origin(card)
    own = {"name": name, "created": store.get(name).settings.get("created")}
    if origin and {key: origin.get(key) for key in own} != own:
        whose = shorten(origin.get("name"))
        return Export("replaced", model, f"{model} was made of another run, {whose}, since then.")
    return Export("finished", model, weights=str(origin.get("sha256", "")))


def _origin(card: Path) -> dict[str, Any]:
    """Return which run a model is from, as its card says; older cards do not."""
    try:
        origin = read_json(card.parent.resolve(), card.name)["training"]["run"]
    except (RunError, KeyError, TypeError):
        return {}
    return origin if isinstance(origin, dict) else {}


def _at_work_on(store: RunStore, model: str) -> str:
    """Return the name of the run of which a model is being made, nothing if there is none."""
    for entry in store.list():
        try:
            if exporter(entry.folder) and read_json(entry.folder, "export.json")["model"] == model:
                return entry.name
        except (RunError, KeyError):
            continue
    return ""
