"""A running OMERO.web with an embedded server of its own, for benchmarks over HTTP."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import requests

from tools import run

PASSWORD = "benchmark"


@dataclass(frozen=True)
class Site:
    """The site's address without a slash at its end, and a session that is logged in as root."""

    url: str
    browser: requests.Session
    omero_dir: Path


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def median_time(action: Callable[[], object], repeat: int, warm_up: int = 5) -> float:
    """Median of `repeat` runs in milliseconds, after some that do not count."""
    for _ in range(warm_up):
        action()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return float(np.median(times) * 1000)


def log_in(url: str) -> requests.Session:
    """A browser's session of root."""
    browser = requests.Session()
    page = browser.get(f"{url}/webclient/login/")
    page.raise_for_status()
    token = browser.cookies.get("csrftoken") or _token(page.text)
    answer = browser.post(
        f"{url}/webclient/login/",
        data={"username": "root", "password": PASSWORD, "server": "1", "csrfmiddlewaretoken": token},
        headers={"Referer": f"{url}/webclient/login/"},
        allow_redirects=False,
    )
    if answer.status_code != 302:
        raise RuntimeError(f"cannot log in: {answer.status_code} {answer.text[:500]}")
    return browser


def _token(page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    if found is None:
        raise RuntimeError("the login page has no CSRF token")
    return found.group(1)


@contextmanager
def site(prepare: Callable[[Path, dict[str, str]], None]) -> Iterator[Site]:
    """Start both servers; `prepare(OMERODIR, environment)` fills the store while the embedded server runs."""
    with TemporaryDirectory(prefix="omero-benchmark-") as folder, ExitStack() as parts:
        web_port, ice_port, tls_port = free_ports(3)
        plan = run.Plan(Path(folder), "127.0.0.1", web_port, ice_port, tls_port)
        environment = {**os.environ, "OMERODIR": folder, "ROOTPASS": PASSWORD}
        run.configure(plan)
        ports = ["--host", plan.host, "--port", str(ice_port), "--tls-port", str(tls_port)]
        server = ["embedded", "start", "--foreground", *ports]
        ice = parts.enter_context(run.running("the embedded server", server, environment))
        run.await_port("The embedded server", ice, plan.host, tls_port)
        prepare(Path(folder), environment)
        web = parts.enter_context(
            run.running("OMERO.web", ["web", "start", "--foreground", "--no-wait"], environment)
        )
        run.await_site(plan, web)
        url = f"http://127.0.0.1:{web_port}{run.PREFIX}"
        yield Site(url, log_in(url), Path(folder))
