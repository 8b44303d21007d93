"""`segcore.images` changes nothing outside, in any thread; reading files from a disk."""

import os
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageFile

from segcore import images
from segcore.images import PictureError

from ._files import JPEG, PNG, RGB, ROOT, STRICT, chunk, png
from .test_decode import GOOD
from .test_refusals import BAD

pytestmark = STRICT


# === Side effects ===


def test_nothing_global_changes_in_a_call():
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters))
    for data in (PNG, JPEG[:300], BAD["PNG, bomb of 30,000 x 30,000"][0]):
        try:
            images.decode(data)
        except PictureError:
            pass
    after = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters))
    assert before == after


def test_pillows_warnings_stay_inside(tmp_path):
    """In a process where each warning is an error, sloppy files still give their pictures."""
    mpo = GOOD["JPEG, two frames (MPO)"][0]
    files = {
        "mpo": mpo.replace(b"0100", b"9999", 1)[: len(mpo) - 900],
        "exif": GOOD["JPEG, EXIF cut short is no reason to refuse"][0],
        "apng": PNG[:33] + chunk(b"acTL", bytes(8)) + PNG[33:],
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "large").write_bytes(png(8000, 6000, 1, 0, bytes(99)))  # Pillow would warn
    program = """
import sys
from segcore import images
for path in sys.argv[1:]:
    try:
        print(images.load(path).shape)
    except images.PictureError as error:
        print(error)
print([name for name in ("streamlit", "tensorflow", "skimage", "scipy") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program]
        + [str(tmp_path / name) for name in (*files, "large")],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "(96, 128, 3)",
        "(96, 128, 3)",
        "(12, 17, 3)",
        "large has 8000 × 6000 pixels, more than the 40 megapixels accepted; "
        "make it smaller and try again.",
        "[]",  # nor does the module bring anything heavy with it
    ]


def test_threads_get_what_one_alone_gets():
    def outcome(data: bytes) -> bytes | str:
        try:
            return images.decode(data).tobytes()
        except PictureError as error:
            return str(error)

    files = [data for data, *_ in (*GOOD.values(), *BAD.values())] * 2
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(outcome, files)) == [outcome(data) for data in files]


# === Files on disk ===


def test_load_reads_files(tmp_path):
    path = tmp_path / "wrong extension.jpg"
    path.write_bytes(PNG)
    np.testing.assert_array_equal(images.load(path), RGB)
    np.testing.assert_array_equal(images.load(str(path)), RGB)


def test_load_refuses_in_one_sentence(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "empty.png").touch()
    (tmp_path / "huge.png").touch()
    os.truncate(tmp_path / "huge.png", images.MAX_BYTES + 1)
    table = [
        (tmp_path / "gone.png", "gone.png was not found; "),
        (tmp_path / "gone" / "cat.png", "cat.png was not found; "),
        (tmp_path / "text.png" / "cat.png", "cat.png cannot be opened; "),  # a file as folder
        (tmp_path / "photos", "photos is not a file; "),
        (tmp_path / "text.png", "text.png is not a picture"),
        (tmp_path / "empty.png", "empty.png is empty; "),
        (tmp_path / "huge.png", "huge.png has 20.1 MB, "),
        ("nul\0.png", "nul?.png cannot be opened; "),
        ("n" * 300, "n" * 60),  # longer than file systems allow
    ]
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.png")  # opening it would wait for ever
        table += [(tmp_path / "pipe.png", "pipe.png is not a file; ")]
    for path, start in table:
        with pytest.raises(PictureError) as refused:
            images.load(path)
        assert str(refused.value).startswith(start)
        assert str(tmp_path) not in str(refused.value)


def test_load_looks_at_the_size_before_reading(tmp_path, monkeypatch):
    path = tmp_path / "huge.png"
    path.touch()
    os.truncate(path, images.MAX_BYTES + 1)
    monkeypatch.setattr("builtins.open", lambda *_, **__: pytest.fail("opened"))
    with pytest.raises(PictureError, match="20 MB"):
        images.load(path)
