"""The button that estimates the time: what it shows, keeps, and tries again."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from segcore.training.names import RunError
from segcore.ui.training import estimate

ROOT = Path(__file__).resolve().parents[2]
FOUND = {"seconds": 90.0, "steps": 8, "step_seconds": 0.05, "pictures": 240, "parameters": 1234}


def test_successes_are_kept_and_failures_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEGCORE_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("SEGCORE_ALLOW_TRAINING", "1")
    answers: list[dict | RunError] = [RunError("There is no memory left."), FOUND]

    def measure(order, tell) -> dict:
        tell(None)
        tell(3.0)
        answer = answers.pop(0)
        if isinstance(answer, RunError):
            raise answer
        return answer

    monkeypatch.setattr(estimate, "measure", measure)
    page = AppTest.from_file(ROOT / "pages" / "training.py", default_timeout=60)
    page.query_params["panel"] = "Start"
    page.run()

    def button():
        return [b for b in page.button if b.label == "Estimate the time"]

    button()[0].click().run()
    assert [e.value for e in page.error] == ["There is no memory left."]
    button()[0].click().run()
    assert not page.error and not page.exception
    assert not page.run().error and not button(), "it is known now"
    assert "1,234 parameters" in " ".join(m.value for m in page.markdown)
    assert not answers
