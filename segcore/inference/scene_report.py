"""The command ``evaluate --task``: figures as lines to read, as JSON, and in a card."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any

from segcore.inference import scene_tasks, zoo
from segcore.inference.evaluate_scenes import Predict
from segcore.inference.zoo import Card
from segcore.progress import Progress


def evaluate(args: argparse.Namespace) -> None:
    """Run the command; what it is given is in ``args``, see ``--help``."""
    card = zoo.card(args.model)
    job = scene_tasks.job(args.task, args.data, args.split)
    predictors = {"": _predictor(args, card)}
    if args.baseline:
        classes = scene_tasks.predictor("semantic", zoo.card(args.baseline), args.device)
        predictors["baseline"] = scene_tasks.baseline(args.task, classes)
    figures: dict[str, Any] = {}
    for name, predict in predictors.items():
        with Progress(len(job.samples)) as progress:
            found = job.run(predict, lambda *_, bar=progress: bar.advance())
        for sentence in found.pop("damaged"):
            print(f"left out: {sentence}", file=sys.stderr)
        if args.touching:
            found |= job.touching(predict)
        figures |= {name: found} if name else found
    print(f"{card.name}, {args.task}, on the {args.split} part of {args.data}")
    print("\n".join(lines(figures)))
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    if args.write_card:
        values = json.loads((card.folder / "card.json").read_text("utf-8"))
        name = f"{args.data.resolve().name}_{args.task}"
        name += f"_with_{args.objects}" if args.objects else ""
        values["metrics"][name] = card_figures(figures)
        zoo.write_card(card.folder, values)


def _predictor(args: argparse.Namespace, card: Card) -> Predict:
    if not args.objects:
        return scene_tasks.predictor(args.task, card, args.device)
    classes = scene_tasks.predictor("semantic", card, args.device)
    objects = scene_tasks.predictor("instance", zoo.card(args.objects), args.device)
    return scene_tasks.merged(args.task, classes, objects)


def lines(figures: dict[str, Any], indent: str = "  ") -> Iterator[str]:
    """Yield a line for each figure; those by class stand under their title."""
    for key, value in figures.items():
        if isinstance(value, dict):
            yield f"{indent}{key}"
            yield from lines(value, indent + "  ")
        else:
            yield f"{indent}{key:<24}{_shown(value):>10}"


def card_figures(value: Any) -> Any:
    """Return figures with five digits; what is undefined stays None.

    Examples
    --------
    >>> card_figures({"images": 2, "iou": {"cat": 0.1234567, "dog": None}})
    {'images': 2, 'iou': {'cat': 0.12346, 'dog': None}}
    """
    if isinstance(value, dict):
        return {key: card_figures(inner) for key, inner in value.items()}
    return round(value, 5) if isinstance(value, float) else value


def _shown(value: float | int | None) -> str:
    if value is None:
        return "undefined"
    return str(value) if isinstance(value, int) else f"{value:.4f}"
