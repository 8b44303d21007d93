"""Who may start trainings, and on which folders: as the owner of a deployment says."""

from __future__ import annotations

import os
from pathlib import Path

from segcore.training.names import RunError, shorten

LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]", "::1")


def training_allowed(ip_is_local: bool, host: str, origin: str, forwarded: bool) -> bool:
    """Say whether a visitor may start, stop and delete trainings.

    ``SEGCORE_ALLOW_TRAINING`` decides for all visitors: 1 or 0. If it is not set, only a
    visitor from the machine itself may. Behind a proxy set it: a proxy that names neither
    the visitor nor the host passes a browser's Origin on, but a client may send any.

    Parameters
    ----------
    ip_is_local : bool
        Whether the request came from a loopback address.
    host : str
        The Host header, with or without a port. A foreign name that resolves to this
        machine is no proof of a local visitor.
    origin : str
        The Origin header, which browsers send whenever they open a WebSocket: scheme and
        host of the address in the visitor's browser.
    forwarded : bool
        Whether it has an X-Forwarded-For header, so that a proxy stands between.
    """
    wish = os.environ.get("SEGCORE_ALLOW_TRAINING", "").strip().lower()
    if wish:
        return wish in ("1", "true", "yes", "on")
    names = (_name(host), _name(origin.partition("://")[2]))
    return ip_is_local and not forwarded and all(name in LOCAL_HOSTS for name in names)


def _name(host: str) -> str:
    """Return a host without its port."""
    name = host.strip().lower()
    if name.startswith("["):
        return name.partition("]")[0] + "]"
    return name.partition(":")[0] if name.count(":") == 1 else name


def check_data(folder: str) -> None:
    """Raise a `RunError` for a data set that visitors may not name.

    ``SEGCORE_DATA`` lists the folders (as in ``PATH``) in which the data sets of the form
    must lie; if it is not set, any folder will do.
    """
    roots = [root for root in os.environ.get("SEGCORE_DATA", "").split(os.pathsep) if root]
    path = Path(folder).resolve()
    if roots and not any(path.is_relative_to(Path(root).resolve()) for root in roots):
        raise RunError(
            f"{shorten(folder)} is not in a folder that SEGCORE_DATA names; "
            f"data sets here lie in {' or '.join(roots)}."
        )
