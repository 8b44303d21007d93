"""The zoo: cards as they are read, and models whose files are not what the card says."""

import json
import os

import pytest

from segcore.files import sha256
from segcore.inference import zoo
from segcore.inference.zoo import Card, ModelUnavailable
from segcore.normalisation import Normalisation


def test_a_card_is_read_as_written(make_model):
    metrics = {"test": {"images": 263, "iou_dataset": 0.91}}
    folder = make_model("pets", metrics=metrics, side=384, keep_aspect=True)
    card = Card.read(folder)
    assert (card.name, card.side, card.keep_aspect) == ("pets", 384, True)
    assert card.normalisation == Normalisation(0, 255)
    assert card.metrics == metrics and card.classes == ["pet"]
    assert card.folder == folder


def test_names_are_the_folders_with_a_card(make_model, tmp_path, monkeypatch):
    for name in ("pets-lecture", "pets"):
        make_model(name)
    (tmp_path / "weights" / "unfinished").mkdir()
    (tmp_path / "weights" / "readme.txt").write_text("not a model")
    assert zoo.names(tmp_path / "weights") == ["pets", "pets-lecture"]
    monkeypatch.setattr(zoo, "WEIGHTS", tmp_path / "weights")
    assert zoo.names() == ["pets", "pets-lecture"]
    assert zoo.card("pets").name == "pets"


def test_models_are_offered_for_their_tasks_and_a_damaged_card_for_masks(
    make_model, tmp_path, monkeypatch
):
    make_model("mask")
    make_model("scenes", tasks=["semantic", "panoptic"])
    make_model("broken")
    (tmp_path / "weights" / "broken" / "card.json").write_text("{")
    monkeypatch.setattr(zoo, "WEIGHTS", tmp_path / "weights")
    monkeypatch.setenv("SEGCORE_MODELS", str(tmp_path / "none"))
    assert zoo.names_for("binary") == ["broken", "mask"]
    assert zoo.names_for("semantic") == zoo.names_for("panoptic") == ["scenes"]
    assert zoo.names_for("prompt") == []


def test_a_folder_that_is_missing_holds_no_models(tmp_path):
    assert zoo.names(tmp_path / "none") == []
    with pytest.raises(ModelUnavailable, match="no model 'pets'; there are none yet"):
        zoo.card("pets", tmp_path / "none")


@pytest.mark.parametrize("name", ["sam", "", "../pets", "."])
def test_unknown_names_are_refused_with_the_list(name, make_model, tmp_path):
    make_model("pets")
    make_model("other")
    with pytest.raises(ModelUnavailable) as refused:
        zoo.card(name, tmp_path / "weights")
    assert repr(name) in str(refused.value) and "there are other, pets" in str(refused.value)


def without(key):
    def change(text):
        values = json.loads(text)
        del values[key]
        return json.dumps(values)

    return change


DAMAGED_CARDS = {
    "empty": lambda text: "",
    "cut": lambda text: text[: len(text) // 2],
    "not a table": lambda text: "[1, 2]",
    "no name": without("name"),
    "no normalisation": without("normalisation"),
    "no files": without("files"),
    "a field too many": lambda text: text.replace('"title"', '"extra": 1, "title"'),
    "half a normalisation": lambda text: text.replace('"mean": 0,', ""),
    "not UTF-8": lambda text: b"\xff\xfe" + text.encode(),
}


@pytest.mark.parametrize("damage", DAMAGED_CARDS)
def test_damaged_cards_say_so_and_leave_the_rest(damage, make_model, tmp_path):
    make_model("good")
    path = make_model("bad") / "card.json"
    data = DAMAGED_CARDS[damage](path.read_text())
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    with pytest.raises(ModelUnavailable, match="^bad is unavailable: its card.json cannot be read"):
        zoo.card("bad", tmp_path / "weights")
    assert zoo.problem(zoo.card("good", tmp_path / "weights")) is None


# === Files ===


@pytest.fixture
def card(make_model):
    return Card.read(make_model("pets"))


def test_a_whole_model_has_no_problem(card):
    for file in ("model.onnx", "model.keras"):
        assert card.file(file) == card.folder / file
        assert zoo.problem(card, file) is None


DAMAGED_FILES = {
    "missing": (lambda path: path.unlink(), "model.onnx is missing"),
    "a folder": (lambda path: (path.unlink(), path.mkdir()), "model.onnx is missing"),
    "empty": (lambda path: path.write_bytes(b""), "SHA-256 differs"),
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:-1]), "SHA-256 differs"),
    "one byte changed": (lambda path: path.write_bytes(b"An ONNX file"), "SHA-256 differs"),
    "a pointer of Git LFS": (lambda path: path.write_text("version https"), "SHA-256 differs"),
}


@pytest.mark.parametrize("damage", DAMAGED_FILES)
def test_damaged_files_are_unavailable_with_the_reason(damage, card):
    change, reason = DAMAGED_FILES[damage]
    change(card.folder / "model.onnx")
    with pytest.raises(ModelUnavailable, match=f"^pets is unavailable: .*{reason}") as refused:
        card.file("model.onnx")
    assert "fetch the repository again, or export the model" in str(refused.value)
    assert zoo.problem(card) == str(refused.value)
    assert zoo.problem(card, "model.keras") is None  # the other engine's file is fine


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "missing"),  # the card knows no such file, though it is there
        ({"model.onnx": {"bytes": 12}}, "SHA-256 differs"),  # no fingerprint to hold it to
        ({"model.onnx": {"bytes": 12, "sha256": ""}}, "SHA-256 differs"),  # an empty one
    ],
)
def test_files_that_the_card_does_not_vouch_for_are_refused(files, reason, make_model):
    path = make_model("pets") / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"files": files}))
    with pytest.raises(ModelUnavailable, match=f"^pets is unavailable: .*{reason}"):
        Card.read(path.parent).file("model.onnx")


def test_a_file_that_changes_later_is_noticed(card):
    path = card.file("model.onnx")
    path.write_bytes(b"another file")
    os.utime(path, ns=(1, 1))
    with pytest.raises(ModelUnavailable, match="SHA-256 differs"):
        card.file("model.onnx")


def test_the_file_is_read_once(card, monkeypatch):
    reads = []
    monkeypatch.setattr(zoo, "sha256", lambda path: reads.append(path) or sha256(path))
    for _ in range(3):
        card.file("model.onnx")
    assert len(reads) == 1
