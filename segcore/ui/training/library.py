"""All runs that the page knows: the user's own, and those that segcore came with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import streamlit as st

from segcore.training.control import Control, Status
from segcore.training.logs import Log, read_log
from segcore.training.names import RunError, shorten
from segcore.training.permission import training_allowed
from segcore.training.recipes import Recipe
from segcore.training.store import SHIPPED, Entry, RunStore
from segcore.ui.text import plain

PREFIX = "shipped:"
MOST_EPOCHS = 9999  # as many as the names of predictions can tell apart
DEFAULT = f"{PREFIX}lecture-64x40"
ICONS = {
    "waiting": "hourglass_empty",
    "loading": "downloading",
    "running": "play_circle",
    "stopping": "pending",
    "stopped": "stop_circle",
    "finished": "check_circle",
    "failed": "error",
    "orphaned": "heart_broken",
}


@dataclass(frozen=True)
class Item:
    """A run to look at, as it was when first asked: all parts of a page tell of one moment.

    Attributes
    ----------
    key : str
        Its name in addresses: the folder's, with `PREFIX` for a shipped one.
    entry : Entry
    shipped : bool
        Shipped runs cannot be changed.
    """

    key: str
    entry: Entry
    shipped: bool

    def again(self) -> Item:
        """Return it as its folder says now; it is filled only after the training has begun."""
        return Item(self.key, self.store.get(self.entry.name), self.shipped)

    @property
    def label(self) -> str:
        """The title, and that it is a shipped run."""
        return f"{self.entry.title} (shipped)" if self.shipped else self.entry.title

    @property
    def store(self) -> RunStore:
        """Where it lies."""
        return RunStore(SHIPPED) if self.shipped else store()

    @property
    def log(self) -> Log:
        """The records so far; none if they cannot be read, which `problem` tells."""
        return self._read[0]

    @property
    def problem(self) -> str:
        """What is wrong with its folder, in a sentence; nothing if all is well."""
        return self.entry.problem or self._read[1]

    @cached_property
    def _read(self) -> tuple[Log, str]:
        try:
            return read_log(self.entry.folder), ""
        except RunError as error:
            return Log(), str(error)

    @cached_property
    def epochs(self) -> int:
        """How many are planned, 0 if that cannot be told."""
        epochs = self.recipe.epochs if self.recipe else 0
        return epochs if type(epochs) is int and epochs <= MOST_EPOCHS else 0

    @cached_property
    def status(self) -> Status:
        """What it is doing."""
        if self.shipped:
            return Status("finished", epoch=int(self.entry.status.get("epoch", 0)))
        try:
            return control().status(self.entry.name)
        except RunError as error:
            return Status("failed", message=str(error))

    @cached_property
    def recipe(self) -> Recipe | None:
        """How it is trained, None before it has begun or if its folder is damaged."""
        try:
            return Recipe.from_dict(self.entry.settings["recipe"])
        except (KeyError, TypeError, ValueError, AttributeError):
            return None


def store() -> RunStore:
    """Return the user's runs."""
    return RunStore()


def control() -> Control:
    """Return what starts and stops them."""
    return Control(store())


def items() -> dict[str, Item]:
    """Return the runs by key: the user's, newest first, then the shipped ones.

    Visitors who may not train see the shipped ones only. A problem with the folder is shown
    in one sentence.
    """
    try:
        own = store().list() if may_train() else []
    except RunError as error:
        st.error(str(error), icon=":material/folder_off:")
        own = []
    found = [Item(entry.name, entry, False) for entry in own]
    found += [
        Item(PREFIX + entry.name, entry, True)
        for entry in sorted(RunStore(SHIPPED).list(), key=lambda entry: entry.name)
    ]
    return {item.key: item for item in found}


def may_train() -> bool:
    """Say whether this visitor may start, stop and delete trainings."""
    headers = st.context.headers
    return training_allowed(
        st.context.ip_address is None,
        headers.get("Host") or "",
        headers.get("Origin") or "",
        any(name in headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-Ip")),
    )


def pick(runs: dict[str, Item]) -> Item | None:
    """Show the run picker; return the choice: the address's, one that trains, a shipped one."""
    if not runs:
        st.info("There is no run yet: start one.", icon=":material/add_circle:")
        return None
    wanted = st.query_params.get("run")
    if st.session_state.get("picked_run") not in runs:
        training = (key for key, item in runs.items() if not item.shipped and item.status.active)
        first = next(training, DEFAULT if DEFAULT in runs else next(iter(runs)))
        st.session_state.picked_run = wanted if wanted in runs else first
        if wanted and wanted not in runs:
            st.warning(
                f"There is no run {plain(shorten(wanted))} here; it may have been deleted. "
                "Another one is shown.",
                icon=":material/search_off:",
            )
    key = st.selectbox("Run", list(runs), format_func=lambda key: runs[key].label, key="picked_run")
    st.query_params["run"] = key
    return runs[key]


def show(key: str) -> None:
    """Look at a run from the next rerun on; for callbacks."""
    st.session_state.picked_run = key
    st.session_state.panel = "Watch"
