"""Copies a finished run into ``segcore/shipped_runs/``: records and watched sample pictures.

    python scripts/ship_run.py RUN NAME --title TITLE --notes NOTES

Left behind are checkpoints, event files, the folders' paths, and every picture of the
training's own data, which may not be passed on.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from segcore import models
from segcore.sample_outlines import square_target
from segcore.sample_pictures import sample_pictures
from segcore.training.runs import Run
from segcore.ui.training.library import SHIPPED

DIGITS = 6


def main() -> None:
    """Copy, and print the size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("name")
    parser.add_argument("--title", required=True)
    parser.add_argument("--notes", default="")
    args = parser.parse_args()
    source, folder = Run(args.run), SHIPPED / args.name
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "samples").mkdir(parents=True)
    settings = source.settings()
    settings["parameters"] = models.load(source.best).count_params()
    settings["data"] = [Path(root).name for root in settings["data"]]
    settings["init"] = Path(settings["init"]).name if settings["init"] else None
    about = {"title": args.title, "notes": args.notes, "created": settings["created"]}
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
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{folder}: {size / 1e6:.1f} MB")


def _copy_picture(source: Path, target: Path) -> None:
    """Copy a picture; probabilities keep their upper four bits, which is a fourth of the size."""
    with Image.open(source) as opened:
        pixels = np.asarray(opened)
    shown = Image.fromarray(pixels & 0xF0 if pixels.ndim == 2 else pixels)
    shown.save(target, optimize=True)


def _rounded(record: dict) -> dict:
    return {k: round(v, DIGITS) if isinstance(v, float) else v for k, v in record.items()}


if __name__ == "__main__":
    main()
