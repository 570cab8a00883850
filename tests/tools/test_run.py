"""`make run`: what it refuses before anything is started."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import run

from omeroweb.properties import reading

SCRIPT = Path(run.__file__)


def listening() -> socket.socket:
    other = socket.socket()
    other.bind(("127.0.0.1", 0))
    other.listen()
    return other


@pytest.mark.parametrize("value", ["0", "65536", "http", "-1", "4080 "])
def test_a_bad_port_is_refused_by_name(value: str) -> None:
    with pytest.raises(run.RunError, match=r"WEB_PORT must be a port number from 1 to 65535"):
        run.read_plan({"WEB_PORT": value})


def test_equal_ports_are_refused() -> None:
    with pytest.raises(run.RunError, match="WEB_PORT and ICE_PORT are both 4063"):
        run.read_plan({"WEB_PORT": "4063"})


def test_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    plan = run.read_plan({})
    assert (plan.omero_dir, plan.host) == (tmp_path / ".omero", "127.0.0.1")
    assert (plan.web_port, plan.ice_port, plan.ice_tls_port) == (4080, 4063, 4064)
    assert plan.url == "http://localhost:4080/omero/webclient/"


def test_a_port_in_use_gives_one_line_and_changes_nothing(tmp_path: Path) -> None:
    with listening() as other:
        port = other.getsockname()[1]
        environment = {**os.environ, "OMERODIR": str(tmp_path / "omero"), "WEB_PORT": str(port)}
        answer = subprocess.run(
            [sys.executable, SCRIPT],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
        )
    assert answer.returncode == 1
    assert answer.stderr == (
        f"ERROR: 127.0.0.1 port {port} (WEB_PORT) cannot be used: it is in use; "
        "free it, or choose another: make run WEB_PORT=...\n"
    )
    assert not (tmp_path / "omero").exists()


def test_an_unknown_host_is_refused(tmp_path: Path) -> None:
    plan = run.Plan(tmp_path, "no.such.host.invalid", 4080, 4063, 4064)
    with pytest.raises(run.RunError, match=r"HOST 'no\.such\.host\.invalid'"):
        run.refuse_taken_ports(plan)


def test_configuring_keeps_what_the_user_has_set(tmp_path: Path) -> None:
    plan = run.Plan(tmp_path, "127.0.0.1", 4080, 4063, 4064)
    run.configure(plan)
    first = reading.configured_values(tmp_path)
    assert first["omero.web.prefix"] == "/omero"
    assert first["omero.web.server_list"] == '[["127.0.0.1", 4064, "omero"]]'
    assert "whitenoise.middleware.WhiteNoiseMiddleware" in first["omero.web.middleware"]

    from omero.config import ConfigXml

    config = ConfigXml(str(tmp_path / "etc" / "grid" / "config.xml"))
    config["omero.web.prefix"] = "/images"
    config["omero.web.page_size"] = "50"
    config.close()
    run.configure(run.Plan(tmp_path, "127.0.0.1", 8080, 4063, 5064))
    second = reading.configured_values(tmp_path)
    assert (second["omero.web.prefix"], second["omero.web.page_size"]) == ("/images", "50")
    assert second["omero.web.application_server.port"] == "8080"
    assert second["omero.web.server_list"] == '[["127.0.0.1", 5064, "omero"]]'


def test_a_given_password_is_taken_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOTPASS", "secret")
    plan = run.Plan(tmp_path, "127.0.0.1", 4080, 4063, 4064)
    assert run.root_password(plan) == run.Password("secret", "taken from ROOTPASS")
    plan.state.mkdir()
    (plan.state / "db.sqlite").touch()
    assert run.root_password(plan) == run.Password(None, "as set at the first start")
