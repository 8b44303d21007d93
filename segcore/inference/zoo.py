"""The models in ``weights/``: their cards, and whether their files are what the card says."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from segcore.files import sha256, write_atomically
from segcore.normalisation import Normalisation

PROJECT = Path(__file__).parents[2]
WEIGHTS = Path(os.environ.get("SEGCORE_WEIGHTS", PROJECT / "weights"))


def user_models() -> Path:
    """Return the user's own zoo: ``SEGCORE_MODELS``, else ``models/`` in the project's folder."""
    return Path(os.environ.get("SEGCORE_MODELS") or PROJECT / "models").resolve()


TRAINING_KEYS = {"data", "terms", "recipe", "minutes", "machine"}


class ModelUnavailable(RuntimeError):
    """One sentence about a model that cannot be used, and what to do."""


@dataclass(frozen=True)
class Card:
    """A model card, ``weights/NAME/card.json``.

    Attributes
    ----------
    name, title, summary : str
        The folder's name, a name to show, one sentence about the model.
    architecture : str
    parameters : int
    side : int
        Side of the network's input, pixels: of the square, or the longest of the picture.
    keep_aspect : bool
        Whether pictures keep their proportions on the way in; otherwise they are
        stretched to a square.
    normalisation : Normalisation
    classes : list of str
        What the foreground is.
    training : dict
        Data with terms, recipe, epochs, minutes, machine.
    metrics : dict
        Figures by split, each with the number of pictures.
    files : dict
        File name to ``{"bytes": int, "sha256": str}``.
    folder : Path
    tasks : list of str
        What it can do: "binary", "semantic", "instance", "panoptic", "prompt".
    """

    name: str
    title: str
    summary: str
    architecture: str
    parameters: int
    side: int
    keep_aspect: bool
    normalisation: Normalisation
    classes: list[str]
    training: dict[str, Any]
    metrics: dict[str, Any]
    files: dict[str, dict[str, Any]]
    folder: Path = field(compare=False)
    tasks: list[str] = field(default_factory=lambda: ["binary"])

    @staticmethod
    def read(folder: Path) -> Card:
        """Read a folder's card; a `ModelUnavailable` says what is wrong with it."""
        try:
            return _parsed(folder, (folder / "card.json").stat().st_mtime_ns)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ModelUnavailable(
                f"{folder.name} is unavailable: its card.json cannot be read ({error})."
            ) from error

    @property
    def fingerprint(self) -> str:
        """Tell this model from any other, also from a later one of the same name."""
        return " ".join([self.name, *(str(file.get("sha256")) for file in self.files.values())])

    def file(self, name: str) -> Path:
        """Return the path of one of the model's files, its SHA-256 checked once.

        Raises
        ------
        ModelUnavailable
            If the file is absent or is not the one that the card describes.
        """
        path = self.folder / name
        if name not in self.files or not path.is_file():
            raise ModelUnavailable(
                f"{self.name} is unavailable: {name} is missing from its folder in weights/; "
                "fetch the repository again, or export the model."
            )
        if _sha256(path, path.stat().st_mtime_ns) != self.files[name].get("sha256"):
            raise ModelUnavailable(
                f"{self.name} is unavailable: {name} is damaged or not the file its card "
                "describes (SHA-256 differs); fetch the repository again, or export the model."
            )
        return path


@lru_cache(maxsize=64)
def _parsed(folder: Path, modified: int) -> Card:
    values = json.loads((folder / "card.json").read_text("utf-8"))
    values["normalisation"] = Normalisation(**values["normalisation"])
    if missing := TRAINING_KEYS - values["training"].keys():
        raise KeyError(f"training lacks {', '.join(sorted(missing))}")
    return Card(**values, folder=folder)


@lru_cache(maxsize=64)
def _sha256(path: Path, modified: int) -> str:
    return sha256(path)


def names(weights: Path | None = None) -> list[str]:
    """Return the names of the models that have a card, in alphabetical order.

    Without a folder: those that segcore came with, then the user's own.
    """
    return list(_folders(weights))


def names_for(task: str) -> list[str]:
    """Return the names of the models that can do a task.

    Those whose card cannot be read count as ``binary``, so that a page can say so.
    """
    return [name for name, folder in _folders(None).items() if task in _tasks(folder)]


def _tasks(folder: Path) -> list[str]:
    try:
        return Card.read(folder).tasks
    except ModelUnavailable:
        return ["binary"]


def card(name: str, weights: Path | None = None) -> Card:
    """Return a model's card by name; a `ModelUnavailable` lists the names there are."""
    known = _folders(weights)
    if name not in known:
        raise ModelUnavailable(
            f"There is no model {name!r}; there are {', '.join(known) or 'none yet'}."
        )
    return Card.read(known[name])


def _folders(weights: Path | None) -> dict[str, Path]:
    """Return the folders of models by name; one that segcore came with hides a user's."""
    found: dict[str, Path] = {}
    for root in (weights,) if weights else (WEIGHTS, user_models()):
        for path in sorted(root.glob("[!.]*/card.json")):
            found.setdefault(path.parent.name, path.parent)
    return found


def write_card(folder: Path, values: dict[str, Any]) -> None:
    """Replace the ``card.json`` of a model's folder."""
    text = json.dumps(values, indent=1, ensure_ascii=False) + "\n"
    write_atomically(folder / "card.json", text.encode())


def problem(model: Card, *files: str) -> str | None:
    """Say why a model cannot be used, None if it can; without files, on a CPU."""
    engines = [file for file in model.files if file.endswith(".onnx")]
    try:
        for file in files or engines or ["model.onnx"]:
            model.file(file)
    except ModelUnavailable as error:
        return str(error)
    return None
