"""Logs from elsewhere on the page Training."""

from __future__ import annotations

import pytest

from segcore.ui.training import foreign

from .training_page import begin, press, visit

CSV = b"epoch,loss,val_loss\n0,1.0,1.1\n1,0.5,0.6\n"


def upload(page, *files: tuple[str, bytes]) -> None:
    page.file_uploader[1].set_value([(*file, "text/csv") for file in files]).run()
    assert not page.exception, page.exception


def titles(page) -> list[str]:
    return [option for option in page.multiselect[0].options if option.endswith("(file)")]


@pytest.fixture
def parsed(monkeypatch) -> list[int]:
    """Return a list that gets the number of files each time some are parsed."""
    counts: list[int] = []
    read = foreign.open_files

    def counted(files):
        counts.append(len(files))
        return read(files)

    monkeypatch.setattr(foreign, "open_files", counted)
    return counts


def test_files_are_read_once_told_apart_and_removed(store, parsed) -> None:
    begin(store, "training")
    page = visit(panel="Compare", **{"with": "training"})
    upload(page, ("training.csv", CSV))
    page.run()
    page.run()
    assert parsed == [1]
    upload(page, ("training.csv", CSV), ("training.csv", CSV.replace(b"0.5", b"0.4")))
    assert len(set(page.session_state["foreign_logs"])) == 3
    assert page.multiselect[0].value[0] == "training" and len(page.multiselect[0].value) == 4
    names = [row["Run"] for row in page.dataframe[0].value.to_dict("records")]
    assert len(set(names)) == 4
    press(page, next(b.label for b in page.button if b.label.startswith("Remove")))
    assert len(page.session_state["foreign_logs"]) == 2
    assert len(page.multiselect[0].value) == 3


def test_a_damaged_file_is_told_once_and_the_others_stay(store) -> None:
    page = visit(panel="Compare")
    upload(page, ("good.csv", CSV))
    upload(page, ("bad.csv", b"no log"))
    assert "bad" in page.error[0].value and len(titles(page)) == 1
    page.run()
    assert not page.error and len(titles(page)) == 1


def test_equal_names_of_folders_are_told_apart(store) -> None:
    page = visit(panel="Compare")
    files = [(f"{folder}/log.csv", CSV) for folder in "ab"]
    page.file_uploader[0].set_value([(*file, "text/csv") for file in files]).run()
    assert len(titles(page)) == 2 and not page.error
