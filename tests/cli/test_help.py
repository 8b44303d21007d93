"""What the command line says of itself."""

from __future__ import annotations

import re

import pytest

from segcore.__main__ import main

COMMANDS = {
    "segment": ("PATH", "--model", "--out", "--format", "--threshold", "--tta", "--device"),
    "evaluate": ("--model", "--data", "--split", "--tta", "--json", "--write-card"),
    "train": ("--recipe", "--data", "--run", "--resume", "--init", "--epochs"),
    "export": ("RUN", "--name", "--side", "--keep-aspect"),
    "data": ("download",),
    "data download": ("name", "--to"),
}


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    assert left.value.code == 0
    printed = capsys.readouterr().out
    assert printed.startswith("usage: python -m segcore")
    for command in COMMANDS:
        assert re.search(rf"^ +{command.split()[0]} +\w", printed, re.M), command


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([*command.split(), "--help"])
    assert left.value.code == 0
    printed = capsys.readouterr().out
    assert f"usage: python -m segcore {command}" in printed
    for word in COMMANDS[command]:
        assert word in printed


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ([], "COMMAND"),
        (["fly"], "fly"),
        (["segment"], "PATH"),
        (["segment", "a.png"], "--out"),
        (["segment", "a.png", "--out", "o", "--threshold", "half"], "half"),
        (["segment", "a.png", "--out", "o", "--device", "tpu"], "tpu"),
        (["evaluate"], "--data"),
        (["evaluate", "--data", "d", "--split", "all"], "all"),
        (["train", "--data", "d"], "--run"),
        (["train", "--run", "r", "--epochs", "many"], "many"),
        (["export", "r"], "--name"),
        (["data"], "download"),
        (["data", "download", "pets"], "--to"),
    ],
    ids=" ".join,
)
def test_misuse_ends_with_a_hint(
    arguments: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    assert hint in capsys.readouterr().err.splitlines()[-1]
