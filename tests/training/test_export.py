"""`segcore export`: a trained run becomes a model of the zoo, the same in both engines."""

import hashlib
import json
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import keras
import numpy as np
import onnx
import onnxruntime
import pytest
from skimage import data

from segcore import models
from segcore.__main__ import main
from segcore.files import sha256
from segcore.inference import predictor, runtime, zoo
from segcore.training import export as exporting
from segcore.training.runs import Run

from .conftest import Finished

LARGE = 1024  # tensors from this size on are stored in half precision
ABOUT = {"title": "A tiny one", "summary": "Finds discs – bright ones.", "terms": "drawn here"}


@dataclass
class Exported:
    """A run, the zoo it was exported to, and the card."""

    run: Run
    weights: Path
    card: zoo.Card

    def network(self) -> keras.Model:
        return models.load(self.card.folder / "model.keras")

    def onnx(self) -> onnx.ModelProto:
        return onnx.load(self.card.folder / "model.onnx")


@pytest.fixture(scope="module")
def exported(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    weights = tmp_path_factory.mktemp("weights")
    words = [word for key, value in ABOUT.items() for word in (f"--{key}", value)]
    run = ["export", str(finished.folder), "--name", "tiny", "--weights", str(weights)]
    assert main([*run, "--side", "64", "--keep-aspect", *words]) == 0
    return Exported(Run(finished.folder), weights, zoo.card("tiny", weights))


@pytest.fixture
def keras_engine(
    exported: Exported, monkeypatch: pytest.MonkeyPatch
) -> Iterator[runtime.KerasEngine]:
    """The second engine; what it changes in Keras for its process is put back."""
    monkeypatch.setattr(keras.backend, "clear_session", keras.backend.clear_session)
    yield runtime.KerasEngine(exported.card.folder / "model.keras", gpu=False)


# === What is in the folder ===


def test_the_folder_holds_three_files(exported: Exported) -> None:
    names = {path.name for path in exported.card.folder.iterdir()}
    assert names == {"model.keras", "model.onnx", "card.json"}
    assert exported.card.folder == exported.weights / "tiny"


def test_the_card_says_what_it_is(exported: Exported) -> None:
    values = json.loads((exported.card.folder / "card.json").read_text("utf-8"))
    network = exported.network()
    wanted = {
        "name": "tiny",
        **{key: ABOUT[key] for key in ("title", "summary")},
        "architecture": "lecture_unet",
        "parameters": sum(int(np.prod(w.shape)) for w in network.get_weights()),
        "side": 64,
        "keep_aspect": True,
        "normalisation": {"mean": 0.0, "std": 255.0},
        "classes": ["pet"],
        "tasks": ["binary"],
        "metrics": {},
    }
    assert {key: values[key] for key in wanted} == wanted
    assert set(values) == {*wanted, "training", "files"}


def test_the_card_says_how_it_was_trained(exported: Exported) -> None:
    training, records = exported.card.training, exported.run.records("epochs")
    assert training["terms"] == ABOUT["terms"]
    assert training["recipe"] == "tiny"
    assert training["data"] == "pets (10 pictures, 3 epochs)"
    assert "cores" in training["machine"]
    assert 0 <= training["engines_differ_by"] < 1e-3
    minutes = round(sum(record["seconds"] for record in records) / 60, 1)
    assert training["minutes"] == minutes
    best = max(records, key=lambda record: record["val_mean_iou"])["epoch"]
    assert training["stages"] == [
        {
            "recipe": "tiny", "data": ["pets"], "pictures": 10, "epochs": 3, "best_epoch": best,
            "learning_rate": 0.003, "batch": 4, "side": 32, "minutes": minutes,
        }
    ]  # fmt: skip


def test_the_card_says_whose_weights_they_are(exported: Exported) -> None:
    assert exported.card.training["run"] == {
        "name": "finished",
        "created": exported.run.settings()["created"],
        "sha256": hashlib.sha256(exported.run.best.read_bytes()).hexdigest(),
    }


def test_sizes_and_checksums_are_the_files(exported: Exported) -> None:
    assert set(exported.card.files) == {"model.keras", "model.onnx"}
    for name, entry in exported.card.files.items():
        content = (exported.card.folder / name).read_bytes()
        assert entry == {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        assert exported.card.file(name) == exported.card.folder / name
    assert zoo.names(exported.weights) == ["tiny"]
    assert zoo.problem(exported.card) is zoo.problem(exported.card, "model.keras") is None


def test_nothing_tells_of_the_machines_folders(exported: Exported, finished: Finished) -> None:
    for path in exported.card.folder.iterdir():
        content = path.read_bytes()
        for folder in (finished.folder, exported.weights, Path.home() / "x"):
            assert str(folder.parent).encode() not in content, path.name


def test_the_keras_file_has_no_optimiser(exported: Exported) -> None:
    def groups(path: Path) -> tuple[set[str], bool]:
        with zipfile.ZipFile(path) as archive:
            compiled = bool(json.loads(archive.read("config.json")).get("compile_config"))
            with archive.open("model.weights.h5") as file, h5py.File(file) as weights:
                return set(weights), compiled

    names, compiled = groups(exported.run.best)
    assert "optimizer" in names and compiled, "the checkpoint has one"
    names, compiled = groups(exported.card.folder / "model.keras")
    assert "optimizer" not in names and not compiled
    assert "layers" in names


def test_the_weights_are_the_best_epochs(exported: Exported) -> None:
    best = models.load(exported.run.best).get_weights()
    weights = exported.network().get_weights()
    assert len(best) == len(weights)
    rounded = 0
    for trained, shipped in zip(best, weights, strict=True):
        if trained.size >= LARGE:
            assert np.array_equal(trained.astype(np.float16).astype(np.float32), shipped)
            rounded += 1
        else:
            assert np.array_equal(trained, shipped)
    assert rounded >= 4


def test_large_tensors_are_stored_in_half_precision(exported: Exported) -> None:
    tensors = {
        tensor.name: (tensor.data_type, int(np.prod(tensor.dims)))
        for tensor in exported.onnx().graph.initializer
        if tensor.data_type in (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16)
    }
    large = {kind for kind, size in tensors.values() if size >= LARGE}
    small = {kind for kind, size in tensors.values() if size < LARGE}
    assert large == {onnx.TensorProto.FLOAT16}
    assert small == {onnx.TensorProto.FLOAT}
    weights = sum(4 * w.size for w in exported.network().get_weights())
    assert exported.card.files["model.onnx"]["bytes"] < weights


def test_height_width_and_batch_are_free(exported: Exported) -> None:
    (given,), (returned,) = exported.onnx().graph.input, exported.onnx().graph.output
    for value, channels in ((given, 3), (returned, 1)):
        batch, height, width, last = value.type.tensor_type.shape.dim
        assert not (batch.dim_value or height.dim_value or width.dim_value)
        assert last.dim_value in (channels, 0)
        assert value.type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    assert exported.network().input_shape == (None, None, None, 3)


# === Both engines ===


@pytest.mark.parametrize(
    "shape",
    [(1, 64, 64), (1, 97, 131), (1, 33, 1), (1, 1, 1), (1, 5, 300), (2, 31, 50), (3, 4, 4)],
    ids=str,
)
def test_the_engines_agree_on_any_size(
    exported: Exported, keras_engine: runtime.KerasEngine, shape: tuple[int, int, int]
) -> None:
    batch = np.random.default_rng(3).uniform(0, 1, (*shape, 3)).astype(np.float32)
    ours = runtime.OnnxEngine(exported.card.folder / "model.onnx")(batch)
    theirs = keras_engine(batch)
    assert ours.shape == theirs.shape == (*shape, 1)
    assert ours.dtype == theirs.dtype == np.float32
    assert np.abs(ours - theirs).max() < 1e-3
    assert 0 <= ours.min() <= ours.max() <= 1


def test_a_picture_is_segmented_alike(
    exported: Exported, keras_engine: runtime.KerasEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = data.chelsea()[:201, :333]
    first = predictor.segment(picture, exported.card, device="cpu")
    assert first.device == "CPU (ONNX Runtime)" and first.size == (201, 333)
    monkeypatch.setattr(runtime, "engine", lambda *_: keras_engine)
    second = predictor.segment(picture, exported.card)
    assert second.device == "CPU (Keras)"
    assert first.coarse.shape == second.coarse.shape == (32, 64), "aspect kept, to 32s"
    assert np.abs(first.coarse.astype(int) - second.coarse.astype(int)).max() <= 1
    assert first.coarse.std() > 0


def test_the_model_finds_what_it_was_trained_for(exported: Exported, pets: Path) -> None:
    from segcore.datasets import read

    picture, target = read(pets, "test")[0].load()
    probability = predictor.segment(picture, exported.card, device="cpu").probability()
    assert probability[target == 1].mean() > probability[target == 0].mean() + 25


def test_the_difference_is_measured(exported: Exported) -> None:
    """`largest_difference` sees a network that is not the one in the ONNX file."""
    from segcore.training.recipes import Recipe

    recipe = Recipe.from_dict(exported.run.settings()["recipe"])
    folder, network = exported.card.folder, exported.network()
    measured = exporting.largest_difference(network, folder, recipe)
    assert measured == pytest.approx(exported.card.training["engines_differ_by"], abs=1e-6)
    *others, bias = network.get_weights()
    network.set_weights([*others, bias + 0.5])
    assert exporting.largest_difference(network, folder, recipe) > 0.01


# === Other runs ===


@pytest.mark.parametrize("source", ["run", "zoo", "replaced"])
def test_earlier_stages_are_told_first(exported: Exported, tmp_path: Path, source: str) -> None:
    init = exported.run.best if source == "run" else exported.card.folder / "model.keras"
    fingerprint = sha256(init) if source == "zoo" else "of what stood there before"
    first = "weights of tiny" if source == "replaced" else "tiny"
    later = Run(shutil.copytree(exported.run.folder, tmp_path / "later"))
    settings = later.settings()
    settings["recipe"]["name"] = "second"
    later.create(
        {**settings, "data": ["/far/away/scenes"], "init": str(init), "init_sha256": fingerprint}
    )
    about = exporting.Description("later", "", "", "")
    exporting.export(later, about, tmp_path / "weights", side=32, keep_aspect=False)
    card = zoo.card("later", tmp_path / "weights")
    assert card.training["recipe"] == f"{first} → second"
    assert card.training["data"].split(" → ")[-1] == "scenes (10 pictures, 3 epochs)"
    assert [stage["recipe"] for stage in card.training["stages"]] == [first, "second"]
    assert (card.side, card.keep_aspect) == (32, False)
    assert "far" not in (card.folder / "card.json").read_text("utf-8")


def test_weights_are_averaged(exported: Exported, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(exporting, "largest_difference", lambda *_: 0.0)
    best = models.load(exported.run.best).get_weights()
    others = []
    for number, factor in enumerate((3, 5)):
        network = models.load(exported.run.best)
        network.set_weights([factor * values for values in best])
        network.save(tmp_path / f"{number}.keras")
        others.append(tmp_path / f"{number}.keras")
    about = exporting.Description("mean", "", "", "")
    folder = exporting.export(exported.run, about, tmp_path / "weights", average=others)
    for trained, mean in zip(best, models.load(folder / "model.keras").get_weights(), strict=True):
        np.testing.assert_allclose(mean, 3 * trained, rtol=1e-3, atol=1e-6)
    told = zoo.card("mean", tmp_path / "weights").training["averaged_with"]
    assert told == [f"{tmp_path.name}/0.keras", f"{tmp_path.name}/1.keras"]


def test_what_cannot_be_averaged_is_refused(
    exported: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = models.build("lecture_unet", input_shape=(32, 32, 3), base_width=4, depth=2)
    other.save(tmp_path / "other.keras")
    command = ["export", str(exported.run.folder), "--name", "x", "--weights", str(tmp_path)]
    for name, reason in (("other.keras", "of another network"), ("gone.keras", "is no file")):
        assert main([*command, "--average", str(tmp_path / name)]) == 2
        assert reason in capsys.readouterr().err
    assert zoo.names(tmp_path) == []


def test_a_run_without_an_epoch_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run(tmp_path / "begun")
    run.create({"recipe": {}})
    about = exporting.Description("x", "", "", "")
    with pytest.raises(exporting.ExportError, match="no finished epoch"):
        exporting.export(run, about, tmp_path / "weights", side=32, keep_aspect=False)
    assert not (tmp_path / "weights").exists()
    command = ["export", str(tmp_path / "nowhere"), "--name", "x", "--weights", str(tmp_path)]
    assert main(command) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("segcore: ") and "no finished epoch" in printed.err
    assert printed.err.count("\n") == 1


def test_engines_that_differ_are_refused(
    exported: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "largest_difference", lambda *_: 0.0011)
    about = exporting.Description("x", "", "", "")
    with pytest.raises(exporting.ExportError, match=r"differ by 0\.0011"):
        exporting.export(exported.run, about, tmp_path, side=32, keep_aspect=False)
    assert zoo.names(tmp_path) == [], "without a card it is no model"


def test_the_onnx_file_runs_in_plain_onnx_runtime(exported: Exported) -> None:
    session = onnxruntime.InferenceSession(
        exported.card.folder / "model.onnx", providers=["CPUExecutionProvider"]
    )
    (given,) = session.get_inputs()
    (result,) = session.run(None, {given.name: np.zeros((1, 32, 32, 3), np.float32)})
    assert result.shape == (1, 32, 32, 1)
