"""`make run` without set-up: server and site come up together, stop together, and keep their data."""

from __future__ import annotations

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from .conftest import Installation, free_port

RUN = Path(__file__).resolve().parents[2] / "tools" / "run.py"
PASSWORD = "open sesame"
UP = "Ctrl-C stops"


@dataclass
class Product:
    """The running product and what it has printed so far."""

    process: subprocess.Popen[str]
    installation: Installation
    tls_port: int
    output: list[str]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


@contextmanager
def product(omero_dir: Path, **variables: str) -> Iterator[Product]:
    """Run it on free ports until it says that it is up."""
    ports = {name: str(free_port()) for name in ("WEB_PORT", "ICE_PORT", "ICE_TLS_PORT")}
    process = subprocess.Popen(
        [sys.executable, "-u", RUN],
        env={**os.environ, "OMERODIR": str(omero_dir), "HOST": "127.0.0.1", **ports, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        assert process.stdout is not None
        with process.stdout as stream:
            for line in stream:
                lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    output: list[str] = []
    try:
        deadline = time.monotonic() + 150
        while not any(UP in line for line in output):
            line = lines.get(timeout=max(0.1, deadline - time.monotonic()))
            assert line is not None, "it ended:\n" + "".join(output)
            output.append(line)
        installation = Installation(omero_dir, int(ports["WEB_PORT"]))
        yield Product(process, installation, int(ports["ICE_TLS_PORT"]), output)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(90)


@pytest.fixture
def omero_dir(tmp_path: Path) -> Path:
    """An OMERODIR that counts as filled with samples: loading them has tests of its own."""
    state = tmp_path / "omero" / "embedded"
    state.mkdir(parents=True)
    (state / "samples-loaded").touch()
    return tmp_path / "omero"


def can_log_in(port: int, password: str) -> bool:
    from omero.gateway import BlitzGateway

    connection = BlitzGateway("root", password, host="127.0.0.1", port=port, secure=True)
    try:
        return bool(connection.connect())
    finally:
        connection.close()


@pytest.mark.slow
def test_it_comes_up_stops_on_an_interrupt_and_keeps_its_data(omero_dir: Path) -> None:
    with product(omero_dir, ROOTPASS=PASSWORD) as first:
        assert first.installation.status_of("/omero/webclient/login/") == 200
        assert first.installation.status_of("/static/common/css/theme.css") == 200
        assert can_log_in(first.tls_port, PASSWORD)
        shown = "".join(first.output)
        assert f"http://localhost:{first.installation.port}/omero/webclient/" in shown
        assert PASSWORD not in shown
        assert first.stop() == 0
        for port in (first.installation.port, first.tls_port):
            with socket.socket() as probe:
                assert probe.connect_ex(("127.0.0.1", port)) != 0
    with product(omero_dir, ROOTPASS="another") as second:
        assert can_log_in(second.tls_port, PASSWORD)
        assert "as set at the first start" in "".join(second.output)


@pytest.mark.slow
def test_when_the_server_dies_the_site_is_stopped_too(omero_dir: Path) -> None:
    with product(omero_dir, ROOTPASS=PASSWORD) as one:
        server = json.loads((omero_dir / "embedded" / "server.pid").read_text())["pid"]
        os.kill(server, signal.SIGKILL)
        assert one.process.wait(60) == 1
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", one.installation.port)) != 0
