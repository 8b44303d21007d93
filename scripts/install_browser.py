"""Makes sure that there is a Chromium for the browser tests.

Uses one that is installed; else the package manager's (Debian, as root); else Playwright's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

CANDIDATES = ("chromium", "chromium-browser", "google-chrome")


def main() -> int:
    """Find or install a browser; return the exit code of what was tried last."""
    if os.environ.get("SEGCORE_BROWSER") or any(shutil.which(name) for name in CANDIDATES):
        return 0
    if shutil.which("apt-get") and os.name == "posix" and os.geteuid() == 0:
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]
        return subprocess.run([*command, "fonts-liberation"]).returncode
    return subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"]).returncode


if __name__ == "__main__":
    sys.exit(main())
