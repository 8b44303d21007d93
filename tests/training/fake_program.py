"""Stands in for ``python -m segcore`` in the tests of the controls: no TensorFlow, no learning.

It speaks through the run folder as the trainer does. How it behaves is told by ``--set``:
seconds=S trains for so long, epochs=N for so many epochs, fail=SENTENCE ends with it, mute=true
ends without a status, children=N starts so many processes that work.
An estimate tells the priority it has.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from segcore.training.runs import Run


def train(args: argparse.Namespace) -> int:
    settings = dict(pair.split("=", 1) for pair in args.set)
    if args.estimate:
        return estimate(settings)
    run = Run(args.run)
    if args.resume:
        settings = run.settings()["recipe"]
    if "mute" in settings:
        print("segcore: There is no recipe 'mute'.", file=sys.stderr)
        return 2
    with run.own():
        if not args.resume:
            run.create({"recipe": settings, "data": args.data, "created": time.time()})
        stopping = []
        signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))

        def status(state: str, epoch: int = 0, message: str = "") -> None:
            run.write_status(
                state=state,
                pid=os.getpid(),
                started=psutil.Process().create_time(),
                time=time.time(),
                epoch=epoch,
                step=0,
                message=message,
            )

        status("loading")
        if "fail" in settings:
            status("failed", message=settings["fail"])
            return 2
        work = [sys.executable, "-c", "while True: pass"]
        children = [subprocess.Popen(work) for _ in range(int(settings.get("children", 0)))]
        end = time.monotonic() + float(settings.get("seconds", 0))
        epoch, last = len(run.records("epochs")), int(settings.get("epochs", 0))
        while (time.monotonic() < end or epoch < last) and not stopping:
            epoch += 1
            run.append("epochs", {"epoch": epoch, "val_mean_iou": 0.5})
            status("running", epoch)
            time.sleep(0.02)
        for child in children:
            child.kill()
        if stopping and "slow" in settings:
            time.sleep(float(settings["slow"]))
        status("stopped" if stopping else "finished", epoch)
    return 0


def estimate(settings: dict[str, str]) -> int:
    if "fail" in settings:
        print(f"segcore: {settings['fail']}", file=sys.stderr)
        return 2
    print("a line of TensorFlow's", file=sys.stderr, flush=True)
    time.sleep(float(settings.get("seconds", 0)))
    autogroup = Path("/proc/self/autogroup")
    told = {"nice": psutil.Process().nice(), "session": os.getsid(0) == os.getpid()}
    told["autogroup"] = autogroup.read_text() if autogroup.is_file() else ""
    print(json.dumps({"seconds": 3.0, **told}), flush=True)
    print("another one", file=sys.stderr)
    return 0


def export(args: argparse.Namespace) -> int:
    if args.name == "refused":
        print("segcore: The engines differ.", file=sys.stderr)
        return 2
    time.sleep(0.3)
    folder = args.weights / args.name
    folder.mkdir(parents=True, exist_ok=True)
    settings = Run(args.run).settings()
    origin = {"name": args.run.name, "created": settings.get("created"), "sha256": "5a"}
    card = {"name": args.name, "training": {"run": origin}}
    (folder / "card.json").write_text(json.dumps(card))
    return 0


def main() -> int:
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    sub = commands.add_parser("train")
    sub.set_defaults(command=train)
    sub.add_argument("--run", type=Path)
    sub.add_argument("--estimate", action="store_true")
    sub.add_argument("--resume", action="store_true")
    for option in ("--set", "--data", "--watch"):
        sub.add_argument(option, action="append", default=[])
    for option in ("--recipe", "--init"):
        sub.add_argument(option)
    sub = commands.add_parser("export")
    sub.set_defaults(command=export)
    sub.add_argument("run", type=Path)
    sub.add_argument("--name", required=True)
    sub.add_argument("--title")
    sub.add_argument("--weights", type=Path, required=True)
    args = parser.parse_args()
    return args.command(args)


if __name__ == "__main__":
    sys.exit(main())
