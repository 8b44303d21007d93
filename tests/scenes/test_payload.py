"""What the viewer gets, unpacked again; the sentences about it."""

import base64
import zlib

import numpy as np
import pytest

from segcore.class_sets import SCENES
from segcore.scenes.layers import instance_layer, semantic_layer
from segcore.scenes.legend import legend
from segcore.scenes.merge import Change, Changes
from segcore.ui.compare.explain import TASKS, VIEWS
from segcore.ui.compare.figures import changes_text
from segcore.ui.compare.payload import View, payload, summary
from tests.scene_models import SEMANTIC_SCORE, models, predict, scene


@pytest.fixture(scope="module")
def layers():
    card = models("semantic")["flat"]
    return {
        "semantic": semantic_layer(predict("semantic", scene(), card, "cpu")),
        "instance": instance_layer(predict("instance", scene(), card, "cpu")),
    }


@pytest.fixture(scope="module")
def content(layers):
    views = [View("picture", "Picture", None, "", "a scene")]
    views += [View(key, key, layer, "", key) for key, layer in layers.items()]
    rows = legend(layers, SCENES)
    return payload(
        "one", b"jpeg", (240, 320), views, rows, look="overlay", names=False, isolated=""
    )


def unpacked(text, dtype):
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype).reshape(240, 320)


def test_the_maps_come_back_exactly(content, layers):
    for view in content["views"][1:]:
        assert np.array_equal(unpacked(view["ids"], "<u2"), layers[view["key"]].ids)


def test_scores_of_pixels_come_back_within_half_a_step(content):
    scores = unpacked(content["views"][1]["scores"], np.uint8)
    assert np.abs(scores.astype(int) - SEMANTIC_SCORE).max() <= 7
    assert "scores" not in content["views"][2]


def test_ten_known_pixels(content):
    wanted = {
        (10, 10): ("sky", None), (310, 100): ("sky", None), (10, 230): ("vegetation", None),
        (40, 100): ("cat", "cat 1"), (95, 179): ("cat", "cat 1"), (32, 60): ("cat", "cat 1"),
        (96, 60): ("cat", "cat 2"), (159, 120): ("cat", "cat 2"), (224, 96): ("dog", "dog 1"),
        (287, 215): ("dog", "dog 1"),
    }  # fmt: skip
    semantic, instance = content["views"][1:]
    for (x, y), (of_class, of_object) in wanted.items():
        entry = semantic["entries"][str(unpacked(semantic["ids"], "<u2")[y, x])]
        assert entry["name"] == of_class
        number = unpacked(instance["ids"], "<u2")[y, x]
        assert (instance["entries"][str(number)]["name"] if number else None) == of_object


def test_equal_contents_have_equal_stamps_and_others_differ(content, layers):
    views = [View(key, key, layer, "", key) for key, layer in layers.items()]
    common = {"look": "flat", "names": False, "isolated": ""}
    first = payload("one", b"jpeg", (240, 320), views, [], **common)
    assert first["stamp"] == payload("one", b"jpeg", (240, 320), views, [], **common)["stamp"]
    assert first["stamp"] != content["stamp"]


def test_a_layer_of_another_size_is_refused(layers):
    view = View("semantic", "", layers["semantic"], "", "")
    with pytest.raises(ValueError, match="views are"):
        payload("one", b"", (10, 10), [view], [], look="flat", names=False, isolated="")


def test_a_summary_counts_objects_and_names_stuff(layers):
    assert summary(layers["semantic"]) == "sky 38 %, vegetation 32 %, cat 20 %, dog 10 %"
    assert summary(layers["instance"]) == "2 × cat 20 %, 1 × dog 10 %"


def test_every_rule_has_its_words():
    dropped = Changes(Change(2, 4), Change(1, 3), Change(3, 2), Change(1, 1), Change(2, 6))
    assert changes_text(dropped, (10, 10)) == (
        "the score threshold dropped 2 objects (4 pixels, 4.0 %); "
        "the overlap threshold dropped 1 object (3 pixels, 3.0 %); "
        "3 objects lost pixels to better ones (2 pixels, 2.0 %); "
        "the minimum area dropped 1 kind of stuff (1 pixels, 1.0 %); "
        "2 classes of things had pixels that no object claimed (6 pixels, 6.0 %)."
    )


def test_each_task_has_two_sentences():
    for text in TASKS.values():
        assert text.count(". ") == 1
        assert text.endswith(".")
    assert set(VIEWS) == {"semantic", "instance", "panoptic", "truth", "errors"}
