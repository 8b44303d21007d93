"""The training program, run as its users run it: ``segcore train`` in a process of its own."""

import json
import math
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segcore.training.runs import Run

from .conftest import TINY, Finished, Launcher

# === A run from beginning to end ===


def test_it_learns(finished: Finished) -> None:
    epochs = Run(finished.folder).records("epochs")
    losses = [record["loss"] for record in epochs]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.8 * losses[0], "an easy data set"
    assert all(math.isfinite(record["val_loss"]) for record in epochs)


def test_what_a_finished_run_holds(finished: Finished) -> None:
    run = Run(finished.folder)
    names = {p.relative_to(run.folder).as_posix() for p in run.folder.rglob("*") if p.is_file()}
    events = {name for name in names if name.startswith("tensorboard/")}
    assert {name.split("/")[1] for name in events} == {"training", "validation"}
    # A fifth of 12 pictures is 2 for the validation; each has itself, its target and 3 results.
    kinds = ("", "-target", "-0001", "-0002", "-0003")
    assert names - events == {
        "lock",
        "run.json",
        "status.json",
        "steps.jsonl",
        "epochs.jsonl",
        "best.keras",
        "checkpoints/0003.keras",
        *(f"samples/{i}{kind}.png" for i in range(2) for kind in kinds),
    }
    status = run.status()
    assert (status["state"], status["epoch"]) == ("finished", 3)
    assert set(status) == {"state", "message", "pid", "started", "time", "epoch", "step"}


def test_settings_say_what_was_trained(finished: Finished, pets: Path) -> None:
    settings = Run(finished.folder).settings()
    assert settings["recipe"] == TINY
    assert settings["data"] == [str(pets.resolve())]
    assert settings["init"] is None
    assert settings["pictures"] == {"training": 10, "validation": 2}


def test_a_record_for_each_step_and_epoch(finished: Finished) -> None:
    run = Run(finished.folder)
    steps, epochs = run.records("steps"), run.records("epochs")
    keys = {"step", "epoch", "loss", "mean_iou", "learning_rate", "seconds", "elapsed"}
    assert all(set(record) == keys for record in steps)
    assert [(r["step"], r["epoch"]) for r in steps] == [  # 10 pictures in batches of 4
        (1, 1), (2, 1), (3, 1), (4, 2), (5, 2), (6, 2), (7, 3), (8, 3), (9, 3),
    ]  # fmt: skip
    keys = {"epoch", "loss", "mean_iou", "val_loss", "val_mean_iou", "learning_rate", "seconds"}
    assert all(set(r) == keys | {"elapsed", "pictures_per_second"} for r in epochs)
    elapsed = [record["elapsed"] for record in steps + epochs]
    assert elapsed[:9] == sorted(elapsed[:9]) and elapsed[9:] == sorted(elapsed[9:])
    assert max(elapsed) == epochs[-1]["elapsed"]
    assert [record["epoch"] for record in epochs] == [1, 2, 3]
    for record in epochs:
        own = [step for step in steps if step["epoch"] == record["epoch"]]
        mean = np.average([step["loss"] for step in own], weights=[4, 4, 2])
        assert record["loss"] == pytest.approx(mean, rel=1e-5), "the last batch is half a one"
        assert record["mean_iou"] == own[-1]["mean_iou"]
        assert record["seconds"] >= sum(step["seconds"] for step in own)
        assert 0 <= record["val_mean_iou"] <= 1
        assert {step["learning_rate"] for step in own} == {TINY["learning_rate"]}


def test_it_says_how_it_goes(finished: Finished) -> None:
    lines = finished.printed.splitlines()
    assert lines[0] == "10 training and 2 validation pictures"
    assert [line.split("  ")[0] for line in lines[1:4]] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    assert lines[4:] == [f"finished; the run is in {finished.folder}"]


def test_samples_are_pictures_of_the_validation(finished: Finished, pets: Path) -> None:
    samples = Run(finished.folder).samples
    originals = {}
    for path in (pets / "images").iterdir():
        small = Image.open(path).resize((32, 32), Image.Resampling.BILINEAR)
        originals[path.stem] = np.asarray(small)
    for i in range(2):
        picture = np.asarray(Image.open(samples / f"{i}.png"))
        found = [name for name, pixels in originals.items() if np.array_equal(pixels, picture)]
        assert len(found) == 1, "one of the data set's, as the network sees it"
        trimap = np.asarray(Image.open(pets / "annotations" / "trimaps" / f"{found[0]}.png"))
        centres = (2 * np.arange(32) + 1) * 48 // 64
        target = np.asarray(Image.open(samples / f"{i}-target.png"))
        assert np.array_equal(target, np.where(trimap[np.ix_(centres, centres)] == 2, 0, 255))
        results = [Image.open(samples / f"{i}-{epoch:04d}.png") for epoch in (1, 2, 3)]
        assert {(r.size, r.mode) for r in results} == {((32, 32), "L")}
        last = np.asarray(results[-1]).astype(float)
        assert last[target == 255].mean() > last[target == 0].mean(), "the disc is brighter"
        assert not np.array_equal(results[0], results[-1])


def test_a_finished_run_has_nothing_to_resume(
    finished: Finished, launcher: Launcher, tmp_path: Path
) -> None:
    run = Run(shutil.copytree(finished.folder, tmp_path / "run"))
    before = {p: p.read_bytes() for p in run.folder.rglob("*") if p.is_file()}
    child = launcher.train(None, run.folder)
    assert child.wait() == 0
    assert "epoch" not in child.printed
    after = {p: p.read_bytes() for p in run.folder.rglob("*") if p.is_file()}
    status = run.folder / "status.json"
    assert after.pop(status) != before.pop(status), "it has another process and time"
    assert after == before
    assert (run.status()["state"], run.status()["epoch"]) == ("finished", 3)


@pytest.mark.parametrize(("seed", "same"), [(0, True), (1, False)])
def test_the_seed_decides(
    finished: Finished, launcher: Launcher, pets: Path, tmp_path: Path, seed: int, same: bool
) -> None:
    child = launcher.train(pets, tmp_path / "run", "--seed", seed)
    assert child.wait() == 0
    keys = ("loss", "mean_iou", "val_loss", "val_mean_iou")
    first, second = (
        [[record[key] for key in keys] for record in Run(folder).records("epochs")]
        for folder in (finished.folder, tmp_path / "run")
    )
    assert np.allclose(first, second, rtol=0, atol=1e-6) == same
    assert Run(tmp_path / "run").settings()["recipe"] == {**TINY, "seed": seed}


# === Stopping, and going on ===


def test_sigterm_stops_cleanly_and_resume_goes_on(
    launcher: Launcher, pets: Path, tmp_path: Path
) -> None:
    run = Run(tmp_path / "run")
    child = launcher.train(pets, run.folder, batch=1, epochs=5)

    def in_third_epoch() -> bool:
        status = run.status()
        return (status.get("epoch"), status.get("step", 0) > 1) == (3, True)

    child.until(in_third_epoch)
    child.signal(signal.SIGTERM)
    assert child.wait() == 0, child.err.read_text()
    kept = run.last_epoch()
    assert kept in (2, 3)  # 3: it was so quick that the epoch was over
    assert (run.status()["state"], run.status()["epoch"]) == ("stopped", kept)
    assert f"stopped; the run is in {run.folder}" in child.printed
    assert [record["epoch"] for record in run.records("epochs")] == list(range(1, kept + 1))

    before = run.records("epochs")
    child = launcher.train(None, run.folder)
    assert child.wait() == 0, child.err.read_text()
    begun = [line.split()[1] for line in child.printed.splitlines() if line.startswith("epoch")]
    assert begun == [f"{epoch}/5" for epoch in range(kept + 1, 6)]
    assert run.records("epochs")[:kept] == before, "what was done stays"
    assert [record["epoch"] for record in run.records("epochs")] == [1, 2, 3, 4, 5]
    assert [record["step"] for record in run.records("steps")] == list(range(1, 51))
    assert run.status()["state"] == "finished"
    assert run.records("epochs")[-1]["loss"] < before[0]["loss"], "not from the beginning"


def test_interrupted_while_loading_it_still_starts_from_the_weights_given(
    finished: Finished, launcher: Launcher, pets: Path, tmp_path: Path
) -> None:
    """A rate of zero shows where it started: the figures are those of the weights given."""
    run, given = Run(tmp_path / "run"), Run(finished.folder)
    child = launcher.train(
        pets, run.folder, "--init", given.best, learning_rate=0.0, epochs=9, patience=2
    )
    child.until(lambda: run.status().get("state") == "loading")
    child.signal(signal.SIGINT)
    assert child.wait() == 0, child.err.read_text()
    assert run.status()["state"] == "stopped"
    assert run.last_epoch() == 0 and not run.best.exists()

    child = launcher.train(None, run.folder)
    assert child.wait() == 0, child.err.read_text()
    best = given.records("epochs")[given.best_epoch() - 1]
    epochs = run.records("epochs")
    for record in epochs:
        assert record["val_loss"] == pytest.approx(best["val_loss"], abs=1e-6)
        assert record["val_mean_iou"] == pytest.approx(best["val_mean_iou"], abs=1e-6)
    assert len(epochs) == 3, "the first, and two without a better one: patience is over"
    assert (run.status()["state"], run.last_epoch(), run.best_epoch()) == ("finished", 3, 1)
    assert run.settings()["init"] == str(given.best)


# === Recipes ===


def test_warm_up_cosine_and_all_the_rest(launcher: Launcher, pets: Path, tmp_path: Path) -> None:
    """What the shipped models are trained with, and damaged files among the good."""
    data = shutil.copytree(pets, tmp_path / "pets")
    (data / "images" / "Disc_2.jpg").write_bytes((pets / "images" / "Disc_2.jpg").read_bytes()[:99])
    (data / "images" / "Disc_5.jpg").unlink()
    Image.new("L", (9, 9)).save(data / "annotations" / "trimaps" / "Disc_7.png")
    augmentation = {
        "flip": True, "rotation": 15.0, "scale": 0.3, "shift": 0.1,
        "elastic": 0.02, "brightness": 0.2, "contrast": 0.25, "saturation": 0.3,
    }  # fmt: skip
    child = launcher.train(
        data,
        tmp_path / "run",
        optimizer="adam",
        loss="cross_entropy+dice",
        schedule="cosine",
        warmup_epochs=1.0,
        augmentation=augmentation,
        mixed_precision=True,
    )
    assert child.wait() == 0, child.err.read_text()
    run = Run(tmp_path / "run")
    assert sum(run.settings()["pictures"].values()) == 9
    assert run.settings()["recipe"]["augmentation"] == augmentation
    left_out = [line for line in child.printed.splitlines() if line.startswith("left out: ")]
    assert len(left_out) == 3
    for name in ("Disc_2", "Disc_5", "Disc_7"):
        assert any(name in line for line in left_out), f"{name} is not said to be left out"

    steps = -(-run.settings()["pictures"]["training"] // TINY["batch"])
    peak = TINY["learning_rate"]
    rising = [peak * (i + 1) / steps for i in range(steps)]
    falling = [
        peak * (0.505 + 0.495 * math.cos(math.pi * i / (2 * steps))) for i in range(2 * steps)
    ]
    rates = [record["learning_rate"] for record in run.records("steps")]
    assert rates == pytest.approx(rising + falling)
    losses = [record["loss"] for record in run.records("epochs")]
    assert losses[-1] < losses[0]


# === Refusals ===


def test_a_run_is_neither_overwritten_nor_made_up(
    finished: Finished, launcher: Launcher, pets: Path, tmp_path: Path
) -> None:
    before = (finished.folder / "epochs.jsonl").read_bytes()
    children = {
        "holds a run already; add --resume": launcher.train(pets, finished.folder),
        "holds no run to resume": launcher.train(None, tmp_path / "nothing"),
    }
    for sentence, child in children.items():
        assert child.wait() == 2
        assert sentence in child.complaint and child.complaint.count("\n") == 1
    assert (finished.folder / "epochs.jsonl").read_bytes() == before
    assert not (tmp_path / "nothing").exists()


def test_what_cannot_be_trained_leaves_the_folder_free(
    finished: Finished, launcher: Launcher, pets: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    without_pictures = shutil.copytree(pets, tmp_path / "without_pictures")
    shutil.rmtree(without_pictures / "images")
    single = shutil.copytree(pets, tmp_path / "single")
    (single / "annotations" / "trainval.txt").write_text("Disc_0 1 1 1\n")
    run, wider = tmp_path / "run", {"options": {"base_width": 4, "depth": 2}}
    tries = [  # one after the other into the same folder, as a user would
        ("is no data set known here", (tmp_path / "empty",), {}),
        ("is no data set known here", (tmp_path / "missing",), {}),
        ("too few pictures that can be read", (without_pictures,), {}),
        ("too few pictures", (single,), {}),
        ("There is no loss 'hinge'", (pets,), {"loss": "hinge"}),
        ("There is no architecture 'vgg'", (pets,), {"architecture": "vgg"}),
        ("nothing.keras", (pets, "--init", tmp_path / "nothing.keras"), {}),
        ("weight", (pets, "--init", finished.folder / "best.keras"), wider),
    ]
    for sentence, (data, *arguments), recipe in tries:
        child = launcher.train(data, run, *arguments, **recipe)
        assert child.wait() == 2, f"{sentence}: {child.err.read_text()}"
        assert sentence in child.complaint
        assert "Traceback" not in child.complaint
        assert not Run(run).exists, f"after {sentence!r} the folder is taken"
    child = launcher.train(pets, run, epochs=1)
    assert child.wait() == 0, child.err.read_text()


def test_figures_of_the_recipe_can_be_changed(
    launcher: Launcher, pets: Path, tmp_path: Path
) -> None:
    changes = {"epochs": 1, "batch": 5, "side": 16, "patience": 4, "learning-rate": 0.002}
    arguments = [word for name, value in changes.items() for word in (f"--{name}", value)]
    child = launcher.train(pets, tmp_path / "run", "--data", pets, *arguments)
    assert child.wait() == 0, child.err.read_text()
    settings = json.loads((tmp_path / "run" / "run.json").read_text())
    changed = {name.replace("-", "_"): value for name, value in changes.items()}
    assert settings["recipe"] == {**TINY, **changed}
    # Both folders' pictures train, only the first one's validate.
    assert settings["pictures"] == {"training": 10 + 12, "validation": 2}
    assert Image.open(tmp_path / "run" / "samples" / "0-0001.png").size == (16, 16)
