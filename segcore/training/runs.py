"""The run folder: what the trainer writes and what everyone else reads. No Keras here.

``run.json``                 recipe, data folders, versions; written once
``status.json``              state, process, epoch and step; replaced atomically
``lock``                     held by the process that trains
``steps.jsonl``              a line a step: step, epoch, loss, mean_iou of the epoch so far,
                             learning_rate, seconds
``epochs.jsonl``             a line an epoch: the same means, the val_ figures, seconds
``checkpoints/NNNN.keras``   the last finished epoch, optimiser included
``best.keras``               the epoch of the best validation mean IoU
``samples/``                 NAME.png and NAME-target.png once, NAME-NNNN.png each epoch
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import IO, Any

from segcore.files import lock, replace_durably, write_atomically


class Run:
    """A run folder.

    Parameters
    ----------
    folder : Path
        Created when the first thing is written to it.
    """

    def __init__(self, folder: Path):
        self.folder = Path(folder)
        self.checkpoints = self.folder / "checkpoints"
        self.samples = self.folder / "samples"
        self.best = self.folder / "best.keras"

    @property
    def exists(self) -> bool:
        """Whether a training was begun here."""
        return (self.folder / "run.json").is_file()

    def own(self) -> IO[bytes]:
        """Keep other processes from training here while the returned file is open."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = lock(self.folder / "lock")
        if file is None:
            raise ValueError(f"{self.folder} is being trained by another process; stop that first.")
        return file

    # === Settings and state ===

    def create(self, settings: dict[str, Any]) -> None:
        """Make the folder and write what stays the same for the whole run."""
        for folder in (self.checkpoints, self.samples):
            folder.mkdir(parents=True, exist_ok=True)
        self._write_json("run.json", settings)

    def settings(self) -> dict[str, Any]:
        """Return what `create` was given."""
        return json.loads((self.folder / "run.json").read_text("utf-8"))

    def identity(self) -> dict[str, Any]:
        """Return what tells the run from any other: its folder's name, and when it began."""
        return {"name": self.folder.resolve().name, "created": self.settings().get("created")}

    def write_status(self, **values: Any) -> None:
        """Replace ``status.json``."""
        data = json.dumps(values, indent=1).encode()
        write_atomically(self.folder / "status.json", data, durable=False)

    def status(self) -> dict[str, Any]:
        """Return the last status, an empty dictionary before the first."""
        path = self.folder / "status.json"
        return json.loads(path.read_text("utf-8")) if path.is_file() else {}

    def _write_json(self, name: str, values: dict[str, Any]) -> None:
        write_atomically(self.folder / name, json.dumps(values, indent=1).encode())

    # === Records ===

    def append(self, kind: str, record: dict[str, Any]) -> None:
        """Add a line to ``steps.jsonl`` or ``epochs.jsonl``; `kind` is the file's stem."""
        with open(self.folder / f"{kind}.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")

    def records(self, kind: str) -> list[dict[str, Any]]:
        """Return the whole lines of a record file; one cut off by a crash is left out."""
        path = self.folder / f"{kind}.jsonl"
        if not path.is_file():
            return []
        lines = path.read_text("utf-8").splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def best_epoch(self) -> int:
        """Return the number of the epoch with the best validation mean IoU, 0 if none."""
        records = self.records("epochs")
        return max(records, key=lambda r: r["val_mean_iou"])["epoch"] if records else 0

    # === Checkpoints ===

    def checkpoint(self, epoch: int) -> Path:
        """Return where the checkpoint of an epoch lies."""
        return self.checkpoints / f"{epoch:04d}.keras"

    def last_epoch(self) -> int:
        """Return the number of the last epoch with a checkpoint, 0 if there is none."""
        return max((int(p.stem) for p in self.checkpoints.glob("????.keras")), default=0)

    def keep_checkpoint(self, epoch: int) -> None:
        """Make a checkpoint ``best.keras`` too if it is the best, and delete older ones."""
        path = self.checkpoint(epoch)
        if self.best_epoch() == epoch and not (self.best.exists() and self.best.samefile(path)):
            part = self.best.with_name("best.keras.part")
            part.unlink(missing_ok=True)
            try:
                os.link(path, part)
            except OSError:  # not every file system knows a second name of a file
                shutil.copyfile(path, part)
            replace_durably(part, self.best)
        for path in self.checkpoints.glob("????.keras"):
            if int(path.stem) < epoch:
                path.unlink()

    def discard_parts(self) -> None:
        """Delete the files that were being written when the training ended; it frees room."""
        for pattern in ("*.part", "samples/*.part", "checkpoints/part-*"):
            for path in self.folder.glob(pattern):
                path.unlink()

    def rewind(self) -> int:
        """Make the folder agree with its last checkpoint after a crash; return its epoch.

        Records of an epoch that was begun but not checkpointed are dropped.
        """
        self.discard_parts()
        epoch = self.last_epoch()
        for kind in ("steps", "epochs"):
            kept = [r for r in self.records(kind) if r["epoch"] <= epoch]
            text = "".join(json.dumps(record) + "\n" for record in kept)
            write_atomically(self.folder / f"{kind}.jsonl", text.encode())
        if epoch:
            self.keep_checkpoint(epoch)
        return epoch
