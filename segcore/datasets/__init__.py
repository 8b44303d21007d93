"""Readers of data sets, one layout a file; each yields `Sample`s of a binary task."""

from __future__ import annotations

from pathlib import Path

from segcore.datasets.samples import Sample


def read(root: Path, split: str) -> list[Sample]:
    """Return the pet samples of a folder, whichever of the known layouts it has.

    Parameters
    ----------
    root : Path
        A folder in the Oxford-IIIT Pet layout, or in COCO's panoptic layout with classes
        named cat and dog.
    split : {"train", "test"}
        The part to read: ``trainval.txt`` or ``test.txt`` of the first,
        ``panoptic_train.json`` or ``panoptic_val.json`` of the second.

    Raises
    ------
    DatasetError
        If the folder has neither layout.
    """
    from segcore.datasets import coco_pets, oxford_pet
    from segcore.datasets.samples import DatasetError

    for layout in (oxford_pet, coco_pets):
        if layout.recognises(root):
            return layout.read(root, split)
    raise DatasetError(
        f"{root} is no data set known here: it needs annotations/trainval.txt (Oxford-IIIT Pet) "
        "or panoptic_train.json (COCO panoptic). `python -m segcore data download pets --to DIR` "
        "fetches the first."
    )
