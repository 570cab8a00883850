"""An installation of OMERO.web of its own per test, driven by the real `omero web` command."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from omero.config import ConfigXml

from omeroweb.deploy.site import Site

# The `omero` program refuses to run as root, which tests may be.
OMERO = [
    sys.executable,
    "-c",
    "import sys; sys.argv[0] = 'omero'; from omero.cli import argv; sys.exit(argv())",
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Installation:
    """One OMERODIR and the port its site listens on."""

    omero_dir: Path
    port: int

    @property
    def pid_file(self) -> Path:
        return self.omero_dir / "var" / "django.pid"

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "OMERODIR": str(self.omero_dir), "TMPDIR": str(self.omero_dir / "tmp")}

    def configure(self, **properties: str) -> None:
        """Set `omero.web.*` properties, given without that prefix; `__` stands for a dot."""
        path = self.omero_dir / "etc" / "grid" / "config.xml"
        path.parent.mkdir(parents=True, exist_ok=True)
        config = ConfigXml(str(path))
        try:
            for name, value in properties.items():
                config["omero.web." + name.replace("__", ".")] = value
        finally:
            config.close()

    def omero(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `omero` with these arguments to its end."""
        return subprocess.run(
            [*OMERO, *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def launch(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `omero` with these arguments and leave it running."""
        return subprocess.Popen(
            [*OMERO, *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def status_of(self, path: str, seconds: float = 40) -> int:
        """HTTP status of a page, asked for until the site answers."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
                    return int(answer.status)
            except urllib.error.HTTPError as error:
                return error.code
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)


def site_of(installation: Installation, **facts: Any) -> Site:
    """What `omero web` would read of an installation with default properties but `facts`, without its start-up time."""
    values: dict[str, Any] = {
        "omero_dir": installation.omero_dir,
        "application_server": "wsgi-tcp",
        "host": "127.0.0.1",
        "port": installation.port,
        "workers": 1,
        "threads": 1,
        "worker_class": "sync",
        "worker_connections": 1000,
        "timeout": 60,
        "max_requests": 0,
        "arguments": None,
        "cache_backend": None,
        "prefix": None,
        "static_url": "/static/",
        "static_root": str(installation.omero_dir / "var" / "static"),
        "nginx_extra": [],
    }
    return Site(**{**values, **facts})


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """A site that is configured but not started; whatever runs of it at the end is killed."""
    (tmp_path / "tmp").mkdir()
    one = Installation(tmp_path, free_port())
    one.configure(application_server__port=str(one.port), wsgi_workers="1")
    yield one
    if one.pid_file.exists() and one.pid_file.read_text().strip().isdigit():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(one.pid_file.read_text()), signal.SIGTERM)
