"""An embedded server of its own for one test, driven by the command line."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

OMERO = [
    sys.executable,
    "-c",
    "import sys; sys.argv[0] = 'omero'; from omero.cli import argv; sys.exit(argv())",
]


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Site:
    """A state folder of its own, and the command line on it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.tcp, self.tls = _free_ports(2)
        kept = {k: v for k, v in os.environ.items() if k not in ("ROOTPASS", "OMERODIR", "HOST")}
        self.environment = {
            **kept, "OMERODIR": str(folder), "ICE_PORT": str(self.tcp), "ICE_TLS_PORT": str(self.tls)
        }  # fmt: skip

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [*OMERO, "embedded", *arguments],
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=90,
        )

    @property
    def log(self) -> str:
        return (self.folder / "embedded" / "logs" / "embedded.log").read_text()

    def pid(self) -> int:
        return int(re.search(r'"pid": (\d+)', (self.folder / "embedded" / "server.pid").read_text())[1])


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    yield site
    site.run("stop")
