"""The README says only what is true: figures as in the cards, licences as in the samples."""

from pathlib import Path

import pytest

from segcore.inference import zoo
from segcore.sample_pictures import sample_pictures
from segcore.training.recipes import RECIPES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("name", ["pets", "pets-lecture"])
def test_the_table_of_models_equals_the_cards(name):
    card = zoo.card(name)
    (row,) = (line for line in README.splitlines() if line.startswith(f"| `{name}` | {card.title}"))
    assert f"{card.parameters:,}" in row
    assert f"| {card.metrics['test']['iou_dataset']:.4f} |" in row
    assert f"| {card.metrics['test_tta']['iou_dataset']:.4f} |" in row
    assert f"{card.training['minutes']:.0f} minutes" in row
    assert card.metrics["test"]["images"] == 263


SAMPLES = sample_pictures() | sample_pictures("compare")


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=lambda sample: sample.name)
def test_every_sample_is_credited(sample):
    (row,) = (line for line in README.splitlines() if line.startswith(f"| {sample.title} |"))
    assert sample.author in row and sample.licence in row and sample.source in row


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_is_named(recipe):
    assert f"`{recipe}`" in README


def test_the_screenshot_is_there():
    assert (ROOT / "docs" / "segment.png").stat().st_size > 50_000
