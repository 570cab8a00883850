"""Bring the pages' libraries into `static/vendor`: `npm ci`, then `tools/vendor.mjs`. Standard library only."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class FrontEndError(Exception):
    """The libraries could not be brought in; the message says why."""


def is_current() -> bool:
    """Whether `static/vendor` was made from the present lock file."""
    node = shutil.which("node")
    if node is None:
        return False
    check = [node, str(ROOT / "tools" / "vendor.mjs"), "--check"]
    return subprocess.run(check, cwd=ROOT, stdin=subprocess.DEVNULL).returncode == 0


def provide() -> None:
    """Make `static/vendor` unless it is current. Raises FrontEndError."""
    if is_current():
        return
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        raise FrontEndError(
            "the pages' libraries need nodejs and npm; install them with\n  apt-get install nodejs npm"
        )
    for command in ([npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], [node, "tools/vendor.mjs"]):
        result = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if result.returncode:
            raise FrontEndError(f"{' '.join(command[1:])} failed:\n{result.stdout}{result.stderr}")
