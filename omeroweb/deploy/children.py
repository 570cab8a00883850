"""The programs that the commands start: Django's management commands and the application servers."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

import omeroweb
from omeroweb.deploy.site import Site

WSGI = "omeroweb.wsgi:application"


class ChildFailed(Exception):
    """A program ended with an error; `code` is its exit code."""

    def __init__(self, command: Sequence[str], code: int) -> None:
        super().__init__(f"{shlex.join(command)} ended with exit code {code}")
        self.code = code


def environment() -> dict[str, str]:
    """Environment of the programs: the same `omeroweb` as here, whether installed or a plain checkout."""
    values = dict(os.environ)
    home = str(Path(omeroweb.__file__).resolve().parent.parent)
    paths = [path for path in values.get("PYTHONPATH", "").split(os.pathsep) if path and path != home]
    values["PYTHONPATH"] = os.pathsep.join([home, *paths])
    values.setdefault("DJANGO_SETTINGS_MODULE", "omeroweb.settings")
    return values


def django_command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "django", *arguments]


def manage(*arguments: str) -> None:
    """Run one of Django's commands to its end. Raises ChildFailed."""
    command = django_command(*arguments)
    code = subprocess.run(command, env=environment(), stdin=subprocess.DEVNULL).returncode
    if code:
        raise ChildFailed(command, code)


def manage_in_background(*arguments: str) -> None:
    """Start one of Django's commands and leave it to itself."""
    subprocess.Popen(
        django_command(*arguments),
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def gunicorn_program() -> str | None:
    """The `gunicorn` of the PATH, else the one beside this Python."""
    beside = str(Path(sys.executable).parent)
    return shutil.which("gunicorn", path=os.pathsep.join([os.environ.get("PATH", ""), beside]))


def gunicorn_command(program: str, site: Site, arguments: str | None, daemon: bool) -> list[str]:
    """Command line of the WSGI server. `arguments` is the free part, as typed in a shell."""
    if site.worker_class == "gevent":
        concurrency = ["--worker-connections", str(site.worker_connections), "--worker-class", "gevent"]
    else:
        concurrency = ["--threads", str(site.threads)]
    return [
        program,
        *(["-D"] if daemon else []),
        *("-p", str(site.pid_file)),
        *("--bind", site.address),
        *("--workers", str(site.workers)),
        *concurrency,
        *("--timeout", str(site.timeout)),
        *("--max-requests", str(site.max_requests)),
        # One per user and home folder: several installations would fight for it.
        "--no-control-socket",
        *shlex.split(arguments or ""),
        WSGI,
    ]


def fastcgi_command(site: Site, daemon: bool) -> list[str]:
    """Command line of the FastCGI server."""
    if site.application_server == "fastcgi":
        where = ["--socket", str(site.socket)]
    else:
        where = ["--host", site.host, "--port", str(site.port)]
    log = site.omero_dir / "var" / "log" / "fastcgi.log"
    return [
        *(sys.executable, "-m", "omeroweb.deploy.fastcgi"),
        *where,
        *("--pid-file", str(site.pid_file)),
        *("--workers", str(site.workers)),
        *("--threads", str(site.threads)),
        *("--timeout", str(site.timeout)),
        *("--max-requests", str(site.max_requests)),
        *(["--daemon", str(log)] if daemon else []),
    ]


def launch(command: Sequence[str]) -> None:
    """Run a program that goes to the background by itself. Raises ChildFailed."""
    code = subprocess.run(command, env=environment(), stdin=subprocess.DEVNULL).returncode
    if code:
        raise ChildFailed(command, code)


def run_in_foreground(command: Sequence[str], more: Mapping[str, str] | None = None) -> None:
    """Run a program until it ends; signals that ask this process to end are passed on as SIGTERM.

    Raises ChildFailed unless it ended in order or by such a signal.
    """
    process = subprocess.Popen(command, env={**environment(), **(more or {})}, stdin=subprocess.DEVNULL)
    asked = False

    def pass_on(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        # SIGTERM whatever came: programs started from a shell's background ignore SIGINT.
        process.terminate()

    handlers = {
        number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        code = process.wait()
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if code and not asked:
        raise ChildFailed(command, code)
