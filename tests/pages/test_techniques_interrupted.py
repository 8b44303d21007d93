"""A callback that Streamlit ends anywhere, because the next act has come, loses no act.

Streamlit may raise at each use of the session or the address; the test raises at the first,
at the second, and so on, and then lets the next report come.
"""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from segcore.ui.techniques import interactive, pointer, settings


class _Ended(BaseException):
    """As Streamlit's own, it is nothing that handles errors."""


class _Fragile(dict):
    """A session or an address whose n-th use raises."""

    def __init__(self, uses: SimpleNamespace):
        super().__init__()
        self.uses = uses

    def _use(self) -> None:
        self.uses.left -= 1
        if self.uses.left == 0:
            raise _Ended

    def __getitem__(self, key):
        self._use()
        return super().__getitem__(key)

    def __setitem__(self, key, value):
        self._use()
        super().__setitem__(key, value)

    def get(self, key, default=None):
        self._use()
        return super().get(key, default)

    def pop(self, key, *default):
        self._use()
        return super().pop(key, *default)


@pytest.fixture
def uses(monkeypatch) -> SimpleNamespace:
    uses = SimpleNamespace(left=0)
    fake = SimpleNamespace(session_state=_Fragile(uses), query_params=_Fragile(uses))
    fake.session_state[settings._STORE] = {}
    for module in (interactive, settings):
        monkeypatch.setattr(module, "st", fake)
    return uses


@pytest.mark.parametrize("place", range(1, 16))
def test_three_clicks_are_three_acts(uses, monkeypatch, place):
    ground = SimpleNamespace(key="cat", size=(300, 450))
    clicks = [{"n": n, "kind": "point", "x": 100 * n, "y": 9, "adds": True} for n in (1, 2, 3)]

    def report(upto: int) -> None:
        message = {"who": "tab", "picture": "cat", "acts": clicks[:upto]}
        monkeypatch.setattr(pointer, "message", lambda: message)
        interactive._receive(ground)

    report(1)
    uses.left = place
    ended = False
    try:
        report(2)
    except _Ended:
        ended = True
    assert ended or place > 10, "it uses Streamlit less often: the numbers above are too few"
    uses.left = 0
    report(3)
    assert settings.get("prompts", "") == "100,9 200,9 300,9"
    assert interactive.history(ground).undo().undo().acts == interactive.history(ground).acts[:1]
    settings.follow("prompts")
    assert settings.st.query_params["prompts"] == "100,9 200,9 300,9"
    assert interactive._state().inbox.last == {"tab": 3}
