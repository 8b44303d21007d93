"""Damaged runs on the page Training: a sentence each, and the rest of the page works."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from .training_page import begin, visit


def link(path: Path) -> None:
    """Put a link in place of a file."""
    aside = path.with_name(f"real-{path.name}")
    path.rename(aside) if path.exists() else aside.write_bytes(b"weights")
    path.symlink_to(aside)


def append(folder: Path, record: dict) -> None:
    with open(folder / "epochs.jsonl", "a") as file:
        file.write(json.dumps(record) + "\n")


def alter(folder: Path, **recipe) -> None:
    values = json.loads((folder / "run.json").read_text())
    values["recipe"] |= recipe
    (folder / "run.json").write_text(json.dumps(values))


def watched(folder: Path, name: str) -> None:
    """Write a picture, its target and its prediction of epoch 1."""
    picture = Image.fromarray(np.full((32, 32, 3), 90, np.uint8))
    for suffix in ("", "-target", "-0001"):
        picture.save(folder / "samples" / f"{name}{suffix}.png")


def bomb(path: Path, side: int) -> None:
    """Write a PNG of some bytes that claims to be huge."""
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    data = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + data)


@pytest.mark.parametrize(
    "damage",
    [
        lambda f: (f / "epochs.jsonl").write_bytes((f / "epochs.jsonl").read_bytes() + b'{"epo'),
        lambda f: (f / "epochs.jsonl").write_bytes(b"\xff\x00\n{}\n[]\n"),
        lambda f: (f / "epochs.jsonl").unlink(),
        lambda f: (f / "steps.jsonl").unlink(),
        lambda f: (f / "status.json").write_text("{"),
        lambda f: (f / "status.json").unlink(),
        lambda f: (f / "run.json").write_text("[1]"),
        lambda f: (f / "run.json").write_text(json.dumps({"recipe": {"epochs": "many"}})),
        lambda f: (f / "run.json").unlink(),
        lambda f: (f / "about.json").write_text("x"),
        lambda f: (f / "samples" / "0-0001.png").write_bytes(b"no picture"),
        lambda f: (f / "samples" / "0-0001.png").symlink_to("/etc/passwd"),
        lambda f: (f / "samples").rmdir(),
        lambda f: link(f / "steps.jsonl"),
        lambda f: link(f / "epochs.jsonl"),
        lambda f: link(f / "best.keras"),
        lambda f: (f / "best.keras").mkdir(),
        lambda f: (f / "steps.jsonl").unlink() or (f / "steps.jsonl").mkdir(),
        lambda f: append(f, {"epoch": 4, "loss": 0.1, "mean_iou": 0.5}),
        lambda f: append(f, {"loss": 0.1, "val_loss": 0.1, "val_mean_iou": 0.99}),
        lambda f: append(f, {"epoch": 4.5, "val_mean_iou": 0.99, "elapsed": 1e308}),
        lambda f: append(f, {"epoch": float("inf"), "val_mean_iou": 0.99, "elapsed": -1e400}),
        lambda f: (f / "steps.jsonl").write_text('{"step": 0, "epoch": 1, "loss": 1}\n'),
        lambda f: alter(f, epochs=10**30),
        lambda f: alter(f, epochs=3.5),
    ],
)
def test_a_damaged_run_is_shown_as_far_as_it_goes(store, damage) -> None:
    damage(begin(store, "damaged"))
    for panel in ("Watch", "Compare"):
        page = visit(panel=panel, run="damaged", **{"with": ["damaged", "shipped:lecture-32x25"]})
        assert page.query_params["run"] == "damaged"
        assert "Traceback" not in " ".join(e.value for e in page.error)
        assert page.get("plotly_chart") or "cannot be read" in page.error[0].value or page.caption


@pytest.mark.parametrize("file", ["steps.jsonl", "epochs.jsonl"])
def test_a_record_file_that_is_a_link_is_told_once(store, file) -> None:
    link(begin(store, "damaged") / file)
    page = visit(run="damaged")
    assert len(page.error) == 1 and "jsonl cannot be read" in page.error[0].value.replace("\\", "")
    page = visit(panel="Compare", **{"with": ["damaged", "shipped:lecture-32x25"]})
    assert len(page.error) == 1 and len(page.get("plotly_chart")) >= 2


def test_weights_that_are_a_link_are_not_offered(store, offered) -> None:
    link(begin(store, "damaged") / "best.keras")
    page = visit(run="damaged")
    assert any("is a link" in c.value.replace("\\", "") for c in page.caption)
    assert "Best epoch, Keras" not in offered and "Run without weights, ZIP" in offered


def test_the_last_known_time_stands_for_one_that_is_missing(store) -> None:
    append(begin(store, "damaged", epochs=3), {"epoch": 4, "loss": 0.1})
    assert "**3 s**" in [m.value for m in visit(run="damaged").markdown]


def test_pictures_that_are_damaged_or_unknown(store) -> None:
    folder = begin(store, "damaged")
    for name in ("0", "chelsea", "no_such_sample", "torn", "bomb", "huge"):
        watched(folder, name)
    bomb(folder / "samples" / "bomb-0001.png", 3000)
    bomb(folder / "samples" / "huge-0001.png", 60_000)
    torn = folder / "samples" / "torn-0001.png"
    torn.write_bytes(torn.read_bytes()[:60])
    page = visit(run="damaged")
    shown = " ".join(c.value.replace("\\", "") for c in page.caption)
    for title in ("Validation picture 1", "Chelsea", "no_such_sample"):
        assert title in shown
    assert shown.count("cannot be read") == 3
    assert not page.error
