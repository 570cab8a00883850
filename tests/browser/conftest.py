"""The real stack for a browser: embedded server over Ice, OMERO.web under gunicorn, headless Chromium.

Screenshots go to `test-results/screenshots` in the project's folder; every test leaves one of its last page.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from .pages import DataPage, Viewer, log_in
from .samples import write_samples

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "test-results" / "screenshots"
PASSWORD = "browser tests"
PREFIX = "/omero"
START_SECONDS = 90
# The `omero` program refuses to run as root, which tests may be.
OMERO = [
    sys.executable,
    "-c",
    "import sys; sys.argv[0] = 'omero'; from omero.cli import argv; sys.exit(argv())",
]
WHITENOISE = {"index": 0, "class": "whitenoise.middleware.WhiteNoiseMiddleware"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a browser these tests cannot run."""
    missing = not (shutil.which("chromium") and shutil.which("chromedriver"))
    skip = pytest.mark.skip(
        reason="needs chromium and chromedriver (apt-get install chromium chromium-driver)"
    )
    for item in items:
        if Path(__file__).parent not in item.path.parents:
            continue
        item.add_marker(pytest.mark.browser)
        if missing:
            item.add_marker(skip)


@dataclass(frozen=True)
class Site:
    """A running OMERO.web; `url` is that of the data page."""

    url: str
    password: str
    omero_dir: Path
    tls_port: int


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def configure(omero_dir: Path, web_port: int, tls_port: int) -> None:
    from omero.config import ConfigXml

    from omeroweb.properties.pages import RIGHT_PLUGINS
    from omeroweb.properties.process import MIDDLEWARE

    path = omero_dir / "etc" / "grid" / "config.xml"
    path.parent.mkdir(parents=True)
    config = ConfigXml(str(path))
    try:
        config["omero.web.application_server.port"] = str(web_port)
        config["omero.web.server_list"] = json.dumps([["127.0.0.1", tls_port, "omero"]])
        config["omero.web.prefix"] = PREFIX
        config["omero.web.middleware"] = json.dumps([WHITENOISE, *MIDDLEWARE])
        config["omero.web.wsgi_workers"] = "2"
        config["omero.web.template_dirs"] = json.dumps([str(Path(__file__).with_name("plugin"))])
        config["omero.web.ui.right_plugins"] = json.dumps(
            [*RIGHT_PLUGINS, ["Probe", "probe/right.html", "probe_tab"]]
        )
        config["omero.web.ui.center_plugins"] = json.dumps([["Probe", "probe/center.html", "probe_center"]])
    finally:
        config.close()


@contextmanager
def program(
    arguments: list[str], environment: dict[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """`omero` with these arguments, running until the end of the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*OMERO, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def await_answer(process: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path) -> None:
    """Wait until the program answers; fails with the end of its log."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if ready():
            return
        time.sleep(0.2)
    pytest.fail(f"{log.stem} did not start:\n{log.read_text(errors='replace')[-4000:]}")


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Server and site with the images of `samples` in project "Browser", dataset "Samples", owned by root."""
    omero_dir = tmp_path_factory.mktemp("browser")
    web_port, tcp_port, tls_port = free_ports(3)
    configure(omero_dir, web_port, tls_port)
    environment = {**os.environ, "OMERODIR": str(omero_dir), "ROOTPASS": PASSWORD}
    url = f"http://localhost:{web_port}{PREFIX}/webclient/"
    server_log, web_log = omero_dir / "server.out", omero_dir / "web.out"
    server = ["embedded", "start", "--foreground", "--port", str(tcp_port), "--tls-port", str(tls_port)]
    with program(server, environment, server_log) as process:
        await_answer(process, lambda: listens(tls_port), server_log)
        files = write_samples(omero_dir / "samples")
        imported = subprocess.run(
            [*OMERO, "embedded", "import", *map(str, files), "--project", "Browser/Samples"],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert imported.returncode == 0, imported.stdout + imported.stderr
        with program(["web", "start", "--foreground"], environment, web_log) as process:
            await_answer(process, lambda: answers(url + "login/"), web_log)
            yield Site(url, PASSWORD, omero_dir, tls_port)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    options = Options()
    options.binary_location = shutil.which("chromium") or ""
    profile = tmp_path_factory.mktemp("chromium")
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        f"--user-data-dir={profile}",
        "--window-size=1500,950",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    driver.set_script_timeout(30)
    yield driver
    driver.quit()


@pytest.fixture
def browser(request: pytest.FixtureRequest, chromium: webdriver.Chrome) -> Iterator[webdriver.Chrome]:
    """A browser without cookies; its last page is kept as a picture, script errors fail the test."""
    chromium.execute_cdp_cmd("Network.clearBrowserCookies", {})
    chromium.get_log("browser")
    yield chromium
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^\w.-]+", "_", request.node.name)
    chromium.save_screenshot(str(SCREENSHOTS / f"{name}.png"))
    errors = [
        entry["message"]
        for entry in chromium.get_log("browser")
        if entry["level"] == "SEVERE" and entry["source"] == "javascript"
    ]
    assert not errors, errors
    for handle in chromium.window_handles[1:]:
        chromium.switch_to.window(handle)
        chromium.close()
    chromium.switch_to.window(chromium.window_handles[0])
    chromium.get("about:blank")


@pytest.fixture
def screenshot(browser: webdriver.Chrome) -> Callable[[str], None]:
    """`screenshot("name")` keeps a picture of the page as it is now."""

    def take(name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        browser.save_screenshot(str(SCREENSHOTS / f"{name}.png"))

    return take


@pytest.fixture
def data_page(browser: webdriver.Chrome, site: Site) -> DataPage:
    """The data page, logged in as root."""
    browser.get(site.url)
    log_in(browser, "root", site.password)
    return DataPage(browser, site.url)


@pytest.fixture
def viewer(data_page: DataPage) -> Callable[[int], Viewer]:
    """`viewer(image id)`: the full viewer of an image."""

    def show(image_id: int) -> Viewer:
        return Viewer(data_page.browser, f"{data_page.url}img_detail/{image_id}/")

    return show
