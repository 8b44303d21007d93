"""The command ``evaluate --task prompt``: figures as lines to read, as JSON, and in a card."""

from __future__ import annotations

import argparse
import json
import sys

from segcore.datasets import targets
from segcore.inference import evaluate_prompts, zoo
from segcore.inference.prompt import PromptPredictor
from segcore.inference.scene_report import card_figures, lines
from segcore.progress import Progress


def evaluate(args: argparse.Namespace) -> None:
    """Run the command; what it is given is in ``args``, see ``--help``."""
    prompts = evaluate_prompts.parse(args.prompts)
    predictor = PromptPredictor(zoo.card(args.model), args.device)
    samples = targets.read(args.data, "train" if args.split == "train" else "test")
    with Progress(len(samples)) as progress:
        figures = evaluate_prompts.evaluate(
            predictor, samples, prompts, lambda *_: progress.advance()
        )
    for sentence in figures.pop("damaged"):
        print(f"left out: {sentence}", file=sys.stderr)
    print(f"{predictor.card.name}, prompts, on the {args.split} part of {args.data}")
    print("\n".join(lines(figures)))
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    if args.write_card:
        folder = predictor.card.folder
        values = json.loads((folder / "card.json").read_text("utf-8"))
        values["metrics"][f"{args.data.resolve().name}_prompt"] = card_figures(figures)
        zoo.write_card(folder, values)
