"""The sample pictures: a few in ``samples/``, others from scikit-image's own data."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from PIL import Image, ImageOps

from segcore import images


@dataclass(frozen=True)
class SamplePicture:
    """A picture that comes with the app.

    Attributes
    ----------
    name, title, alt : str
        For addresses, for people, and in words for those who do not see it.
    source, author, licence : str
        Where it comes from and on which terms.
    file, skimage : str
        A file in ``samples/`` or the name of a picture of scikit-image; one of them is set.
    source_url, licence_url, changes, notice, package_file : str
        What a licence wants said, empty where it wants nothing.
    pages : list of str
        The pages that show it: ``segment`` (and those that show the same pets), ``compare``.
    """

    name: str
    title: str
    alt: str
    source: str
    author: str
    licence: str
    file: str = ""
    skimage: str = ""
    source_url: str = ""
    licence_url: str = ""
    changes: str = ""
    notice: str = ""
    package_file: str = ""
    pages: tuple[str, ...] = ("segment",)

    @property
    def file_name(self) -> str:
        """Name of the picture's file."""
        return self.file or f"{self.skimage}.png"

    def data(self) -> bytes:
        """Return the file's bytes."""
        if self.file:
            return (resources.files("segcore") / "samples" / self.file).read_bytes()
        return (resources.files("skimage") / "data" / self.file_name).read_bytes()

    def picture(self) -> np.ndarray:
        """Return (height, width, 3) uint8 RGB."""
        return images.decode(self.data(), self.title)

    def middle(self, size: tuple[int, int]) -> np.ndarray:
        """Return the largest middle part of a shape, scaled to it: (*size, 3) uint8 RGB.

        Much quicker than `picture`: a JPEG is decoded at the smallest scale that suffices.
        """
        with Image.open(io.BytesIO(self.data())) as opened:
            opened.draft("RGB", size[::-1])
            fitted = ImageOps.fit(opened.convert("RGB"), size[::-1], Image.Resampling.BILINEAR)
        return np.array(fitted)


def sample_pictures(page: str = "segment") -> dict[str, SamplePicture]:
    """Return a page's samples by name, in the order in which they are shown."""
    return {name: sample for name, sample in _all().items() if page in sample.pages}


@cache
def _all() -> dict[str, SamplePicture]:
    text = (resources.files("segcore") / "samples" / "samples.json").read_text("utf-8")
    return {values["name"]: SamplePicture(**values) for values in json.loads(text)}
