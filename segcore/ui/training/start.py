"""The form that starts a training: any setting of a recipe, its command and its address."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

import streamlit as st

from segcore import datasets
from segcore.sample_pictures import sample_pictures
from segcore.training.changes import OPTIONS, change, differences
from segcore.training.names import RunError, folder_name
from segcore.training.orders import Order
from segcore.training.permission import check_data
from segcore.training.recipes import LOSSES, OPTIMIZERS, RECIPES, SCHEDULES, find
from segcore.ui.text import plain
from segcore.ui.training import augmentations, estimate, filling, library
from segcore.ui.training.library import control, store
from segcore.ui.training.limits import CHOICES, number, slider

DATA = {
    "synthetic": "Drawn shapes (synthetic, 320 pictures, built in)",
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
    "glorot_uniform": "Glorot, uniform",
    "he_normal": "He, normal",
}


def show() -> None:
    """Show the form; starting a training goes on to watch it."""
    filling.begin()
    filling.note()
    form, side = st.columns([5, 3], gap="large")
    with form:
        title = st.text_input(
            "Name of the run", key="form-title", persist_state="session", max_chars=80
        )
        ready = _data()
        st.selectbox(
            "Recipe",
            [recipe.name for recipe in RECIPES.values() if recipe.task == "binary"],
            key="form-recipe",
            persist_state="session",
            on_change=filling.recipe_changed,
        )
        _settings()
    try:
        order = _order()
    except ValueError as error:
        side.error(plain(str(error)), icon=":material/error:")
        return
    except RunError:  # a folder that is not allowed; said beside its field
        return
    filling.write_address(order)
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


# === The widgets ===


def _data() -> bool:
    """Show the choice of the data set; say whether it can be trained on."""
    chosen = st.selectbox(
        "Data set",
        list(DATA),
        format_func=DATA.__getitem__,
        key="form-data",
        persist_state="session",
        on_change=filling.data_changed,
    )
    if chosen != "folder":
        return True
    st.text_area(
        "Folders, one a line",
        key="form-folder",
        persist_state="session",
        placeholder="data/pets",
        height="content",
        help="In the layout of Oxford-IIIT Pet or of COCO panoptic, with cats and dogs. "
        "`python -m segcore data download pets --to data/pets` fetches the first.",
    )
    folders = filling.roots()
    if folders == ("",):
        st.info("Name the folder of a data set.", icon=":material/folder:")
        return False
    try:
        _check(folders)
        count = sum(len(datasets.read(folder, "train")) for folder in folders)
    except (ValueError, OSError, RunError) as error:
        st.error(plain(str(error)), icon=":material/folder_off:")
        return False
    st.caption(f"{count:,} pictures to train with")
    return True


def _check(folders: Iterable[str]) -> None:
    for folder in folders:
        if folder not in datasets.BUILT_IN:
            check_data(folder)


def _settings() -> None:
    """Show a widget for each setting."""
    state = st.session_state
    with st.expander("Network", expanded=True, icon=":material/account_tree:"):
        architecture = st.selectbox(
            "Architecture",
            CHOICES["architecture"],
            format_func=_name,
            key="form-architecture",
            persist_state="session",
        )
        if architecture == "lecture_unet":
            left, right = st.columns(2)
            slider("options.base_width", "Base width", left)
            slider("options.depth", "Depth", right)
            left, right = st.columns(2, vertical_alignment="bottom")
            left.selectbox(
                "Initialiser",
                CHOICES["options.initializer"],
                format_func=_name,
                key="form-options.initializer",
                persist_state="session",
            )
            right.toggle(
                "Batch normalisation",
                key="form-options.batch_normalization",
                persist_state="session",
            )
        else:
            left, right = st.columns(2, vertical_alignment="bottom")
            slider("options.frozen_blocks", "Frozen blocks", left)
            right.toggle(
                "Start from ImageNet's weights",
                key="form-options.imagenet",
                persist_state="session",
            )
        slider("options.dropout", "Dropout")
        if state["form-init"]:
            st.toggle(
                f"Start from {plain(PurePath(state['form-init']).name)} as the run before",
                key="form-use_init",
                persist_state="session",
            )
    with st.expander("Loss and optimiser", expanded=True, icon=":material/function:"):
        st.selectbox("Loss", LOSSES, format_func=_name, key="form-loss", persist_state="session")
        if state["form-loss"] == "cross_entropy+dice":
            slider("dice_weight", "Weight of Dice")
        left, right = st.columns(2)
        left.selectbox(
            "Optimiser",
            OPTIMIZERS,
            format_func=_name,
            key="form-optimizer",
            persist_state="session",
        )
        number("learning_rate", "Learning rate", right, format="%g")
        left, right = st.columns(2)
        left.selectbox(
            "Schedule",
            SCHEDULES,
            format_func=str.capitalize,
            key="form-schedule",
            persist_state="session",
        )
        number("warmup_epochs", "Warm-up, epochs", right)
    with st.expander("Length and size", expanded=True, icon=":material/timer:"):
        left, right = st.columns(2)
        number("batch", "Batch size", left)
        number("epochs", "Epochs", right)
        left, right = st.columns(2)
        number("side", "Picture side, pixels", left)
        number("patience", "Stop after epochs without gain, 0: never", right)
        left, right = st.columns(2)
        slider("validation", "Share held back for validation", left)
        number("seed", "Seed", right)
        st.toggle(
            "Mixed precision",
            key="form-mixed_precision",
            persist_state="session",
            help="Computes in bfloat16 on GPUs and on processors with AVX-512; on others it would "
            "be slower and is left out.",
        )
    with st.expander("Augmentation", icon=":material/auto_fix_high:"):
        augmentations.show(filling.roots()[0])
    with st.expander("Pictures to watch", icon=":material/visibility:"):
        st.multiselect(
            "Sample pictures to segment after each epoch",
            list(samples := sample_pictures()),
            format_func=lambda name: samples[name].title,
            key="form-watch",
            persist_state="session",
            help="Besides a few of the validation pictures.",
        )


def _name(word: str) -> str:
    return NAMES.get(word, word)


def _order() -> Order:
    """Return what the widgets say; a ValueError or RunError tells what does not fit."""
    state = st.session_state
    own = OPTIONS[state["form-architecture"]]
    base = find(state["form-recipe"])
    values = {
        key: state[f"form-{key}"]
        for key in filling.flat(base)
        if not key.startswith("augmentation.")
        and (not key.startswith("options.") or key.removeprefix("options.") in own)
    }
    recipe = change(base, values | augmentations.values())
    folders = filling.roots()
    _check(folders)
    init = state["form-init"] if state["form-use_init"] else ""
    watch = tuple(state["form-watch"])
    return Order(base.name, differences(base, recipe), folders, init, watch)


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
