"""The training program: runs in a process of its own and speaks through a run folder."""

from __future__ import annotations

import json
import math
import os
import signal
import tempfile
import time
import zlib
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import keras
import numpy as np
import psutil
import tensorflow as tf

from segcore import datasets, images
from segcore.files import replace_durably, sha256
from segcore.sample_outlines import square_target
from segcore.sample_pictures import sample_pictures
from segcore.training.distribution import Team, join
from segcore.training.full_disk import full_disk
from segcore.training.machine import fitted, machine
from segcore.training.means import Means
from segcore.training.network import Network
from segcore.training.recipes import Recipe
from segcore.training.recorder import Recorder
from segcore.training.runs import Run
from segcore.training.tasks import task


def train(
    recipe: Recipe,
    data: Sequence[Path | str],
    folder: Path,
    *,
    init: Path | None = None,
    watch: Sequence[str] = (),
    resume: bool = False,
) -> str:
    """Train to the end, to an early stop or until SIGTERM; return "finished" or "stopped".

    Parameters
    ----------
    recipe : Recipe
        Ignored when resuming: the run's own is used.
    data : sequence of Path or str
        What `segcore.datasets.read` knows; the training parts are joined, and the
        first alone gives the validation pictures.
    folder : Path
        The run folder. Of several workers (see `segcore.training.distribution`) the first
        writes it, and all read it to resume.
    init : Path or None
        A ``.keras`` file whose weights to start from: of the same architecture, or of one
        that shares layers with it.
    watch : sequence of str
        Sample pictures of the app to segment after each epoch, beside those of the
        validation.
    resume : bool
        Go on after the last finished epoch of the run in `folder`.

    Raises
    ------
    ValueError
        If the folder holds a run and `resume` is not set, or the other way round, or a
        picture to watch does not exist.
    DatasetError
        If the data cannot be read.
    """
    if Run(folder).exists and not resume:
        raise ValueError(f"{folder} holds a run already; add --resume or name another folder.")
    if resume and not Run(folder).exists:
        raise ValueError(f"{folder} holds no run to resume.")
    if unknown := set(watch) - set(sample_pictures()):
        raise ValueError(
            f"There is no sample picture {', '.join(sorted(unknown))}; "
            f"accepted are {', '.join(sample_pictures())}."
        )
    team = join()
    with tempfile.TemporaryDirectory() as scratch:
        with team.contact():
            run = team.run(folder, Path(scratch), resume)
        with run.own(), full_disk(run):
            return _train(run, team, recipe, data, init, watch, resume)


def _train(
    run: Run,
    team: Team,
    recipe: Recipe,
    data: Sequence[Path | str],
    init: Path | None,
    watch: Sequence[str],
    resume: bool,
) -> str:
    if not resume:
        run.create(
            {
                "recipe": fitted(recipe).to_dict(),
                "data": [datasets.full_name(root) for root in data],
                "init": str(init.resolve()) if init else None,
                "init_sha256": sha256(init) if init and init.is_file() else None,
                "watch": list(watch),
                "machine": machine() + team.suffix,
                "keras": keras.__version__,
                "created": time.time(),
            }
        )
    training = _Training(run, team)
    try:
        with full_disk(run):
            try:
                with team.contact():
                    training.set_up()
            except Exception:
                if not resume:  # nothing was begun: leave the folder free for the next try
                    (run.folder / "run.json").unlink()
                raise
            with team.contact():
                state = training.fit()
    except _Stopped:
        state = "stopped"
    except Exception as error:
        with suppress(OSError):  # what it prints goes to log.txt, for those who look
            run.discard_parts()
            training.status("failed", epoch=run.last_epoch(), message=str(error))
        raise
    training.status(state, epoch=run.last_epoch())
    return state


class _Stopped(BaseException):
    """Asked to stop; no error, so nothing that handles errors may take it."""


class _Training:
    def __init__(self, run: Run, team: Team):
        self.run, self.settings, self.team = run, run.settings(), team
        self.recipe = Recipe.from_dict(self.settings["recipe"])
        self.stopping = False
        self.process_started = psutil.Process().create_time()
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        self.status("loading")

    # === Setting up ===

    def set_up(self) -> None:
        """Load data and network."""
        recipe, init = self.recipe, self.settings["init"]
        keras.utils.set_random_seed(recipe.seed)
        self.recorder = Recorder(self.run)
        self._load(self.settings["data"])
        self._watch(self.settings.get("watch", []))
        self.first_epoch = self.run.rewind()
        self.steps = -(-self.material.training_count // recipe.batch)
        self.team.agree(
            settings=zlib.crc32(json.dumps(recipe.to_dict(), sort_keys=True).encode()),
            pictures=self.material.training_count,
            finished_epochs=self.first_epoch,
        )
        self.network = Network(
            recipe,
            checkpoint=self.run.checkpoint(self.first_epoch) if self.first_epoch else None,
            init=Path(init) if init else None,
            team=self.team,
        )
        self.settings["parameters"] = self.network.model.count_params()
        self.run.create(self.settings)
        self.team.agree(weights=self.network.checksum)
        finished = self.run.records("epochs")
        self.began = time.perf_counter() - (finished[-1].get("elapsed", 0) if finished else 0)

    def _load(self, data: list[str]) -> None:
        self.material = task(self.recipe).material(self.recipe, data, self._go_on)
        for sentence in self.material.damaged:
            print(f"left out: {sentence}", flush=True)
        training, validation = self.material.training_count, self.material.validation_count
        self.settings["pictures"] = {"training": training, "validation": validation}
        print(f"{training} training and {validation} validation pictures", flush=True)
        self.shown = {f"{i}": shown.picture for i, shown in enumerate(self.material.shown)}
        for i, shown in enumerate(self.material.shown):
            self._show(f"{i}", *shown)

    def _watch(self, names: list[str]) -> None:
        side = self.recipe.side
        for name in names:
            picture = images.resize(sample_pictures()[name].picture(), (side, side))
            self.shown[name] = picture
            self._show(name, picture, square_target(name, side))

    def _show(self, name: str, picture: np.ndarray, target: np.ndarray | None) -> None:
        self.recorder.sample(name, picture)
        if target is not None:
            self.recorder.sample(f"{name}-target", target)

    # === The loop ===

    def fit(self) -> str:
        """Train epoch by epoch to the end or an early stop."""
        for epoch in range(self.first_epoch + 1, self.recipe.epochs + 1):
            if self.team.any(self._stopped_improving(epoch - 1)):
                break
            self._train_epoch(epoch)
        self.team.any(False)  # so that all wait for the chief's last checkpoint
        return "finished"

    def _train_epoch(self, epoch: int) -> None:
        """Train and validate one epoch and save it."""
        began = time.perf_counter()
        means = Means(self.network.objective.classes)
        for i, (pictures, targets) in enumerate(self._batches(epoch), 1):
            if self.team.any(self.stopping):
                raise _Stopped
            step_began = time.perf_counter()
            rate = self.recipe.learning_rate_at(epoch - 1 + (i - 1) / self.steps, self.steps)
            self.network.set_learning_rate(rate)
            count = min(
                self.recipe.batch, self.material.training_count - (i - 1) * self.recipe.batch
            )
            loss, counts = self.network.train(pictures, targets, tf.constant(count))
            mean = float(tf.reduce_mean(loss))
            if not math.isfinite(mean):
                raise RuntimeError(
                    f"The loss is {mean} at epoch {epoch}, step {i}; lower --learning-rate."
                )
            means.add(loss, counts)
            self.recorder.step(
                {
                    "step": (epoch - 1) * self.steps + i,
                    "epoch": epoch,
                    "loss": mean,
                    "mean_iou": means.mean_iou,
                    "learning_rate": rate,
                    "seconds": time.perf_counter() - step_began,
                    "elapsed": time.perf_counter() - self.began,
                }
            )
            self.status("running", epoch=epoch, step=i)
        if not self.team.is_chief:
            return
        trained = time.perf_counter()
        validation = self._validate(epoch)
        record = {
            "epoch": epoch,
            "loss": means.loss,
            "mean_iou": means.mean_iou,
            "val_loss": validation.loss,
            "val_mean_iou": validation.mean_iou,
            "learning_rate": rate,
            "seconds": time.perf_counter() - began,
            "elapsed": time.perf_counter() - self.began,
            "pictures_per_second": self.material.training_count / (trained - began),
        }
        self.recorder.epoch(record)
        self._save(epoch)
        print(
            f"epoch {epoch}/{self.recipe.epochs}  loss {means.loss:.4f}  mean IoU "
            f"{means.mean_iou:.4f}  validation {validation.loss:.4f}  {validation.mean_iou:.4f}  "
            f"{record['seconds']:.0f} s",
            flush=True,
        )

    def _validate(self, epoch: int) -> Means:
        means = Means(self.network.objective.classes)
        for pictures, targets in self.material.batches(None):
            self._go_on()
            means.add(*self.network.validate(pictures, targets))
        if self.shown:
            self._predict_shown(epoch)
        return means

    def _predict_shown(self, epoch: int) -> None:
        shown = np.stack(list(self.shown.values())).astype(np.float32)
        batch = tf.constant(self.recipe.normalisation(shown))
        foreground = self.network.objective.foreground(self.network.model, batch)
        for name, probability in zip(self.shown, foreground, strict=True):
            self.recorder.sample(f"{name}-{epoch:04d}", probability)

    def _batches(self, epoch: int):
        return self.team.share(partial(self.material.batches, epoch))

    def _stopped_improving(self, epoch: int) -> bool:
        patience, best = self.recipe.patience, self.run.best_epoch()
        return bool(patience and best) and epoch - best >= patience

    # === What it leaves in the run folder ===

    def _save(self, epoch: int) -> None:
        path = self.run.checkpoint(epoch)
        part = path.with_name(f"part-{path.name}")
        self.network.model.save(part)
        replace_durably(part, path)
        self.run.keep_checkpoint(epoch)

    def status(self, state: str, epoch: int = 0, step: int = 0, message: str = "") -> None:
        """Say in ``status.json`` what this process is doing."""
        self.run.write_status(
            state=state,
            pid=os.getpid(),
            started=self.process_started,
            time=time.time(),
            epoch=epoch,
            step=step,
            message=message,
        )

    def _stop(self, *_) -> None:
        self.stopping = True

    def _go_on(self, *_) -> None:
        if self.stopping and not self.team.workers:  # workers stop together, at a step
            raise _Stopped
