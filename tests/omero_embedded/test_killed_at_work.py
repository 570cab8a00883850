"""A server that is killed while tables are written and scripts run finds everything in order afterwards."""

import os
import random
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import Ice
import omero
import omero.clients
import omero.grid as grid
import pytest
from omero.model import OriginalFileI

PASSWORD = "root of this test"
ROWS = 500
OMERO = [
    sys.executable,
    "-c",
    "import sys; sys.argv[0] = 'omero'; from omero.cli import argv; sys.exit(argv())",
]
SLEEPING = """
import time
import omero.scripts as scripts
client = scripts.client("Sleeping.py", "Sleeps")
time.sleep(300)
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(omero_dir):
    """A server process and a client of root; killed at the end."""
    port = free_port()
    environment = {
        **os.environ,
        "OMERODIR": str(omero_dir),
        "ROOTPASS": PASSWORD,
        "ICE_PORT": str(port),
        "ICE_TLS_PORT": str(free_port()),
    }
    process = subprocess.Popen([*OMERO, "embedded", "start", "--foreground"], env=environment)
    client = omero.client(f"tcp://127.0.0.1:{port}")
    try:
        deadline = time.monotonic() + 60
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, "the server ended before it listened"
            assert time.monotonic() < deadline, "the server does not listen"
            time.sleep(0.1)
        client.createSession("root", PASSWORD)
        yield process, client
    finally:
        process.kill()
        process.wait()
        client.closeSession()


def rows(first):
    return [
        grid.LongColumn("number", "", list(range(first, first + ROWS))),
        grid.StringColumn("text", "", 16, [str(number) for number in range(first, first + ROWS)]),
    ]


@pytest.mark.slow
def test_acknowledged_rows_outlive_the_server(tmp_path):
    files = {}
    for _ in range(4):
        with running(tmp_path) as (process, client):
            for identity, acknowledged in files.items():
                check_table(client, identity, acknowledged)
            table = client.sf.sharedResources().newTable(0, "killed")
            table.initialize(rows(0))
            identity = table.getOriginalFile().id.val
            threading.Timer(random.uniform(0.05, 0.8), process.kill).start()
            files[identity] = 0
            try:
                while True:
                    table.addData(rows(files[identity]))
                    files[identity] += ROWS
            except Ice.Exception:
                process.wait()
    assert max(files.values()) > 0
    with running(tmp_path) as (_, client):
        for identity, acknowledged in files.items():
            check_table(client, identity, acknowledged)


def check_table(client, identity, acknowledged):
    table = client.sf.sharedResources().openTable(OriginalFileI(identity, False))
    count = table.getNumberOfRows()
    assert acknowledged <= count <= acknowledged + ROWS
    data = table.read([0, 1], 0, 0)
    assert data.columns[0].values == list(range(count))
    assert data.columns[1].values == [str(number) for number in range(count)]
    table.close()


@pytest.mark.slow
def test_a_script_does_not_outlive_the_server(tmp_path):
    with running(tmp_path) as (process, client):
        service = client.sf.getScriptService()
        script = service.uploadOfficialScript("/test/Sleeping.py", SLEEPING)
        job = service.runScript(script, {}, None).getJob().id.val
        (folder,) = (tmp_path / "embedded" / "processes").iterdir()
        number = int((folder / "pid").read_text())
        assert os.path.exists(f"/proc/{number}")
        process.kill()
        process.wait()
    with running(tmp_path) as (_, client):
        found = client.sf.getQueryService().findByQuery(
            f"select j from Job j join fetch j.status where j.id = {job}", None
        )
        assert found.status.value.val == "Error"
        assert found.finished is not None
        assert not list((tmp_path / "embedded" / "processes").iterdir())
        limit = time.monotonic() + 5
        while os.path.exists(f"/proc/{number}") and b"script" in command_line(number):
            assert time.monotonic() < limit
            time.sleep(0.1)


@pytest.mark.slow
def test_the_server_stops_at_once_though_somebody_waits_for_a_script(tmp_path):
    with running(tmp_path) as (process, client):
        service = client.sf.getScriptService()
        run = service.runScript(service.uploadOfficialScript("/test/Sleeping.py", SLEEPING), {}, None)
        job = run.getJob().id.val
        run.begin_wait()
        started = time.monotonic()
        process.terminate()
        process.wait(30)
        assert time.monotonic() - started < 15
    with running(tmp_path) as (_, client):
        found = client.sf.getQueryService().findByQuery(
            f"select j from Job j join fetch j.status where j.id = {job}", None
        )
        assert found.status.value.val == "Cancelled"


def command_line(number):
    try:
        with open(f"/proc/{number}/cmdline", "rb") as file:
            return file.read()
    except OSError:
        return b""
