"""What the form's widgets hold at first: from the address, a recipe or a run.

They are drawn with ``persist_state="session"``, as Streamlit otherwise forgets what a widget
holds when it is not drawn: a hidden option would come back at its smallest value.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import streamlit as st

from segcore import datasets
from segcore.sample_pictures import sample_pictures
from segcore.training.changes import FIXED, OPTIONS, change, pairs, parse
from segcore.training.names import RunError
from segcore.training.orders import Order
from segcore.training.recipes import Recipe, find
from segcore.ui.text import plain
from segcore.ui.training import augmentations
from segcore.ui.training.library import Item
from segcore.ui.training.limits import fit

SMALL_SIDE = 64  # of the built-in pictures
FIRST = "lecture-32x25"
WATCHED = ("chelsea", "kitten", "german_shepherd")
NOTE = "training_note"


def begin() -> None:
    """Fill the form from the address at the first visit."""
    if "form-recipe" not in st.session_state:
        _read_address()


def note() -> None:
    """Show in a sentence what was changed or left out when the form was filled."""
    if sentence := st.session_state.pop(NOTE, None):
        st.warning(sentence, icon=":material/rule:")


def flat(recipe: Recipe) -> dict[str, Any]:
    """Return every setting by its key, those of other architectures at their defaults."""
    values = {key: value for key, value in vars(recipe).items() if key not in FIXED}
    for architecture, defaults in OPTIONS.items():
        own = recipe.options if architecture == recipe.architecture else {}
        values |= {f"options.{k}": v for k, v in {**defaults, **own}.items()}
    own = OPTIONS.get(recipe.architecture, {}) | recipe.options
    values |= {f"options.{k}": v for k, v in own.items()}  # where architectures share a name
    return values | augmentations.flat(recipe.augmentation)


def roots() -> tuple[str, ...]:
    """Return the data sets that the form names; one empty name if there is none yet."""
    data = st.session_state["form-data"]
    if data != "folder":
        return (data,)
    lines = st.session_state["form-folder"].splitlines()
    return tuple(line.strip() for line in lines if line.strip()) or ("",)


# === Filling in ===


def clone(item: Item) -> None:
    """Put all settings of a run into the form and show it; for callbacks."""
    try:
        order = Order.of(item.entry)
        recipe = change(find(order.recipe), order.settings)
    except (AttributeError, KeyError, TypeError) as error:
        raise RunError(f"The settings of {item.entry.name} are damaged; start afresh.") from error
    title = f"{item.entry.title} again"[:80]
    changed = _fill(recipe, order.recipe, order.data, title, order.init, order.watch)
    _tell("Settings of this run that the form does not offer were changed", changed)
    st.session_state.panel = "Start"


def recipe_changed() -> None:
    """Take the settings of the recipe that was chosen; for callbacks."""
    state = st.session_state
    recipe = find(state["form-recipe"])
    _put(change(recipe, {"side": _side(recipe, state["form-data"])}))
    _retitle()


def data_changed() -> None:
    """Follow the data set with what goes by it, unless it was set by hand; for callbacks.

    That is the picture's side, the title and the sample pictures that are watched.
    """
    state = st.session_state
    before, now = state["form-data_before"], state["form-data"]
    recipe = find(state["form-recipe"])
    if state["form-side"] == _side(recipe, before):
        state["form-side"] = _side(recipe, now)
    if tuple(state["form-watch"]) == watched(before):
        state["form-watch"] = list(watched(now))
    state["form-data_before"] = now
    _retitle()


def watched(data: str) -> tuple[str, ...]:
    """Return the sample pictures that are watched of a data set unless others are chosen."""
    return () if data in datasets.BUILT_IN else WATCHED


def _fill(
    recipe: Recipe,
    name: str,
    data: Sequence[str],
    title: str = "",
    init: str = "",
    watch: Sequence[str] | None = None,
) -> list[str]:
    """Set every key of the form; return in words what had to be changed."""
    state = st.session_state
    state["form-recipe"] = name
    built_in = len(data) == 1 and data[0] in datasets.BUILT_IN
    state["form-data"] = state["form-data_before"] = data[0] if built_in else "folder"
    state["form-folder"] = "" if built_in or list(data) == ["folder"] else "\n".join(data)
    state["form-init"], state["form-use_init"] = init, bool(init)
    wanted = watched(state["form-data"]) if watch is None else watch
    state["form-watch"] = [sample for sample in wanted if sample in sample_pictures()]
    changed = _put(recipe)
    changed += [f"there is no sample {s[:20]}" for s in wanted if s not in sample_pictures()]
    state["form-title"] = state["form-own_title"] = ""
    _retitle()
    state["form-title"] = title or state["form-title"]
    return changed


def _put(recipe: Recipe) -> list[str]:
    values, changed = fit(flat(recipe))
    st.session_state.update({f"form-{key}": value for key, value in values.items()})
    return changed


def _retitle() -> None:
    """Name the run by recipe and data set, unless the visitor has named it."""
    state = st.session_state
    name, data = state["form-recipe"], state["form-data"]
    title = name if data == "folder" else f"{name} on {data}"
    if state["form-title"] == state["form-own_title"]:
        state["form-title"] = title
    state["form-own_title"] = title


def _side(recipe: Recipe, data: str) -> int:
    return SMALL_SIDE if data in datasets.BUILT_IN else recipe.side


# === The address ===


def write_address(order: Order) -> None:
    """Write what is not as the recipe has it into the address."""
    address = st.query_params
    address["recipe"], address["data"] = order.recipe, list(order.data)
    by_itself = order.watch == watched(st.session_state["form-data"])
    for key, words in (
        ("set", pairs(order.settings)),
        ("watch", [] if by_itself else list(order.watch) or [""]),
    ):
        if words:
            address[key] = words
        else:
            address.pop(key, None)


def _read_address() -> None:
    address = st.query_params
    recipe = find(FIRST)
    small = change(recipe, {"side": SMALL_SIDE})
    if "recipe" not in address:
        _fill(small, FIRST, ("synthetic",))
        return
    try:
        recipe = find(address["recipe"])
    except ValueError as error:
        _fill(small, FIRST, ("synthetic",))
        _tell("The address has a recipe that does not fit", [str(error)])
        return
    recipe, refused = _changed(recipe, address.get_all("set"))
    data = address.get_all("data") or ["synthetic"]
    watch = list(filter(None, address.get_all("watch"))) if "watch" in address else None
    changed = _fill(recipe, address["recipe"], data, watch=watch)
    _tell(
        "The address has settings that do not fit and were changed or left out", refused + changed
    )


def _changed(recipe: Recipe, words: Iterable[str]) -> tuple[Recipe, list[str]]:
    """Return a recipe with those of the changes that it takes, and what is wrong with others."""
    changes: dict[str, Any] = {}
    refused: list[str] = []
    for word in words:
        try:
            changes |= parse([word])
        except ValueError as error:
            refused.append(str(error))
    try:
        return change(recipe, changes), refused
    except ValueError:
        pass
    first = ("architecture", "augmentation")  # what the others stand on
    for key in sorted(changes, key=lambda key: key not in first):
        try:
            recipe = change(recipe, {key: changes[key]})
        except ValueError as error:
            refused.append(str(error))
    return recipe, refused


def _tell(what: str, parts: list[str]) -> None:
    """Keep a sentence for `note`."""
    if parts:
        words = "; ".join(part.rstrip(".") for part in parts[:5])
        more = f"; and {len(parts) - 5} more" if len(parts) > 5 else ""
        st.session_state[NOTE] = plain(f"{what}: {words}{more}.")
