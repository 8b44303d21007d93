"""segcore.mask_files on damaged files: whatever the bytes are, one sentence or objects."""

import base64
import io
import json
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pycocotools import mask as coco_mask

from segcore.mask_files import ACCEPTED, MAX_BYTES, MaskFileError, read

SIZE = (12, 16)
properties = settings(deadline=None, derandomize=True, max_examples=250)


def png(values, **options):
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG", **options)
    return buffer.getvalue()


def sound_files():
    values = np.random.default_rng(0).integers(0, 3, SIZE).astype(np.uint8)
    corners = [[1, 1], [9, 2], [5, 8]]
    mask = base64.b64encode(png(values[:4, :4])).decode()
    rle = coco_mask.encode(np.asfortranarray(values))
    compressed = {"size": [12, 16], "counts": rle["counts"].decode()}
    coco = {
        "images": [{"id": 1, "file_name": "a.jpg", "height": 12, "width": 16}],
        "categories": [{"id": 3, "name": "cat"}],
        "annotations": [
            {"image_id": 1, "category_id": 3, "segmentation": [[1, 1, 9, 2, 5, 8]]},
            {"image_id": 1, "segmentation": {"size": [12, 16], "counts": [90, 60, 42]}},
            {"image_id": 1, "segmentation": compressed},
            {"image_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5},
        ],
    }
    labelme = {
        "imageHeight": 12,
        "imageWidth": 16,
        "shapes": [
            {"label": "a", "points": corners, "shape_type": "polygon"},
            {"label": "b", "points": corners[:2], "shape_type": "circle"},
            {"label": "c", "points": corners[:2], "shape_type": "mask", "mask": mask},
        ],
    }
    voc = (
        "<annotation><size><width>16</width><height>12</height></size><object><name>a</name>"
        "<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>9</xmax><ymax>8</ymax></bndbox></object>"
        "</annotation>"
    )
    sixteen = png(values.astype(np.uint16) * 300)
    return [
        png(values),
        sixteen,
        json.dumps(coco).encode(),
        json.dumps(labelme).encode(),
        voc.encode(),
    ]


FILES = sound_files()


def judged(data):
    """Read the file; nothing but objects of the picture or one sentence may come of it."""
    try:
        objects = read(data, "file.png", SIZE)
    except MaskFileError as error:
        message = str(error)
        assert message.startswith("file.png") and message.endswith(".")
        assert "\n" not in message and len(message) < 300
        return None
    for thing in objects:
        rows, columns = thing.patch.window
        assert 0 <= rows.start < rows.stop <= SIZE[0]
        assert 0 <= columns.start < columns.stop <= SIZE[1]
        assert thing.patch.mask.any() and 0 <= thing.score <= 1
    return objects


# === Fuzzing ===


def test_the_files_are_sound():
    assert [len(judged(data) or ()) for data in FILES] == [2, 2, 4, 3, 1]


@pytest.mark.parametrize("file", range(len(FILES)))
def test_cut_at_every_byte(file):
    for end in range(len(FILES[file])):
        judged(FILES[file][:end])


@pytest.mark.parametrize("file", range(len(FILES)))
def test_changed_bytes(file):
    random = np.random.default_rng(file)
    for _ in range(400):
        data = bytearray(FILES[file])
        for _ in range(random.integers(1, 6)):
            data[random.integers(len(data))] = random.integers(256)
        judged(bytes(data))


@pytest.mark.parametrize("file", range(len(FILES)))
def test_repeated_and_lost_pieces(file):
    random = np.random.default_rng(file)
    for _ in range(200):
        data = FILES[file]
        a, b = sorted(random.integers(0, len(data), 2))
        judged(data[:a] + data[b:])
        judged(data[:b] + data[a:])


numbers = st.integers(-(10**20), 10**20) | st.floats() | st.sampled_from([2**62, 2**63, 10**400])
anything = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@st.composite
def with_a_changed_value(draw):
    content = json.loads(FILES[draw(st.sampled_from([2, 3]))])
    here = content
    while True:
        key = draw(st.sampled_from(sorted(here) if isinstance(here, dict) else range(len(here))))
        inner = here[key]
        if isinstance(inner, dict | list) and inner and draw(st.integers(0, 3)):
            here = inner
            continue
        if draw(st.booleans()):
            here[key] = draw(anything)
        else:
            del here[key]
        return content


@properties
@given(with_a_changed_value())
def test_json_with_a_wrong_or_lost_value(content):
    judged(json.dumps(content).encode())


@properties
@given(st.binary(max_size=60), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"<", b"{", b"["]))
def test_bytes_without_sense(data, start):
    judged(start + data)


# === Known attacks ===


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def header(width, height):
    return b"\x89PNG\r\n\x1a\n" + chunk(
        b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    )


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [0, 7000, 60_000, 2**31 - 1])
def test_a_small_file_that_claims_many_pixels(side):
    pixels = chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    assert judged(header(side, side) + pixels) is None


def test_a_wrong_check_sum_is_damage_and_not_another_mask():
    data = bytearray(FILES[0])
    data[data.index(b"IDAT") + 20] ^= 1
    assert judged(bytes(data)) is None


def test_deep_json():
    for text in (b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000):
        assert judged(text) is None


def test_numbers_with_thousands_of_digits():
    assert judged(b'[{"bbox": [' + b"9" * 10_000 + b", 1, 1, 1]}]") is None


# === Messages ===


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", f"the file is empty; choose {ACCEPTED}."),
        (b" " * 5000, f"the file is none that can be read; accepted are {ACCEPTED}."),
        (b"GIF89a", f"the file is none that can be read; accepted are {ACCEPTED}."),
        (
            b"{" * (MAX_BYTES + 2**19),
            "the file has 20.5 MB, more than the 20 MB accepted; keep the masks of one picture "
            "only.",
        ),
        (
            b"{}",
            'the JSON lacks "annotations" (COCO) and "shapes" (LabelMe); choose one of these.',
        ),
    ],
)
def test_what_is_said(data, message):
    with pytest.raises(MaskFileError) as caught:
        read(data, "m.json", SIZE)
    assert str(caught.value) == f"m.json: {message}"


def test_a_file_one_byte_too_long_is_not_said_to_have_what_is_accepted():
    with pytest.raises(MaskFileError, match=r"has 20\.1 MB, more than the 20 MB"):
        read(b"{" * (MAX_BYTES + 1), "m.json", SIZE)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("../a/b.png", "b.png"), ("", "The file"), ("a\nb\x07.png", "a?b?.png"),
     ("n" * 200 + ".json", "n" * 60 + "…" + "n" * 11 + ".json")],
)  # fmt: skip
def test_names_are_shown_short_and_on_one_line(name, shown):
    with pytest.raises(MaskFileError) as caught:
        read(b"", name, SIZE)
    assert str(caught.value).startswith(f"{shown}: ")


def test_a_byte_order_mark_does_no_harm():
    assert len(judged(b"\xef\xbb\xbf" + FILES[3])) == 3
