"""OMERO.web behind real web servers: nginx and Apache in front of gunicorn, flup and mod_wsgi.

Source: contract/config-cli-deploy.md, sections 7.4 and 8.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from omero.gateway import BlitzGateway

from omeroweb.deploy.web_servers import WebServer, configuration, provide_files

from .browser import Visitor, wait_for
from .conftest import Installation, free_port, site_of

MODULES = Path("/usr/lib/apache2/modules")
APACHE_MODULES = (
    *("mpm_event", "authz_core", "alias", "env", "setenvif", "headers", "mime", "filter"),
    *("proxy", "proxy_http", "proxy_fcgi", "wsgi"),
)
BIG = 30


@dataclass(frozen=True)
class Stack:
    """One way to deploy: a kind of set-up, the application server behind it, and the prefix of the site."""

    kind: str
    application_server: str
    prefix: str = ""

    def __str__(self) -> str:
        return f"{self.kind}+{self.application_server}{self.prefix.replace('/', '+')}"


STACKS = (
    Stack("nginx-development", "wsgi-tcp", "/omero"),
    Stack("nginx-development", "wsgi-tcp"),
    Stack("nginx-development", "fastcgi-tcp", "/omero"),
    Stack("nginx-development", "fastcgi"),
    Stack("apache", "wsgi", "/omero"),
    Stack("apache-proxy", "wsgi-tcp", "/omero"),
    Stack("apache-fcgi", "fastcgi-tcp", "/omero"),
    Stack("apache-fcgi", "fastcgi"),
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """An OMERODIR that web servers can read, which give up root's rights."""
    with tempfile.TemporaryDirectory(prefix="omero-deploy-") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@contextmanager
def running(command: list[str], environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=60)


def program(name: str) -> str:
    path = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
    assert path, f"{name} is missing; tools/system_packages.py names its package"
    return path


def nginx_command(installation: Installation, text: str) -> list[str]:
    path = installation.omero_dir / "nginx.conf"
    path.write_text(text)
    user = "user root; " if os.geteuid() == 0 else ""
    return [program("nginx"), "-c", str(path), "-g", f"{user}daemon off;"]


def apache_command(installation: Installation, text: str, port: int) -> list[str]:
    """Apache with nothing but the modules that the set-up names."""
    root = installation.omero_dir
    (root / "run").mkdir()
    lines = [f"ServerRoot {root}", f"PidFile {root}/apache.pid", f"Listen 127.0.0.1:{port}"]
    lines += [f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in APACHE_MODULES]
    lines += [f"ErrorLog {root}/var/log/apache.log", "ServerName localhost", "TypesConfig /etc/mime.types"]
    if os.geteuid() == 0:
        lines += ["User www-data", "Group www-data"]
    path = root / "apache.conf"
    path.write_text("\n".join(lines) + "\n" + text)
    return [program("apache2"), "-f", str(path), "-D", "FOREGROUND"]


def debian_python(text: str) -> str:
    """Debian's mod_wsgi with Debian's Python and our packages, as this Python may be out of www-data's reach."""
    return text.replace(
        f"python-home={sys.prefix}",
        "",
    ).replace("python-path=", f"python-path={Path(np.__file__).parent.parent}:")


@contextmanager
def deployed(stack: Stack, omero_dir: Path, ice_port: int) -> Iterator[tuple[str, Installation]]:
    """The running site's address, without a slash at its end."""
    (omero_dir / "tmp").mkdir()
    installation = Installation(omero_dir, free_port())
    properties = {
        "application_server": stack.application_server,
        "application_server__port": str(installation.port),
        "wsgi_workers": "1",
        "wsgi_threads": "2",
        "server_list": json.dumps([["127.0.0.1", ice_port, "tests"]]),
    }
    if stack.prefix:
        properties |= {"prefix": stack.prefix, "static_url": f"{stack.prefix}/static/"}
    installation.configure(**properties)
    http = free_port()
    site = site_of(
        installation,
        application_server=stack.application_server,
        prefix=stack.prefix or None,
        static_url=f"{stack.prefix}/static/",
        workers=1,
        threads=2,
    )
    provide_files(site)
    text = configuration(stack.kind, site, WebServer(http=http, server_name="localhost"), "www-data")
    if stack.kind == "apache":
        text = debian_python(text)
    with ExitStack() as parts:
        if stack.application_server == "wsgi":
            collected = installation.omero("web", "syncmedia")
            assert collected.returncode == 0, collected.stderr
        else:
            started = installation.omero("web", "start", "--keep-sessions")
            assert started.returncode == 0, started.stdout + started.stderr
            parts.callback(installation.omero, "web", "stop")
        if stack.kind.startswith("nginx"):
            command = nginx_command(installation, text)
        else:
            command = apache_command(installation, text, http)
            if os.geteuid() == 0:
                owner = pwd.getpwnam("www-data")
                for path in [omero_dir, *omero_dir.rglob("*")]:
                    os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
        parts.enter_context(running(command, installation.environment, omero_dir / "var/log/web-server.log"))
        yield f"http://127.0.0.1:{http}{stack.prefix}", installation


def log_text(installation: Installation) -> str:
    logs = (installation.omero_dir / "var" / "log").glob("*.log")
    return "\n".join(f"== {path.name}\n{path.read_text(errors='replace')[-3000:]}" for path in logs)


def peak_memory(installation: Installation) -> int:
    """Most resident bytes so far of any process that serves this installation."""
    peak = 0
    for process in psutil.process_iter():
        try:
            if process.environ().get("OMERODIR") == str(installation.omero_dir):
                status = Path(f"/proc/{process.pid}/status").read_text()
                peak = max(peak, int(status.split("VmHWM:")[1].split()[0]) * 1024)
        except (psutil.Error, OSError, IndexError):
            continue
    return peak


@pytest.fixture(scope="session")
def image(server: Any) -> int:
    """An image of root."""
    connection: BlitzGateway = server.gateway()
    try:
        plane = np.arange(64 * 48, dtype=np.uint16).reshape(48, 64)
        return int(connection.createImageFromNumpySeq(iter([plane]), "deployed").getId())
    finally:
        connection.close()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("stack", STACKS, ids=str)
def test_the_site_works_behind_a_web_server(
    stack: Stack, folder: Path, server: Any, image: int, record_property: Callable[[str, object], None]
) -> None:
    with deployed(stack, folder, server.tls_port) as (url, installation):
        first = wait_for(f"{url}/webclient/login/")
        assert first.status_code == 200, f"{first.status_code} {first.text[:500]}\n{log_text(installation)}"
        visitor = Visitor(url)
        visitor.log_in("root", server.root_password)
        assert "text/html" in visitor.get("/webclient/").headers["Content-Type"]
        thumbnail = visitor.get(f"/webgateway/render_thumbnail/{image}/")
        assert thumbnail.content.startswith(b"\xff\xd8")
        assert visitor.get(f"/webgateway/render_image_region/{image}/0/0/?tile=0,0,0,32,32").content
        style = visitor.get("/static/common/css/theme.css")
        assert style.headers["Content-Type"].startswith("text/css")
        assert visitor.http.get(f"{url}/static/no/such.css", timeout=30).status_code == 404
        assert visitor.http.get(f"{url}/no/such/page/", timeout=30).status_code == 404

        annotation, digest = visitor.attach(image, BIG)
        assert visitor.download(annotation) == digest
        before = peak_memory(installation)
        annotation, digest = visitor.attach(image, 2 * BIG)
        assert visitor.download(annotation) == digest
        grown = (peak_memory(installation) - before) / 2**20
        record_property("megabytes", grown)
        assert grown < BIG / 2, f"{grown:.0f} MB more for a file of {2 * BIG} MB than for one of {BIG} MB"


@pytest.mark.timeout(60)
def test_the_maintenance_page_is_shown_while_the_site_is_down(folder: Path) -> None:
    installation = Installation(folder, free_port())
    site = site_of(installation)
    provide_files(site)
    http = free_port()
    text = configuration("nginx-development", site, WebServer(http=http), "omero-web")
    command = nginx_command(installation, text)
    with running(command, installation.environment, folder / "var/log/web-server.log"):
        import requests
        from urllib3.util import Retry

        browser = requests.Session()
        browser.mount(
            "http://", requests.adapters.HTTPAdapter(max_retries=Retry(connect=20, backoff_factor=0.1))
        )
        answer = browser.get(f"http://127.0.0.1:{http}/webclient/", timeout=10)
    assert "OMERO.web is being worked on" in answer.text
