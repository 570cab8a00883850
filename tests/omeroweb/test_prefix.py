"""A site below a prefix, as an application server serves it. contract/config-cli-deploy.md, section 10.4."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from omero.config import ConfigXml

ASK = """
import sys
from omeroweb.wsgi import application
status = {}
def start(line, headers): status.update(line=line, headers=dict(headers))
for path, script in ((sys.argv[1], ""), (sys.argv[1].removeprefix("/omero") or "/", "/omero")):
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "SCRIPT_NAME": script, "SERVER_NAME": "x",
               "SERVER_PORT": "80", "wsgi.input": sys.stdin.buffer, "wsgi.url_scheme": "http"}
    body = b"".join(application(environ, start))
    print(status["line"], status["headers"].get("Location", ""), body.decode()[:40])
"""


@pytest.fixture(scope="module")
def omero_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("prefixed")
    path = directory / "etc" / "grid" / "config.xml"
    path.parent.mkdir(parents=True)
    config = ConfigXml(str(path))
    config["omero.web.prefix"] = "/omero"
    config["omero.web.static_url"] = "/static"
    config.close()
    return directory


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/omero/webgateway/", "200 OK  Welcome to webgateway"),
        ("/omero/", "301 Moved Permanently /omero/webclient/"),
        ("/omero/favicon.ico", "302 Found /static/webgateway/img/ome.ico"),
        (
            "/omero/webgateway/imgData/1/",
            "302 Found /omero/webclient/login/?url=%2Fomero%2Fwebgateway%2FimgData%2F1%2F",
        ),
    ],
)
def test_the_site_is_the_same_whoever_splits_the_prefix_off(
    omero_directory: Path, path: str, expected: str
) -> None:
    environment = {
        **os.environ,
        "OMERODIR": str(omero_directory),
        "DJANGO_SETTINGS_MODULE": "omeroweb.settings",
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASK, path],
        env=environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert [line.strip() for line in lines] == [expected, expected]
