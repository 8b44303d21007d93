"""Readers of data sets, one layout a file; each yields `Sample`s of a binary task."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from segcore.datasets.samples import AnySample

BUILT_IN = ("synthetic", "coins")


def read(root: Path | str, split: str) -> list[AnySample]:
    """Return the samples of a built-in set, or the pet samples of a folder.

    Parameters
    ----------
    root : Path or str
        A name of `BUILT_IN`, or a folder in the Oxford-IIIT Pet layout, or in COCO's
        panoptic layout with classes named cat and dog. A folder that is called like a
        built-in set is meant by ``./NAME``.
    split : {"train", "test"}
        The part to read: ``trainval.txt`` or ``test.txt`` of the first layout,
        ``panoptic_train.json`` or ``panoptic_val.json`` of the second.

    Raises
    ------
    DatasetError
        If the folder has neither layout.
    """
    from segcore.datasets import coco_pets, oxford_pet
    from segcore.datasets.samples import DatasetError

    if str(root) in BUILT_IN:
        return import_module(f"segcore.datasets.{root}").read(split)
    root = Path(root)
    for layout in (oxford_pet, coco_pets):
        if layout.recognises(root):
            return layout.read(root, split)
    raise DatasetError(
        f"{root} is no data set known here: it needs annotations/trainval.txt (Oxford-IIIT Pet) "
        f"or panoptic_train.json (COCO panoptic); built in are {' and '.join(BUILT_IN)}. "
        "`python -m segcore data download pets --to DIR` fetches the first."
    )


def full_name(root: Path | str) -> str:
    """Return what finds a data set from anywhere: its absolute path, or its built-in name."""
    return str(root) if str(root) in BUILT_IN else str(Path(root).resolve())
