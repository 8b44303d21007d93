"""segcore.mask_files on Pascal VOC's XML."""

import numpy as np
import pytest

from segcore.mask_files import MaskFileError, read
from segcore.objects import union

SIZE = (20, 30)
SIZE_XML = "<size><width>30</width><height>20</height><depth>3</depth></size>"
BOMB = '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;">]>'


def thing(*corners, name="dog", more=""):
    names = ("xmin", "ymin", "xmax", "ymax")
    box = "".join(f"<{n}>{v}</{n}>" for n, v in zip(names, corners, strict=True))
    return f"<object><name>{name}</name><bndbox>{box}</bndbox>{more}</object>"


def document(*objects, size=SIZE_XML):
    return f"<annotation>{size}{''.join(objects)}</annotation>".encode()


def refused(data, size=SIZE):
    with pytest.raises(MaskFileError) as caught:
        read(data, "dog.xml", size)
    message = str(caught.value)
    assert message.startswith("dog.xml") and message.endswith(".") and len(message) < 250
    return message


def test_corners_count_from_one_and_are_included():
    random = np.random.default_rng(0)
    for _ in range(1000):
        x0, y0 = random.integers(1, (31, 21))
        x1, y1 = random.integers((x0, y0), (31, 21))
        expected = np.zeros(SIZE, bool)
        for row in range(y0, y1 + 1):
            expected[row - 1, x0 - 1 : x1] = True
        (found,) = read(document(thing(x0, y0, x1, y1)), "a.xml", SIZE)
        assert found.box == (x0 - 1, y0 - 1, x1, y1)
        assert found.label == "dog"
        np.testing.assert_array_equal(union([found], SIZE), expected)


def test_what_lies_outside_is_cut_or_left_out():
    (left,) = read(document(thing(-4, 0, 5, 90), thing(31, 1, 40, 20)), "a.xml", SIZE)
    assert left.box == (0, 0, 5, 20)
    assert read(document(), "a.xml", SIZE) == []


def test_the_parts_of_an_object_are_no_objects_of_their_own():
    part = "<part><name>head</name><bndbox><xmin>1</xmin></bndbox></part>"
    (found,) = read(document(thing(1, 1, 3, 3, more=part)), "a.xml", SIZE)
    assert found.box == (0, 0, 3, 3)


@pytest.mark.parametrize("size", ["", "<size><width>0</width><height>0</height></size>"])
def test_a_size_that_is_not_known_is_not_checked(size):
    assert len(read(document(thing(1, 1, 3, 3), size=size), "a.xml", SIZE)) == 1


def test_another_size_is_refused():
    assert "30 × 20 pixels, the picture 20 × 30" in refused(document(thing(1, 1, 2, 2)), (30, 20))


def test_too_many_objects_are_refused_before_they_are_drawn():
    data = document(*[thing(1, 1, 4000, 4000)] * 5000, size="")
    assert "holds 5000 objects, more than the 500" in refused(data, (4000, 4000))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-8-sig"])
@pytest.mark.parametrize("name", ["&x;", "&y;", "dog"])
def test_document_types_are_refused_in_every_encoding(encoding, name):
    text = BOMB + document(thing(1, 1, 2, 2, name=name)).decode()
    message = refused(text.encode(encoding))
    assert "document type" in message or "none that can be read" in message


def test_a_file_of_the_server_is_not_read():
    outside = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    assert "document type" in refused((outside + "<annotation>&x;</annotation>").encode())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<annotation>", "the XML is damaged"),
        (b"<annotation>&nbsp;</annotation>", "the XML is damaged"),
        (b"<annotation>\xff</annotation>", "the XML is damaged"),
        (b"<html></html>", "is a <html>; accepted is Pascal VOC's"),
        (b"<" + b"x" * 9999 + b"/>", "; accepted is Pascal VOC's"),
        (b'<?xml version="1.0" encoding="nonsense"?><annotation/>', "damaged"),
        (document("<object/>"), "an object has no <bndbox>"),
        (document("<object><bndbox/></object>"), "damaged"),
        (document(thing("a", 1, 2, 3)), "damaged"),
        (document(thing("nan", 1, 2, 3)), "accepted are numbers up to"),
        (document(thing("1e99", 1, 2, 3)), "accepted are numbers up to"),
        (document(size="<size><width>x</width></size>"), "damaged"),
        (document(size="<size><width>inf</width></size>"), "damaged"),
    ],
)
def test_damage_is_one_sentence(data, message):
    assert message in refused(data)


def test_deep_nesting_does_no_harm():
    deep = b"<annotation>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</annotation>"
    assert read(deep, "a.xml", SIZE) == []
