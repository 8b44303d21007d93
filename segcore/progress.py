"""The progress bar of commands."""

from __future__ import annotations

import sys


class Progress:
    """A progress bar on standard error, silent for a single item."""

    def __init__(self, total: int):
        from rich import progress
        from rich.console import Console

        self._bar = progress.Progress(
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=total < 2,
        )
        self._task = self._bar.add_task("", total=total)

    def __enter__(self) -> Progress:
        self._bar.start()
        return self

    def __exit__(self, *_) -> None:
        self._bar.stop()

    def advance(self) -> None:
        """Count one more."""
        self._bar.advance(self._task)

    def say(self, sentence: str) -> None:
        """Print a sentence above the bar and count one more."""
        print(sentence, file=sys.stderr)
        self.advance()
