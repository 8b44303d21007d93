"""The command line: ``python -m segcore COMMAND``; each command explains itself with --help."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from segcore.progress import Progress

if TYPE_CHECKING:
    import numpy as np

    from segcore.exporters.scenes import Files
    from segcore.inference.zoo import Card

FIGURES = {
    "epochs": int,
    "batch": int,
    "side": int,
    "patience": int,
    "seed": int,
    "learning_rate": float,
}


def main(argv: list[str] | None = None) -> int:
    """Run a command; expected problems end in one sentence and exit code 2."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # TensorFlow turns oneDNN on by itself with AVX-512 only; with AVX2 it halves a step's time.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    args = _parser().parse_args(argv)
    try:
        return args.command(args) or 0
    except ModuleNotFoundError as error:
        print(
            f"segcore: {error.name} is not installed; `pip install -r requirements-train.txt` "
            "brings what training and exporting need.",
            file=sys.stderr,
        )
        return 2
    except (ValueError, RuntimeError, OSError) as error:
        print(f"segcore: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("segcore: stopped", file=sys.stderr)
        return 130


# === Commands; each imports what it needs, so that the others stay quick ===


def _segment(args: argparse.Namespace) -> int:
    from segcore import images
    from segcore.exporters.pictures import unique_names
    from segcore.inference import zoo

    paths: list[Path] = []
    for path in args.paths:
        paths += images.list_folder(path) if path.is_dir() else [path]
    files = _exporter(args, zoo.card(args.model))
    args.out.mkdir(parents=True, exist_ok=True)
    names, refused = unique_names(path.name for path in paths), 0
    with Progress(len(paths)) as progress:
        for path, name in zip(paths, names, strict=True):
            try:
                picture = images.load(path)
            except images.PictureError as error:
                refused += 1
                progress.say(str(error))
                continue
            for file, content in files(picture, name):
                (args.out / file).parent.mkdir(exist_ok=True)
                (args.out / file).write_bytes(content)
            progress.advance()
    print(f"{len(paths) - refused} pictures segmented, {refused} refused; see {args.out}")
    return 1 if refused else 0


def _exporter(args: argparse.Namespace, card: Card) -> Callable[[np.ndarray, str], Files]:
    """Return what segments a picture, and gives the names and contents of its files."""
    from segcore.exporters import pictures, scenes
    from segcore.inference import scene_tasks
    from segcore.inference.predictor import segment
    from segcore.labels import level

    task = scene_tasks.task_of(card)
    known = scenes.FORMATS[task] if task else pictures.FORMATS
    kinds = args.format.split(",") if args.format else [known[0]]
    if unknown := set(kinds) - set(known):
        raise ValueError(f"--format has {', '.join(unknown)}; accepted are {', '.join(known)}.")
    level(args.threshold)
    if task:
        predict = scene_tasks.predictor(task, card, args.device)

        def of_scene(picture: np.ndarray, name: str) -> Files:
            result = predict(picture)
            return [file for kind in kinds for file in scenes.encode(kind, result, name)]

        return of_scene

    def of_foreground(picture: np.ndarray, name: str) -> Files:
        result = segment(picture, card, device=args.device, tta=args.tta)
        return [
            (pictures.file_name(name, kind), pictures.encode(kind, picture, result, args.threshold))
            for kind in kinds
        ]

    return of_foreground


def _evaluate(args: argparse.Namespace) -> None:
    if args.task == "prompt":
        from segcore.inference.prompt_report import evaluate as evaluate_prompts

        return evaluate_prompts(args)
    if args.task:
        from segcore.inference.scene_report import evaluate as evaluate_scenes

        return evaluate_scenes(args)

    from segcore import datasets
    from segcore.inference import zoo
    from segcore.inference.evaluate import evaluate

    card = zoo.card(args.model)
    samples = datasets.read(args.data, args.split)
    with Progress(len(samples)) as progress:
        figures = evaluate(
            card,
            samples,
            threshold=args.threshold,
            tta=args.tta,
            device=args.device,
            progress=lambda *_: progress.advance(),
        )
    for sentence in figures.pop("damaged"):
        print(f"left out: {sentence}", file=sys.stderr)
    mirrored = ", averaged with the mirrored pictures" if args.tta else ""
    print(f"{card.name} on the {args.split} part of {args.data}{mirrored}")
    for key, value in figures.items():
        shown = "undefined" if value is None else f"{value:.4f}"
        print(f"  {key:<18}{value if isinstance(value, int) else shown:>10}")
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    if args.write_card:
        values = json.loads((card.folder / "card.json").read_text("utf-8"))
        values["metrics"][args.split + ("_tta" if args.tta else "")] = {
            key: value if value is None else round(value, 5) for key, value in figures.items()
        }
        zoo.write_card(card.folder, values)


def _train(args: argparse.Namespace) -> None:
    if not args.resume and not args.data:
        raise ValueError("--data is missing: name the folder of a data set.")

    from segcore.training.changes import change, parse
    from segcore.training.recipes import find

    given = parse(args.set)
    for name in FIGURES:
        if getattr(args, name) is not None:
            given[name] = getattr(args, name)
    if args.resume and (given or args.data or args.init or args.watch):
        raise ValueError("--resume goes on with the run's own settings; leave the others out.")
    recipe = change(find(args.recipe), given)
    if args.estimate:
        from segcore.training.estimate import estimate

        print(json.dumps(estimate(recipe, args.data)))
        return

    from segcore.training.trainer import train

    state = train(recipe, args.data, args.run, init=args.init, watch=args.watch, resume=args.resume)
    print(f"{state}; the run is in {args.run}")


def _export(args: argparse.Namespace) -> None:
    from segcore.inference.zoo import WEIGHTS
    from segcore.training.export import Description, export
    from segcore.training.runs import Run

    about = Description(args.name, args.title or args.name, args.summary, args.terms)
    folder = export(
        Run(args.run),
        about,
        args.weights or WEIGHTS,
        side=args.side,
        keep_aspect=args.keep_aspect,
        average=args.average,
    )
    print(f"exported to {folder}; both engines agree")


def _download(args: argparse.Namespace) -> None:
    from segcore.datasets.download import ProgressBar, download

    with ProgressBar() as bar:
        folder = download(args.name, args.to, progress=bar)
    print(f"{args.name} is in {folder}")


# === Arguments ===


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m segcore", description="Image segmentation.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run, sentence: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=sentence, description=sentence)
        sub.set_defaults(command=run)
        return sub

    sub = command("segment", _segment, "Segment pictures and write masks, overlays, cut-outs.")
    sub.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="pictures or folders")
    sub.add_argument("--out", type=Path, required=True, help="folder to write to")
    sub.add_argument(
        "--format",
        help="comma-separated: mask, overlay, cutout; of scene models coco, panoptic, voc",
    )
    _inference_options(sub)

    sub = command("evaluate", _evaluate, "Measure a model on a data set.")
    sub.add_argument("--data", type=Path, required=True, help="folder of the data set")
    sub.add_argument("--split", default="test", choices=("train", "val", "test"))
    sub.add_argument(
        "--task",
        choices=("semantic", "instance", "panoptic", "prompt"),
        help="what a scene model does, or clicks and boxes of a promptable model",
    )
    sub.add_argument(
        "--prompts",
        default="box,1,3,5",
        help="of --task prompt, comma-separated: box, numbers of clicks (box,1,3,5)",
    )
    sub.add_argument(
        "--baseline",
        metavar="MODEL",
        help="measure the connected parts of this model's class maps beside it",
    )
    sub.add_argument(
        "--objects",
        metavar="MODEL",
        help="of --task panoptic: merge this model's objects with the classes of --model",
    )
    sub.add_argument(
        "--touching",
        action="store_true",
        help="count which touching people, cats and dogs are separate objects",
    )
    sub.add_argument("--json", type=Path, help="file for the figures")
    sub.add_argument("--write-card", action="store_true", help="keep the figures in the card")
    _inference_options(sub)

    sub = command("train", _train, "Train a network; SIGTERM stops it, --resume goes on.")
    sub.add_argument(
        "--recipe",
        default="pets",
        help="lecture-32x25, lecture-32x30, lecture-64x40, pets-lecture, pets, custom, "
        "scenes-panoptic, scenes-maskrcnn or prompt",
    )
    sub.add_argument(
        "--data",
        action="append",
        default=[],
        help="folder of a data set, or synthetic or coins, which are built in; may be given "
        "more than once, the first gives the validation pictures",
    )
    goal = sub.add_mutually_exclusive_group(required=True)
    goal.add_argument("--run", type=Path, help="folder of the run")
    goal.add_argument("--estimate", action="store_true", help="measure two steps, print the time")
    sub.add_argument(
        "--watch",
        action="append",
        default=[],
        metavar="SAMPLE",
        help="a sample picture of the app to segment after each epoch; may be given more than once",
    )
    sub.add_argument("--init", type=Path, help=".keras file whose weights to start from")
    sub.add_argument("--resume", action="store_true", help="go on with the run in --run")
    for name, kind in FIGURES.items():
        option = f"--{name.replace('_', '-')}"
        sub.add_argument(option, type=kind, help=f"short for --set {name}=VALUE")
    sub.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change any setting of the recipe: loss=focal, options.dropout=0.2, "
        "augmentation.rotation=20, augmentation=none, ...; may be given more than once",
    )

    sub = command("export", _export, "Turn a run into a model of the zoo.")
    sub.add_argument("run", type=Path, metavar="RUN", help="folder of the run")
    sub.add_argument("--name", required=True, help="name of the model")
    sub.add_argument("--title", default="", help="name to show")
    sub.add_argument("--summary", default="", help="one sentence about the model")
    sub.add_argument("--terms", default="", help="terms of the data it was trained on")
    sub.add_argument("--side", type=int, default=0, help="input size in use (the recipe's)")
    sub.add_argument(
        "--keep-aspect",
        action="store_true",
        help="keep the picture's proportions: its longest side becomes --side",
    )
    sub.add_argument("--weights", type=Path, help="folder of the zoo (default: weights/)")
    sub.add_argument(
        "--average",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="average the weights with a .keras file of an earlier stage or epoch; may be given "
        "more than once",
    )

    data = command("data", None, "Fetch data sets.").add_subparsers(required=True)
    sub = data.add_parser("download", help="Fetch a data set from its official address.")
    sub.set_defaults(command=_download)
    sub.add_argument("name", help="pets: Oxford-IIIT Pet, 0.8 GB")
    sub.add_argument("--to", type=Path, required=True, help="folder to write to")
    return parser


def _inference_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", default="pets", help="name of a model in weights/")
    parser.add_argument("--threshold", type=float, default=0.5, help="0 to 1, default 0.5")
    parser.add_argument("--tta", action="store_true", help="average with the mirrored picture")
    parser.add_argument("--device", choices=("auto", "cpu", "gpu"), help="default: auto")


if __name__ == "__main__":
    sys.exit(main())
