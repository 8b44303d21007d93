"""The readers of data sets on tiny folders in both layouts, made here pixel by pixel."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from segcore import datasets
from segcore.datasets import coco_pets, oxford_pet
from segcore.datasets.samples import VOID, DatasetError, Sample, load_square
from segcore.images import PictureError

# 1 pet, 2 background, 3 border
TRIMAP = np.array([[2, 2, 2, 2], [2, 3, 3, 2], [2, 1, 3, 2]], np.uint8)
PET = np.array([[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0]], bool)


def write_png(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path, "PNG")


def flat(value, height=3, width=4):
    return np.full((height, width, 3), value, np.uint8)


# === Oxford-IIIT Pet ===


@pytest.fixture
def oxford(tmp_path):
    """Write three whole samples in the lists, an XML folder that nobody reads, and a list."""
    for value, name in ((10, "Abyssinian_1"), (20, "beagle_2"), (30, "pug_3")):
        write_png(tmp_path / f"images/{name}.jpg", flat(value))  # a PNG is read by its content
        write_png(tmp_path / f"annotations/trimaps/{name}.png", TRIMAP)
    train = "# Image CLASS-ID SPECIES BREED ID\n\nAbyssinian_1 1 1 1\r\nbeagle_2 5 2 1\n  # end\n"
    (tmp_path / "annotations/trainval.txt").write_text(train)
    (tmp_path / "annotations/test.txt").write_text("pug_3 26 2 19\n")
    return tmp_path


@pytest.mark.parametrize(
    ("split", "names"), [("train", ["Abyssinian_1", "beagle_2"]), ("test", ["pug_3"])]
)
def test_oxford_lists_the_split_without_comments(oxford, split, names):
    samples = datasets.read(oxford, split)
    assert [sample.name for sample in samples] == names
    assert [sample.picture_path for sample in samples] == [
        oxford / "images" / f"{name}.jpg" for name in names
    ]


def test_oxford_counts_the_border_as_pet(oxford):
    picture, mask = datasets.read(oxford, "test")[0].load()
    assert mask.dtype == np.uint8
    np.testing.assert_array_equal(mask, PET)
    np.testing.assert_array_equal(picture, flat(30))


def test_oxford_without_its_list_is_not_complete(oxford):
    (oxford / "annotations/test.txt").unlink()
    with pytest.raises(DatasetError, match="test.txt is missing"):
        datasets.read(oxford, "test")


# === COCO panoptic ===

CATEGORIES = [{"id": 1, "name": "person"}, {"id": 17, "name": "cat"}, {"id": 18, "name": "dog"}]


def panoptic(ids):
    """Write segment ids as COCO does: R + 256 G + 65536 B."""
    ids = np.asarray(ids)
    return np.stack([ids % 256, ids // 256 % 256, ids // 65536], -1).astype(np.uint8)


def coco_index(root, file, pictures):
    index = {"categories": CATEGORIES, "images": [], "annotations": []}
    for number, (name, source, segments, ids) in enumerate(pictures, 1):
        write_png(root / f"images/{name}.jpg", flat(number))
        write_png(root / f"panoptic/{name}.png", panoptic(ids))
        index["images"].append({"id": number, "file_name": f"{name}.jpg", "source": source})
        index["annotations"].append(
            {
                "image_id": number,
                "file_name": f"{name}.png",
                "segments_info": [{"id": i, "category_id": c} for i, c in segments.items()],
            }
        )
    del index["images"][0]["source"]  # it need not be there
    (root / file).write_text(json.dumps(index))


BIG = 255 + 256 * 255 + 65536 * 200  # needs all three channels
HOUSE = [[0, 5, 5, 7], [BIG, BIG, 5, 7], [BIG, 261, 261, 7]]


@pytest.fixture
def coco(tmp_path):
    pets = {5: 1, 7: 17, BIG: 18, 261: 1}  # 261 = 5 + 256: a person, not segment 5
    coco_index(
        tmp_path,
        "panoptic_train.json",
        [
            ("house", "coco", pets, HOUSE),
            ("street", "coco", {5: 1}, np.full((3, 4), 5)),  # people only
            ("oxford", "oxford-pet-gt", {7: 17}, np.full((3, 4), 7)),  # has its own reader
            ("cat", "coco", {9: 17}, np.full((3, 4), 9)),
        ],
    )
    coco_index(tmp_path, "panoptic_val.json", [("val", "coco", {3: 18}, [[3, 0, 0, 0]] * 3)])
    return tmp_path


@pytest.mark.parametrize(("split", "names"), [("train", ["house", "cat"]), ("test", ["val"])])
def test_coco_keeps_pictures_with_pets_of_its_own(coco, split, names):
    assert [sample.name for sample in datasets.read(coco, split)] == names


def test_coco_masks_are_cats_and_dogs(coco):
    picture, mask = datasets.read(coco, "train")[0].load()
    expected = [[VOID if i == 0 else i in (7, BIG) for i in row] for row in HOUSE]
    np.testing.assert_array_equal(mask, expected)
    np.testing.assert_array_equal(picture, flat(1))


def test_coco_without_its_list_is_not_complete(coco):
    (coco / "panoptic_val.json").unlink()
    with pytest.raises(DatasetError, match="panoptic_val.json is missing"):
        datasets.read(coco, "test")


# === Both ===


@pytest.mark.parametrize("layout", ["oxford", "coco"])
def test_unknown_splits_are_refused_by_name(layout, request):
    with pytest.raises(DatasetError, match="no split 'val'; accepted are train and test"):
        datasets.read(request.getfixturevalue(layout), "val")


@pytest.mark.parametrize("folder", ["empty", "missing"])
def test_unknown_folders_are_refused_with_the_next_step(folder, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError) as refused:
        datasets.read(tmp_path / folder, "train")
    message = str(refused.value)
    assert str(tmp_path / folder) in message
    assert "annotations/trainval.txt" in message and "panoptic_train.json" in message
    assert "python -m segcore data download pets" in message


def test_each_layout_is_recognised_by_itself_only(oxford, tmp_path_factory):
    other = tmp_path_factory.mktemp("coco")
    coco_index(other, "panoptic_train.json", [("a", "coco", {}, [[0]])])
    assert oxford_pet.recognises(oxford) and not coco_pets.recognises(oxford)
    assert coco_pets.recognises(other) and not oxford_pet.recognises(other)


# === Damage ===


def cut(path):
    path.write_bytes(path.read_bytes()[:40])


DAMAGES = {
    "missing picture": lambda p: p.picture.unlink(),
    "cut picture": lambda p: cut(p.picture),
    "text for a picture": lambda p: p.picture.write_text("no picture"),
    "empty picture": lambda p: p.picture.write_bytes(b""),
    "missing mask": lambda p: p.mask.unlink(),
    "cut mask": lambda p: cut(p.mask),
    "text for a mask": lambda p: p.mask.write_text("no mask"),
    "empty mask": lambda p: p.mask.write_bytes(b""),
    "mask of another size": lambda p: write_png(p.mask, TRIMAP[:2]),
    "mask turned on its side": lambda p: write_png(p.mask, TRIMAP.T.copy()),
    "mask in colour": lambda p: write_png(p.mask, flat(1)),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_samples_are_listed_and_skipped(oxford, damage):
    paths = SimpleNamespace(
        picture=oxford / "images/Abyssinian_1.jpg",
        mask=oxford / "annotations/trimaps/Abyssinian_1.png",
    )
    DAMAGES[damage](paths)
    samples = datasets.read(oxford, "train")
    with pytest.raises(PictureError):
        samples[0].load()
    pictures, masks, damaged = load_square(samples, 8)
    assert len(damaged) == 1 and "Abyssinian_1" in damaged[0]
    assert len(pictures) == len(masks) == 1
    np.testing.assert_array_equal(pictures[0], np.full((8, 8, 3), 20))  # the beagle


def test_a_mask_cut_anywhere_is_a_picture_error(tmp_path):
    write_png(tmp_path / "a.jpg", flat(9))
    write_png(tmp_path / "a.png", TRIMAP)
    sample = Sample("a", tmp_path / "a.jpg", lambda: oxford_pet.read_trimap(tmp_path / "a.png"))
    whole = (tmp_path / "a.png").read_bytes()
    for length in range(whole.index(b"IDAT") + 8):  # up to the middle of the pixels
        (tmp_path / "a.png").write_bytes(whole[:length])
        with pytest.raises(PictureError, match="^a: the mask cannot be read"):
            sample.load()


def test_a_size_mismatch_names_both_sizes(oxford):
    write_png(oxford / "annotations/trimaps/pug_3.png", TRIMAP[:2])
    with pytest.raises(PictureError, match=r"pug_3: the mask is \(2, 4\).*\(3, 4\)"):
        datasets.read(oxford, "test")[0].load()


# === Squares ===


def test_squares_are_stretched_in_order_and_reported(oxford):
    write_png(oxford / "annotations/trimaps/beagle_2.png", TRIMAP[:2])  # damaged, and last
    seen = []
    samples = [*datasets.read(oxford, "test"), *datasets.read(oxford, "train")]
    pictures, masks, damaged = load_square(samples, 12, lambda *done: seen.append(done))
    assert pictures.shape == (2, 12, 12, 3) and pictures.dtype == np.uint8
    assert masks.shape == (2, 12, 12) and masks.dtype == np.uint8
    assert pictures[:, 0, 0, 0].tolist() == [30, 10]
    for mask in masks:  # 3 rows and 4 columns become 12: blocks of four rows, three columns
        np.testing.assert_array_equal(mask, np.kron(PET, np.ones((4, 3))))
    assert len(damaged) == 1
    assert seen == [(1, 3), (2, 3), (3, 3)]  # the bar reaches its end all the same


def test_no_samples_give_empty_arrays():
    pictures, masks, damaged = load_square([], 16)
    assert pictures.shape == (0, 16, 16, 3) and masks.shape == (0, 16, 16) and damaged == []
