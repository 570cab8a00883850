"""One script as a sub-process with a folder of its own (contract/server.md, section 2.20)."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path

_ENVIRONMENT = (
    "PATH", "HOME", "USER", "LANG", "LC_ALL", "LANGUAGE", "TZ", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH",
    "VIRTUAL_ENV", "SYSTEMROOT", "TEMP", "TMP",
)  # fmt: skip
"""Variables that a script inherits; others may hold passwords."""


PID = "pid"
"""File in the folder that names the process."""


def remove_leftovers(parent: Path) -> int:
    """End scripts that run on from an earlier process of the server, and remove all folders; returns how many."""
    folders = [folder for folder in parent.glob("script-*") if folder.is_dir()]
    for folder in folders:
        _end_orphan(folder)
        shutil.rmtree(folder, ignore_errors=True)
    return len(folders)


def _end_orphan(folder: Path) -> None:
    """Kill the process of a folder if it is still the one that works there; only Linux tells."""
    try:
        number = int((folder / PID).read_text(encoding="utf-8"))
        works_there = os.readlink(f"/proc/{number}/cwd") == str(folder.resolve())
        if works_there:
            os.killpg(number, signal.SIGKILL)
    except (OSError, ValueError):
        # No such process, or no such system: nothing to end.
        return


class ScriptSubprocess:
    """A Python script that runs in a new folder, which also takes its configuration, output and error output."""

    def __init__(self, parent: Path, text: bytes, properties: Mapping[str, str], omero_home: Path) -> None:
        parent.mkdir(parents=True, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix="script-", dir=parent))
        self.out, self.err = self.folder / "out", self.folder / "err"
        self._lock = threading.Lock()
        (self.folder / "script").write_bytes(text)
        config = self.folder / "config"
        config.write_text("".join(f"{key}={value}\n" for key, value in properties.items()), encoding="utf-8")
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        environment |= {
            "ICE_CONFIG": str(config),
            "OMERO_HOME": str(omero_home),
            "OMERODIR": str(omero_home),
            "OMERO_TMPDIR": str(self.folder),
            "PYTHONIOENCODING": "utf-8",
        }
        try:
            with self.out.open("wb") as out, self.err.open("wb") as err:
                self._process = subprocess.Popen(
                    [sys.executable, "./script"],
                    cwd=self.folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                    # A group of its own, so that what the script starts is ended with it.
                    start_new_session=True,
                )
            (self.folder / PID).write_text(str(self._process.pid), encoding="utf-8")
        except BaseException:
            self.remove()
            raise

    def wait(self, seconds: float) -> int | None:
        """The return code; None when the script still runs after that time."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def terminate(self) -> None:
        """Ask the script to end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the script and all that it started, at once."""
        self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))

    def _signal(self, number: int) -> None:
        with self._lock:
            # `wait` alone takes the return code in; until then the process id cannot belong to anybody else.
            if self._process.returncode is not None:
                return
            if not hasattr(os, "killpg"):
                self._process.terminate()
                return
            try:
                os.killpg(self._process.pid, number)
            except ProcessLookupError:
                # It ended by itself in the meantime.
                return

    def text(self, limit: int = 20_000) -> str:
        """What the script wrote: error output, or output when there is none; the last characters of it."""
        for path in (self.err, self.out):
            content = path.read_text(encoding="utf-8", errors="replace").strip()
            if content:
                return content[-limit:]
        return ""

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
