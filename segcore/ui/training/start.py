"""The form that starts a training: any setting of a recipe, its command and its address."""

from __future__ import annotations

from typing import Any

import streamlit as st

from segcore import datasets
from segcore.training.changes import OPTIONS, change, differences, pairs, parse
from segcore.training.names import RunError, folder_name
from segcore.training.orders import Order
from segcore.training.permission import check_data
from segcore.training.recipes import LOSSES, OPTIMIZERS, RECIPES, SCHEDULES, Recipe, find
from segcore.ui.text import plain
from segcore.ui.training import augmentations, estimate, library
from segcore.ui.training.library import Item, control, store

DATA = {
    "synthetic": "Drawn shapes (synthetic, 480 pictures, built in)",
    "coins": "Coins (36 tiles of one photograph, built in)",
    "folder": "A folder of this machine",
}
NAMES = {
    "lecture_unet": "The lecture's U-Net",
    "encoder_unet": "U-Net with EfficientNet-Lite0 encoder",
    "cross_entropy": "Cross-entropy",
    "dice": "Dice",
    "cross_entropy+dice": "Cross-entropy and Dice",
    "focal": "Focal",
    "rmsprop": "RMSprop",
    "adam": "Adam",
}
SMALL_SIDE = 64
FIRST = "lecture-32x25"
WATCHED = ("chelsea", "kitten", "german_shepherd")


def show() -> None:
    """Show the form; starting a training goes on to watch it."""
    _begin()
    form, side = st.columns([5, 3], gap="large")
    with form:
        title = st.text_input("Name of the run", key="form-title", max_chars=80)
        ready = _data()
        st.selectbox("Recipe", list(RECIPES), key="form-recipe", on_change=_reset)
        _settings()
    try:
        order = _order()
    except ValueError as error:
        side.error(plain(str(error)), icon=":material/error:")
        return
    except RunError:  # a folder that is not allowed; said beside its field
        return
    _keep_in_address(order)
    with side:
        st.button(
            "Start the training",
            icon=":material/play_arrow:",
            type="primary",
            width="stretch",
            disabled=not ready,
            on_click=_start,
        )
        busy = [i for i in library.items().values() if not i.shipped and i.status.active]
        if busy:
            st.caption(f"{plain(busy[0].entry.title)} is at work; this one will wait for its turn.")
        estimate.show(order)
        st.markdown(":material/terminal: The same from the command line")
        st.code(order.command(f"runs/{folder_name(title or order.recipe)}"), "sh", wrap_lines=True)
        st.caption("The address of this page carries these settings: share it.")


def fill(item: Item) -> None:
    """Put the settings of a run into the form and show it; for callbacks."""
    order = Order.of(item.entry)
    recipe = change(find(order.recipe), order.settings)
    _fill(order.recipe, recipe, order.data[0], f"{item.entry.title} again"[:80])
    st.session_state.panel = "Start"


# === Filling in ===


def _begin() -> None:
    """Fill the form from the address at the first visit, and again when it was left."""
    if "form-recipe" in st.session_state:
        return
    kept = st.session_state.get("form-kept")
    address = st.query_params
    if kept is None and "recipe" in address:
        try:
            recipe = change(find(address["recipe"]), parse(address.get_all("set")))
            _fill(address["recipe"], recipe, address.get("data", "synthetic"))
            return
        except ValueError as error:
            st.warning(f"The address has settings that do not fit: {plain(str(error))}")
    if kept:
        st.session_state.update(kept)
        return
    _fill(FIRST, _small(find(FIRST)), "synthetic")


def _reset() -> None:
    """Take the settings of the recipe that was chosen."""
    recipe = find(st.session_state["form-recipe"])
    data = st.session_state["form-data"]
    _fill(recipe.name, _small(recipe) if data != "folder" else recipe, data)


def _small(recipe: Recipe) -> Recipe:
    """Make a recipe fit for the built-in pictures, which are small."""
    return change(recipe, {"side": SMALL_SIDE})


def _fill(name: str, recipe: Recipe, data: str, title: str = "") -> None:
    state = st.session_state
    state["form-recipe"] = name
    state["form-title"] = title or (f"{name} on {data}" if data in DATA else name)
    state["form-data"] = data if data in datasets.BUILT_IN else "folder"
    if data not in DATA:
        state["form-folder"] = data
    for key, value in _flat(recipe).items():
        state[f"form-{key}"] = value


def _flat(recipe: Recipe) -> dict[str, Any]:
    """Return every setting by its key."""
    values = {
        key: value
        for key, value in vars(recipe).items()
        if key not in ("name", "options", "normalisation", "augmentation")
    }
    for architecture, defaults in OPTIONS.items():
        own = recipe.options if architecture == recipe.architecture else {}
        values |= {f"options.{k}": v for k, v in {**defaults, **own}.items() if k != "dropout"}
    values["options.dropout"] = float(recipe.options.get("dropout", 0.0))
    return values | augmentations.flat(recipe.augmentation)


def _keep_in_address(order: Order) -> None:
    """Write the settings into the address, and keep the form for when it is shown again."""
    address = st.query_params
    address["recipe"], address["data"] = order.recipe, order.data[0]
    if words := pairs(order.settings):
        address["set"] = words
    else:
        address.pop("set", None)
    st.session_state["form-kept"] = {
        key: value
        for key, value in st.session_state.items()
        if str(key).startswith("form-") and key != "form-kept"
    }


# === The widgets ===


def _data() -> bool:
    """Show the choice of the data set; say whether it can be trained on."""
    chosen = st.selectbox(
        "Data set", list(DATA), format_func=DATA.__getitem__, key="form-data", on_change=_reset
    )
    if chosen != "folder":
        return True
    folder = st.text_input(
        "Folder",
        key="form-folder",
        placeholder="data/pets",
        help="In the layout of Oxford-IIIT Pet or of COCO panoptic, with cats and dogs. "
        "`python -m segcore data download pets --to data/pets` fetches the first.",
    ).strip()
    if not folder:
        st.info("Name the folder of a data set.", icon=":material/folder:")
        return False
    try:
        check_data(folder)
        count = len(datasets.read(folder, "train"))
    except (ValueError, OSError, RunError) as error:
        st.error(plain(str(error)), icon=":material/folder_off:")
        return False
    st.caption(f"{count:,} pictures to train with")
    return True


def _settings() -> None:
    """Show a widget for each setting."""
    state = st.session_state
    with st.expander("Network", expanded=True, icon=":material/account_tree:"):
        architecture = st.selectbox(
            "Architecture",
            list(OPTIONS),
            format_func=NAMES.__getitem__,
            key="form-architecture",
        )
        left, right = st.columns(2)
        if architecture == "lecture_unet":
            left.slider("Base width", 2, 32, key="form-options.base_width")
            right.slider("Depth", 1, 6, key="form-options.depth")
            left.selectbox(
                "Initialiser", ["glorot_uniform", "he_normal"], key="form-options.initializer"
            )
            right.toggle("Batch normalisation", key="form-options.batch_normalization")
        else:
            left.slider("Frozen blocks", 0, 16, key="form-options.frozen_blocks")
            right.toggle("Start from ImageNet's weights", key="form-options.imagenet")
        left.slider("Dropout", 0.0, 0.9, step=0.05, key="form-options.dropout")
    with st.expander("Loss and optimiser", expanded=True, icon=":material/function:"):
        left, right = st.columns(2)
        left.selectbox("Loss", LOSSES, format_func=NAMES.__getitem__, key="form-loss")
        if state["form-loss"] == "cross_entropy+dice":
            right.slider("Weight of Dice", 0.0, 1.0, step=0.05, key="form-dice_weight")
        left.selectbox("Optimiser", OPTIMIZERS, format_func=NAMES.__getitem__, key="form-optimizer")
        right.number_input(
            "Learning rate", 0.0, 1.0, step=1e-4, format="%.5f", key="form-learning_rate"
        )
        left.selectbox("Schedule", SCHEDULES, format_func=str.capitalize, key="form-schedule")
        right.number_input("Warm-up, epochs", 0.0, 50.0, step=0.5, key="form-warmup_epochs")
    with st.expander("Length and size", expanded=True, icon=":material/timer:"):
        left, right = st.columns(2)
        left.number_input("Batch size", 1, 512, key="form-batch")
        right.number_input("Epochs", 1, 1000, key="form-epochs")
        left.number_input("Picture side, pixels", 16, 1024, step=16, key="form-side")
        right.number_input(
            "Early stop after epochs without gain, 0: never", 0, 1000, key="form-patience"
        )
        left.slider("Held back for validation", 0.05, 0.5, step=0.05, key="form-validation")
        right.number_input("Seed", 0, 10**6, key="form-seed")
        left.toggle("Mixed precision", key="form-mixed_precision")
    with st.expander("Augmentation", icon=":material/auto_fix_high:"):
        augmentations.show(state["form-data"], state["form-side"])


def _order() -> Order:
    """Return what the widgets say; a ValueError or RunError tells what does not fit."""
    state = st.session_state
    own = OPTIONS[state["form-architecture"]]
    base = find(state["form-recipe"])
    values = {
        key: state[f"form-{key}"]
        for key in _flat(base)
        if f"form-{key}" in state
        and not key.startswith("augmentation")
        and (not key.startswith("options.") or key.removeprefix("options.") in own)
    }
    recipe = change(base, values | augmentations.values())
    data = state["form-data"]
    root = state.get("form-folder", "").strip() if data == "folder" else data
    if data == "folder":
        check_data(root)
    watch = () if data in datasets.BUILT_IN else WATCHED
    return Order(base.name, differences(base, recipe), (root,), watch=watch)


def _start() -> None:
    """Start what the widgets say now, which may be newer than what was drawn last."""
    try:
        order = _order()
        if not order.data[0]:
            raise ValueError("Name the folder of a data set.")
        name = store().create(st.session_state["form-title"])
        control().start(name, order)
    except (RunError, ValueError) as error:
        st.session_state.training_problem = str(error)
        return
    library.show(name)
