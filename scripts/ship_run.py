"""Copies a finished run into ``segcore/shipped_runs/``: records and watched sample pictures.

    python scripts/ship_run.py RUN NAME --title TITLE --notes NOTES

Left behind are checkpoints, event files, the folders' paths, and every picture of the
training's own data, which may not be passed on.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from segcore import models
from segcore.sample_outlines import square_target
from segcore.sample_pictures import sample_pictures
from segcore.training.names import RunError, check_name, folder_name
from segcore.training.runs import Run
from segcore.training.store import SHIPPED

DIGITS = 6


def main() -> int:
    """Copy, and print the size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("name")
    parser.add_argument("--title", required=True)
    parser.add_argument("--notes", default="")
    args = parser.parse_args()
    try:
        folder = ship(args.run, args.name, args.title, args.notes)
    except (RunError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{folder}: {size / 1e6:.1f} MB")
    return 0


def ship(run: Path, name: str, title: str, notes: str = "", shipped: Path = SHIPPED) -> Path:
    """Copy a run; return the new folder, which replaces an older one only once it is whole.

    Raises
    ------
    RunError
        If the name is none, or there is no finished run.
    """
    if folder_name(check_name(name)) != name:
        raise RunError(f"{name} is no name for a shipped run; write {folder_name(name)}.")
    source = Run(run)
    if not source.exists:
        raise RunError(f"{run} holds no run; name the folder of one.")
    if source.status().get("state") != "finished":
        raise RunError(f"{run} is not finished; only finished runs are shipped.")
    part, old = shipped / f".{name}.part", shipped / f".{name}.old"
    for left in (part, old):
        shutil.rmtree(left, ignore_errors=True)
    try:
        _copy(source, part, title, notes)
        if (shipped / name).exists():
            (shipped / name).rename(old)
        part.rename(shipped / name)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)
    return shipped / name


def _copy(source: Run, folder: Path, title: str, notes: str) -> None:
    (folder / "samples").mkdir(parents=True)
    settings = source.settings()
    settings["parameters"] = models.load(source.best).count_params()
    settings["data"] = [Path(root).name for root in settings["data"]]
    settings["init"] = Path(settings["init"]).name if settings["init"] else None
    about = {"title": title, "notes": notes, "created": settings["created"]}
    status = {"state": "finished", "epoch": source.last_epoch()}
    for name, values in {"run": settings, "about": about, "status": status}.items():
        (folder / f"{name}.json").write_text(json.dumps(values, indent=1) + "\n", "utf-8")
    for kind in ("steps", "epochs"):
        lines = [json.dumps(_rounded(record)) for record in source.records(kind)]
        (folder / f"{kind}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    for path in source.samples.glob("*.png"):
        if path.stem.partition("-")[0] in sample_pictures():
            _copy_picture(path, folder / "samples" / path.name)
    for name in settings["watch"]:  # older runs have no targets of watched pictures
        if (target := square_target(name, settings["recipe"]["side"])) is not None:
            path = folder / "samples" / f"{name}-target.png"
            Image.fromarray(target).save(path, optimize=True)


def _copy_picture(source: Path, target: Path) -> None:
    """Copy a picture; probabilities keep their upper four bits, which is a fourth of the size."""
    with Image.open(source) as opened:
        pixels = np.asarray(opened)
    shown = Image.fromarray(pixels & 0xF0 if pixels.ndim == 2 else pixels)
    shown.save(target, optimize=True)


def _rounded(record: dict) -> dict:
    return {k: round(v, DIGITS) if isinstance(v, float) else v for k, v in record.items()}


if __name__ == "__main__":
    sys.exit(main())
