"""`omero embedded start | stop | status` as a user runs them."""

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time

import omero.clients
import pytest
from omero.cmd import Timing

OMERO = [
    sys.executable,
    "-c",
    "import sys; sys.argv[0] = 'omero'; from omero.cli import argv; sys.exit(argv())",
]


def _log_in(site, password: str):
    client = omero.client("127.0.0.1", site.tls)
    client.createSession("root", password)
    return client


def test_start_status_stop(site):
    assert site.run("status").returncode == 1
    started = site.run("start", ROOTPASS="first secret")
    assert started.returncode == 0, started.stderr
    assert f"tcp {site.tcp}, TLS {site.tls}" in started.stdout + started.stderr
    assert site.run("status").returncode == 0
    client = _log_in(site, "first secret")
    client.closeSession()
    again = site.run("start")
    assert again.returncode == 1
    assert "already running" in again.stderr
    assert site.run("stop").returncode == 0
    assert site.run("status").returncode == 1
    assert not (site.folder / "embedded" / "server.pid").exists()
    assert "first secret" not in site.log


def test_generated_password_is_told_once_and_kept(site):
    started = site.run("start")
    assert started.returncode == 0, started.stderr
    password = re.search(r"Password of root \(shown this once\): (\S+)", started.stdout + started.stderr)[1]
    _log_in(site, password).closeSession()
    site.run("stop")
    again = site.run("start", ROOTPASS="another one")
    assert "Password of root" not in again.stdout + again.stderr
    _log_in(site, password).closeSession()
    assert password not in site.log


def test_port_in_use_gives_one_line(site):
    with socket.create_server(("127.0.0.1", site.tcp)):
        refused = site.run("start", ROOTPASS="x")
    assert refused.returncode == 1
    assert refused.stderr.strip().splitlines() == [
        f"port {site.tcp} on 127.0.0.1 cannot be used: Address already in use"
    ]


@pytest.mark.parametrize(
    "arguments, named", [(["--port", "70000"], "ICE_PORT"), (["--tls-port", "-1"], "ICE_TLS_PORT")]
)
def test_impossible_port_is_named(site, arguments, named):
    refused = site.run("start", *arguments, ROOTPASS="x")
    assert refused.returncode == 1
    assert named in refused.stderr


def test_without_omerodir_the_reason_is_told(site):
    refused = subprocess.run(
        [*OMERO, "embedded", "status"],
        env={k: v for k, v in site.environment.items() if k != "OMERODIR"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert refused.returncode == 1
    assert "OMERODIR" in refused.stderr


def test_foreground_server_ends_on_interrupt(site):
    process = subprocess.Popen(
        [*OMERO, "embedded", "start", "--foreground"],
        env={**site.environment, "ROOTPASS": "x"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 30
    while not (site.folder / "embedded" / "server.pid").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in output
    assert f"tcp {site.tcp}" in output


def test_killed_server_starts_again_and_closes_its_sessions(site):
    site.run("start", ROOTPASS="x")
    client = _log_in(site, "x")
    os.kill(site.pid(), signal.SIGKILL)
    time.sleep(0.2)
    assert site.run("status").returncode == 1
    assert site.run("start").returncode == 0
    with sqlite3.connect(site.folder / "embedded" / "db.sqlite") as database:
        assert database.execute("select count(*) from session where closed is null").fetchone() == (0,)
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)
    client.closeSession()


def test_configuration_of_omero_config_is_honoured(site):
    subprocess.run(
        [*OMERO, "config", "set", "omero.client.viewer.roi_limit", "17"],
        env=site.environment,
        check=True,
        timeout=60,
    )
    subprocess.run(
        [*OMERO, "config", "set", "omero.embedded.db.url", f"sqlite:///{site.folder}/other.sqlite"],
        env=site.environment, check=True, timeout=60,
    )  # fmt: skip
    assert site.run("start", ROOTPASS="x").returncode == 0
    client = _log_in(site, "x")
    service = client.sf.getConfigService()
    assert service.getConfigValue("omero.client.viewer.roi_limit") == "17"
    assert (site.folder / "other.sqlite").exists()
    with pytest.raises(omero.SecurityViolation):
        service.getConfigValue("omero.embedded.db.url")
    client.closeSession()


def test_stop_ends_running_commands(site):
    assert site.run("start", ROOTPASS="x").returncode == 0
    client = _log_in(site, "x")
    client.sf.submit(Timing(2000, 100))
    begin = time.monotonic()
    assert site.run("stop").returncode == 0
    assert time.monotonic() - begin < 20
    client.closeSession()
