"""The page Segment without uploads that fail: samples, settings, address, downloads."""

import csv
import io
import zipfile

import numpy as np
import pytest
from PIL import Image
from skimage import data

from segcore.inference import zoo
from segcore.sample_pictures import sample_pictures
from segcore.ui.views import VIEWS

SIZE = "Size"
PET = "Pet, pixels"
BACKGROUND = "Background, pixels"


def jpeg(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=95)
    return file.getvalue()


CAT = ("cat.jpg", jpeg(data.chelsea()))  # 451 × 300
COFFEE = ("coffee.jpg", jpeg(data.coffee()))  # 600 × 400


def png(content: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
        return np.asarray(picture)


# === Opening ===


@pytest.mark.parametrize("script", ["app.py", "pages/segment.py"])
def test_opens_with_a_sample_segmented(open_page, network_runs, script):
    page = open_page(script)
    assert page.healthy()
    assert len(page.rows()) == 1
    row = page.rows()[0]
    height, width = next(iter(sample_pictures().values())).picture().shape[:2]
    assert row[SIZE] == f"{width} × {height}"
    assert 0 < row[PET] < width * height
    assert row[PET] + row[BACKGROUND] == width * height
    assert len(network_runs) <= 1  # none if another test has shown this sample before


def test_every_model_of_the_zoo_is_offered_and_works(open_page):
    page = open_page()
    assert {"pets", "pets-lecture"} <= set(zoo.names())
    assert set(page.widget("model").options) == set(zoo.names_for("binary"))
    areas = {}
    for name in zoo.names_for("binary"):
        page.choose("model", name)
        assert page.healthy(), name
        areas[name] = page.rows()[0][PET]
    assert len(set(areas.values())) == len(areas), "two models give the very same mask"


@pytest.mark.parametrize("name", sample_pictures())
def test_every_sample_can_be_chosen(open_page, name):
    page = open_page()
    page.click(sample_pictures()[name].title)
    assert page.healthy()
    height, width = sample_pictures()[name].picture().shape[:2]
    assert page.rows()[0][SIZE] == f"{width} × {height}"
    assert page.app.query_params["sample"] == name


# === Settings ===


def test_every_view_shows_another_picture(open_page, network_runs):
    page = open_page()
    before, seen = len(network_runs), {}
    for view in VIEWS:
        page.choose("view", view)
        assert page.healthy(), view
        if view == "Before and after":
            seen[view] = page.app.get("bidi_component")[0].proto.id
        elif view == "Heat map":
            seen[view] = page.app.image[-2].proto.imgs[0].url  # the last is its scale
        else:
            seen[view], alt = page.result()
            assert view in alt
    assert len(set(seen.values())) == len(VIEWS)
    assert len(network_runs) == before


def test_the_threshold_moves_the_area_and_never_runs_the_network(open_page, network_runs):
    page = open_page()
    page.upload([CAT])
    assert len(network_runs) == 1
    areas = []
    for threshold in (0.0, 0.05, 0.3, 0.5, 0.7, 0.95, 1.0):
        page.choose("threshold", threshold)
        assert page.healthy()
        areas.append(page.rows()[0][PET])
    assert areas == sorted(areas, reverse=True)
    assert areas[0] > areas[3] > areas[-1]
    assert len(network_runs) == 1


def test_view_colour_and_opacity_never_run_the_network_but_the_mirror_does(open_page, network_runs):
    page = open_page()
    page.upload([CAT])
    looks = [page.result()[0]]
    page.choose("colour", "#ff0000")
    looks.append(page.result()[0])
    next(s for s in page.app.slider if s.label == "Opacity").set_value(1.0).run()
    looks.append(page.result()[0])
    page.choose("view", "Outline")
    looks.append(page.result()[0])
    assert len(set(looks)) == len(looks)
    assert len(network_runs) == 1
    page.choose("tta", True)
    assert page.healthy()
    assert len(network_runs) == 3


# === The page's address ===


def test_the_address_is_honoured_at_first_load(open_page):
    page = open_page(sample="chelsea", model="pets-lecture", threshold="0.3", view="Mask")
    assert page.healthy()
    assert page.rows()[0][SIZE] == "451 × 300"
    assert page.widget("model").value == "pets-lecture"
    assert page.widget("threshold").value == 0.3
    assert page.widget("view").value == "Mask"
    assert "Mask" in page.result()[1]
    moved = open_page(sample="chelsea")
    moved.choose("model", "pets-lecture")
    moved.choose("threshold", 0.3)
    assert moved.rows() == page.rows()


@pytest.mark.parametrize(
    "nonsense",
    [
        {"threshold": "9"},
        {"threshold": "-1"},
        {"threshold": "nan"},
        {"threshold": "1e999"},
        {"threshold": "half"},
        {"threshold": ""},
        {"threshold": ["0.2", "0.3"]},
        {"view": "Nonsense"},
        {"view": ""},
        {"model": "../../etc"},
        {"model": ""},
        {"sample": "../pets"},
        {"sample": ""},
        {"tta": "perhaps"},
        {"unknown": "parameter"},
        {"sample": "x", "model": "x", "threshold": "x", "view": "x", "tta": "x"},
    ],
    ids=str,
)
def test_a_nonsensical_address_falls_back(open_page, nonsense):
    page, plain = open_page(**nonsense), open_page()
    assert page.healthy()
    assert page.rows() == plain.rows()
    assert page.result() == plain.result()
    assert page.widget("view").value == (None if nonsense.get("view") == "" else VIEWS[0])


# === Downloads ===


def test_downloads_are_png_files_at_the_pictures_own_size(open_page, offered):
    page = open_page()
    page.upload([("my cat.jpeg", CAT[1])])
    page.choose("threshold", 0.4)
    mask, overlay, cutout = (offered[label] for label in ("Mask", "Overlay", "Cut-out"))
    assert mask["file_name"] == "my cat_mask.png"
    assert {b["mime"] for b in (mask, overlay, cutout)} == {"image/png"}
    marked = png(mask["data"]())
    assert marked.shape == (300, 451)
    assert set(np.unique(marked)) == {0, 255}
    assert (marked == 255).sum() == page.rows()[0][PET]
    assert png(overlay["data"]()).shape == (300, 451, 3)
    assert png(cutout["data"]()).shape == (300, 451, 4)
    assert np.array_equal(png(cutout["data"]())[..., 3], marked)


def test_a_large_picture_comes_back_at_full_size(open_page, offered):
    pixels = np.asarray(Image.fromarray(data.chelsea()).resize((2000, 1333)))
    page = open_page()
    page.upload([("large.jpg", jpeg(pixels))])
    marked = png(offered["Mask"]["data"]())
    assert marked.shape == (1333, 2000)
    assert (marked == 255).sum() == page.rows()[0][PET]


def test_areas_are_downloaded_as_csv(open_page, offered):
    page = open_page()
    name = 'Kätzchen, "klein" @2x.jpg'
    page.upload([(name, CAT[1]), COFFEE])
    text = offered["Areas as CSV"]["data"]().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["picture"] for row in rows] == [name, "coffee.jpg"]
    assert [row["Picture"] for row in page.rows()] == [name, "coffee.jpg"]
    assert [int(row["pet_pixels"]) for row in rows] == [row[PET] for row in page.rows()]
    assert (rows[0]["width"], rows[0]["height"]) == ("451", "300")
    part = 100 * int(rows[0]["pet_pixels"]) / (451 * 300)
    assert float(rows[0]["pet_percent"]) == pytest.approx(part, abs=1e-4)


def test_many_pictures_in_one_zip(open_page, offered):
    page = open_page()
    page.upload([CAT, COFFEE, ("cat.png", CAT[1])])
    page.click("Make ZIP of all")
    assert page.healthy()
    with zipfile.ZipFile(io.BytesIO(offered["Download ZIP"]["data"])) as archive:
        assert archive.testzip() is None
        masks = {name: png(archive.read(name)) for name in archive.namelist()}
    assert [mask.shape for mask in masks.values()] == [(300, 451), (400, 600), (300, 451)]
    assert "coffee_mask.png" in masks
    assert [(m == 255).sum() for m in masks.values()] == [row[PET] for row in page.rows()]
