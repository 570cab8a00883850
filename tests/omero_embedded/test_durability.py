"""A killed server loses nothing that it acknowledged."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import omero
import omero.clients
import omero.model
import omero.sys
import pytest
from omero.rtypes import rlist, rstring

from omero_embedded.database import Database
from omero_embedded.settings import StatePaths

PASSWORD = "root of this test"
WRITES = 200
WRITERS = 50
OMERO = [
    sys.executable,
    "-c",
    "import sys; sys.argv[0] = 'omero'; from omero.cli import argv; sys.exit(argv())",
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(omero_dir: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A server process and its tcp port; killed at the end if it still runs."""
    port = free_port()
    environment = {
        **os.environ,
        "OMERODIR": str(omero_dir),
        "ROOTPASS": PASSWORD,
        "ICE_PORT": str(port),
        "ICE_TLS_PORT": str(free_port()),
    }
    process = subprocess.Popen([*OMERO, "embedded", "start", "--foreground"], env=environment)
    try:
        deadline = time.monotonic() + 60
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, "the server ended before it listened"
            assert time.monotonic() < deadline, "the server does not listen"
            time.sleep(0.1)
        yield process, port
    finally:
        process.kill()
        process.wait()


def connect(port: int, session: str | None = None) -> Any:
    client = omero.client(f"tcp://127.0.0.1:{port}")
    if session is None:
        client.createSession("root", PASSWORD)
    else:
        client.joinSession(session)
    return client


def write_until_gone(client: Any, writer: int, acknowledged: list[str], enough: threading.Event) -> None:
    """Save annotations one by one and note those that the server acknowledged."""
    update = client.sf.getUpdateService()
    for number in range(WRITES * 10):
        text = f"{writer}-{number}"
        pairs = omero.model.MapAnnotationI()
        pairs.mapValue = [omero.model.NamedValue("text", text)]
        pairs.description = rstring(text)
        try:
            update.saveObject(pairs)
        except Exception:  # noqa: BLE001  whatever the loss of the server raises ends this writer
            return
        acknowledged.append(text)
        if len(acknowledged) >= WRITES // 2:
            enough.set()


@pytest.mark.slow
def test_killed_server_keeps_every_acknowledged_write(tmp_path: Path) -> None:
    acknowledged: list[str] = []
    enough = threading.Event()
    with running(tmp_path) as (process, port):
        clients = [connect(port)]
        clients += [connect(port, clients[0].getSessionId()) for _ in range(WRITERS - 1)]
        writers = [
            threading.Thread(
                target=write_until_gone, args=(client, writer, acknowledged, enough), daemon=True
            )
            for writer, client in enumerate(clients)
        ]
        for thread in writers:
            thread.start()
        assert enough.wait(60), "the writers got nowhere"
        process.send_signal(signal.SIGKILL)
        process.wait()
        for thread in writers:
            thread.join(60)
        for client in clients:
            client.__del__()
    assert len(acknowledged) >= WRITES // 2
    assert Database(StatePaths(tmp_path / "embedded").database_url).check_integrity() == []

    with running(tmp_path) as (_, port):
        client = connect(port)
        parameters = omero.sys.ParametersI()
        parameters.add("texts", rlist([rstring(text) for text in acknowledged]))
        found = client.sf.getQueryService().projection(
            "select a.description, v.value from MapAnnotation a join a.mapValue v where a.description in (:texts)",
            parameters,
        )
        client.closeSession()
    assert {row[0].val for row in found} == set(acknowledged)
    assert all(row[0].val == row[1].val for row in found)
