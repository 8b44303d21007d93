"""When each family wins and when it fails, each shown by a sample where it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from segcore.techniques import clustering, edges, regions, thresholding

DEEP, INTERACTIVE = "Deep networks", "Interactive"


@dataclass(frozen=True)
class Case:
    """A sentence and what shows it: a sample and a method, with what is not a default of it."""

    sentence: str
    sample: str
    method: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Guide:
    """When a family wins, and when it fails."""

    wins: Case
    fails: Case


GUIDES = {
    thresholding.FAMILY: Guide(
        Case("the object is simply brighter than what is around it", "light", "local"),
        Case("light is uneven and one number must do for all pixels", "light", "otsu"),
    ),
    regions.FAMILY: Guide(
        Case("an object is uniform all through, or you can point at it", "hue", "merging"),
        Case("noise makes each pixel unlike its neighbour", "noise", "felzenszwalb"),
    ),
    edges.FAMILY: Guide(
        Case("outlines are sharp and closed", "coins", "canny"),
        Case("noise is as steep as the outline", "noise", "sobel"),
    ),
    clustering.FAMILY: Guide(
        Case("colour tells the object, brightness does not", "hue", "k-means"),
        Case("object and ground share their colours", "coins", "slic"),
    ),
    DEEP: Guide(
        Case("the picture shows what the network was trained on", "chelsea", "model:pets"),
        Case("it does not: coins are no pets", "coins", "model:pets"),
    ),
    INTERACTIVE: Guide(
        Case("you can say where, and what is there has an outline", "coins", "model:prompt"),
        Case(
            "many things are pointed at as one: it looks for a single object",
            "coins",
            "model:prompt",
            {"prompt": "seeds"},
        ),
    ),
}
