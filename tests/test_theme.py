"""The theme's colours can be read: WCAG 2.1 contrast, success criterion 1.4.3."""

import tomllib
from pathlib import Path

import pytest

from segcore.render import parse_colour

THEME = tomllib.loads((Path(__file__).parents[1] / ".streamlit" / "config.toml").read_text())[
    "theme"
]


def luminance(colour: str) -> float:
    """Relative luminance as WCAG defines it."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (value / 255 for value in parse_colour(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_of_black_and_white_is_21():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("front", ["textColor", "primaryColor", "linkColor"])
@pytest.mark.parametrize("back", ["backgroundColor", "secondaryBackgroundColor"])
def test_text_reaches_the_contrast_of_level_aa(mode, front, back):
    assert contrast(THEME[mode][front], THEME[mode][back]) >= 4.5
