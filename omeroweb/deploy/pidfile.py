"""The file that holds the process id of the application server, and what can be said about that process."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

_MARKS = (b"gunicorn", b"omeroweb.deploy.fastcgi")
_POLL = 0.05


class InvalidPidFile(ValueError):
    """The file does not hold a number."""


@dataclass(frozen=True, slots=True)
class PidFile:
    """Written by the application server; it outlives one that was killed."""

    path: Path

    def exists(self) -> bool:
        return self.path.exists()

    def wait_for(self, seconds: float) -> bool:
        """Wait until the file is there; false when it does not come in that time."""
        deadline = time.monotonic() + seconds
        while not self.exists():
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL)
        return True

    def text(self) -> str:
        return self.path.read_text(encoding="utf-8", errors="replace").strip()

    def read(self) -> int:
        """The process id. Raises FileNotFoundError or InvalidPidFile."""
        text = self.text()
        if not text.isascii() or not text.isdigit() or int(text) == 0:
            raise InvalidPidFile(text)
        return int(text)

    def remove(self) -> bool:
        """Remove the file; false when it was gone already."""
        try:
            self.path.unlink()
        except FileNotFoundError:
            return False
        return True


def is_running(pid: int) -> bool:
    """Whether the process lives and is an application server: a crash may leave a number that another process got."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    process = Path("/proc") / str(pid)
    try:
        command = (process / "cmdline").read_bytes()
    except OSError:
        return not Path("/proc/self").exists()
    return any(mark in command for mark in _MARKS)


def terminate(pid: int) -> bool:
    """Ask the process to end; false when there is none."""
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return False
    return True


def wait_for_end(pid: int, seconds: float) -> bool:
    """Wait until the process has ended; false when it still lives after that time."""
    deadline = time.monotonic() + seconds
    while is_running(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL)
    return True
