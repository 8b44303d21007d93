"""`segcore.training.permission`: who may start trainings, as the server sees the visitor."""

import pytest

from segcore.training.permission import training_allowed

HERE = "http://localhost:8501"


@pytest.mark.parametrize(
    ("local", "host", "origin", "forwarded", "allowed"),
    [
        (True, "localhost:8501", HERE, False, True),
        (True, "localhost", "http://localhost", False, True),
        (True, "LOCALHOST", "http://LOCALHOST:8501", False, True),
        (True, "127.0.0.1:8501", "http://127.0.0.1:8501", False, True),
        (True, "[::1]:8501", "http://[::1]:8501", False, True),
        (True, "::1", HERE, False, True),
        (True, "localhost:8501", "https://127.0.0.1", False, True),
        (False, "localhost:8501", HERE, False, False),
        (True, "localhost:8501", HERE, True, False),  # a proxy on the machine speaks for others
        (True, "app.example.org", HERE, False, False),  # a name that resolves to 127.0.0.1
        (True, "localhost.example.org", HERE, False, False),
        (True, "127.0.0.1.example.org:80", HERE, False, False),
        (True, "[::2]:8501", HERE, False, False),
        (True, "192.168.0.7:8501", HERE, False, False),
        (True, "", HERE, False, False),
        # A proxy that sends no X-Forwarded-For, and its own name for the server as Host:
        (True, "localhost:8501", "https://app.example.org", False, False),
        (True, "127.0.0.1:8501", "https://localhost.example.org", False, False),
        (True, "127.0.0.1:8501", "https://[2001:db8::1]:443", False, False),
        (True, "localhost:8501", "null", False, False),
        (True, "localhost:8501", "localhost", False, False),  # no browser writes that
        (True, "localhost:8501", "", False, False),
    ],
)
def test_only_who_sits_at_the_machine(
    monkeypatch: pytest.MonkeyPatch,
    local: bool,
    host: str,
    origin: str,
    forwarded: bool,
    allowed: bool,
) -> None:
    monkeypatch.delenv("SEGCORE_ALLOW_TRAINING", raising=False)
    assert training_allowed(local, host, origin, forwarded) is allowed
    for wish, answer in (("1", True), ("0", False), ("maybe", False)):
        monkeypatch.setenv("SEGCORE_ALLOW_TRAINING", wish)
        assert training_allowed(local, host, origin, forwarded) is answer
