"""What to train: the words of ``segcore train`` that the app starts, shows and clones."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from segcore.training.names import RunError
from segcore.training.store import Entry


@dataclass(frozen=True)
class Order:
    """A training that is wanted.

    Attributes
    ----------
    recipe : str
        A name of `segcore.training.recipes.RECIPES`.
    settings : dict
        Changes to it, such as ``{"batch": 16, "options.dropout": 0.2}``.
    data : tuple of str
        Folders of data sets, or names of built-in ones.
    init : str
        A ``.keras`` file whose weights to start from, or nothing.
    watch : tuple of str
        Sample pictures of the app to segment after each epoch.
    """

    recipe: str
    settings: dict[str, Any] = field(default_factory=dict)
    data: tuple[str, ...] = ("synthetic",)
    init: str = ""
    watch: tuple[str, ...] = ()

    def words(self, folder: Path | str) -> list[str]:
        """Return the command's words after ``segcore``; no value can pass for an option."""
        words = ["train", f"--recipe={self.recipe}"]
        words += [f"--data={root}" for root in self.data]
        words += [f"--run={folder}"]
        words += [f"--init={self.init}"] if self.init else []
        words += [f"--watch={sample}" for sample in self.watch]
        for key, value in self.settings.items():
            text = value if isinstance(value, str) else json.dumps(value)
            words.append(f"--set={key}={text}")
        return words

    def command(self, folder: Path | str) -> str:
        """Return the line to type for the same training."""
        return shlex.join(["python", "-m", "segcore", *self.words(folder)])

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> Order:
        """Rebuild an order from `to_dict`, a `RunError` if it is none."""
        try:
            return Order(
                recipe=str(values["recipe"]),
                settings=dict(values["settings"]),
                data=tuple(map(str, values["data"])),
                init=str(values["init"]),
                watch=tuple(map(str, values["watch"])),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise RunError(
                "request.json is damaged; start the training from the form again."
            ) from error

    @staticmethod
    def of(entry: Entry) -> Order:
        """Return the order that trains a run once more, to clone or to change it.

        Of a run that the command line began, `settings` has every field of its recipe.
        """
        if entry.request:
            return Order.from_dict(entry.request)
        if entry.problem or not entry.settings:
            raise RunError(entry.problem or f"{entry.name} has no settings yet.")
        recipe = dict(entry.settings["recipe"])
        name = str(recipe.pop("name", ""))
        recipe.pop("normalisation", None)
        recipe.pop("task", None)
        settings: dict[str, Any] = {}
        for key, value in recipe.items():
            if isinstance(value, dict):
                settings |= {f"{key}.{inner}": v for inner, v in value.items()}
            else:
                settings[key] = "none" if value is None else value
        return Order.from_dict(
            {
                "recipe": name,
                "settings": settings,
                "data": entry.settings["data"],
                "init": entry.settings.get("init") or "",
                "watch": entry.settings.get("watch") or (),
            }
        )
