"""`make run`: start the embedded server and OMERO.web, show where they are, stop both on Ctrl-C.

Reads OMERODIR, HOST, WEB_PORT, ICE_PORT, ICE_TLS_PORT and ROOTPASS from the environment. Runs with the Python of the
virtual environment.
"""

from __future__ import annotations

import errno
import getpass
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

PREFIX = "/omero"
START_SECONDS = 120
STOP_SECONDS = 40
# The `omero` program refuses to run as root; in a container there may be nobody else.
OMERO = [
    sys.executable,
    "-c",
    "import sys; sys.argv[0] = 'omero'; from omero.cli import argv; sys.exit(argv())",
]
WHITENOISE = {"index": 0, "class": "whitenoise.middleware.WhiteNoiseMiddleware"}


class RunError(Exception):
    """Cannot start or go on; the message is one clear line, or names a log file."""


@dataclass(frozen=True)
class Plan:
    """What to run where."""

    omero_dir: Path
    host: str
    web_port: int
    ice_port: int
    ice_tls_port: int

    @property
    def url(self) -> str:
        shown = {
            "127.0.0.1": "localhost",
            "::1": "localhost",
            "0.0.0.0": socket.getfqdn(),
            "::": socket.getfqdn(),
        }
        return f"http://{shown.get(self.host, self.host)}:{self.web_port}{PREFIX}/webclient/"

    @property
    def local_host(self) -> str:
        """Where this machine reaches what listens on `host`."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)

    @property
    def state(self) -> Path:
        return self.omero_dir / "embedded"

    @property
    def samples_record(self) -> Path:
        """Exists once the sample images are in."""
        return self.state / "samples-loaded"

    @property
    def logs(self) -> Path:
        return self.omero_dir / "var" / "log"


def read_plan(environment: Mapping[str, str]) -> Plan:
    """The plan from environment variables. Raises RunError naming the variable."""
    ports = {
        name: port_number(name, environment.get(name) or default)
        for name, default in (("WEB_PORT", "4080"), ("ICE_PORT", "4063"), ("ICE_TLS_PORT", "4064"))
    }
    for name, port in ports.items():
        twin = next((other for other in ports if other != name and ports[other] == port), None)
        if twin:
            raise RunError(f"{name} and {twin} are both {port}; they must differ")
    return Plan(
        omero_dir=Path(environment.get("OMERODIR") or ".omero").expanduser().resolve(),
        host=environment.get("HOST") or "127.0.0.1",
        web_port=ports["WEB_PORT"],
        ice_port=ports["ICE_PORT"],
        ice_tls_port=ports["ICE_TLS_PORT"],
    )


def port_number(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise RunError(f"{name} must be a port number from 1 to 65535, not {text!r}")
    return int(text)


def refuse_taken_ports(plan: Plan) -> None:
    """Raise RunError when something listens where we want to; name our own processes when they do."""
    wanted = (
        ("WEB_PORT", plan.web_port, plan.omero_dir / "var" / "django.pid", "omero web stop"),
        ("ICE_PORT", plan.ice_port, plan.state / "server.pid", "omero embedded stop"),
        ("ICE_TLS_PORT", plan.ice_tls_port, plan.state / "server.pid", "omero embedded stop"),
    )
    for name, port, pid_file, stop in wanted:
        reason = why_not_free(plan.host, port)
        if reason is None:
            continue
        if pid_file.exists():
            hint = f"perhaps by what was started before: OMERODIR={plan.omero_dir} {stop}"
        else:
            hint = f"free it, or choose another: make run {name}=..."
        raise RunError(f"{plan.host} port {port} ({name}) cannot be used: {reason}; {hint}")


def why_not_free(host: str, port: int) -> str | None:
    """None when the address can be listened on, else the reason. Raises RunError for an unknown host."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise RunError(f"HOST {host!r} is no address of this machine: {error.strerror}") from error
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return "it is in use"
            return error.strerror or str(error)
    return None


def configure(plan: Plan) -> None:
    """Put address, server and prefix into the configuration; what else is set there stays.

    The web process serves the static files itself, since no web server stands before it.
    """
    from omero.config import ConfigXml

    from omeroweb.properties.process import MIDDLEWARE

    path = plan.omero_dir / "etc" / "grid" / "config.xml"
    path.parent.mkdir(parents=True, exist_ok=True)
    config = ConfigXml(str(path))
    try:
        there = config.as_map()
        always = {
            "omero.web.application_server.host": plan.host,
            "omero.web.application_server.port": str(plan.web_port),
            "omero.web.server_list": json.dumps([[plan.local_host, plan.ice_tls_port, "omero"]]),
        }
        first_time = {
            "omero.web.prefix": PREFIX,
            "omero.web.middleware": json.dumps([WHITENOISE, *MIDDLEWARE]),
            "omero.web.wsgi_workers": "2",
            "omero.web.wsgi_threads": "4",
            "omero.web.wsgi_args": "--log-level=warning",
        }
        for key, value in {**{k: v for k, v in first_time.items() if k not in there}, **always}.items():
            if there.get(key) != value:
                config[key] = value
    finally:
        config.close()


@dataclass(frozen=True)
class Password:
    """Password of `root`, where this call knows it, and how to tell people."""

    value: str | None
    how: str


def root_password(plan: Plan) -> Password:
    """At the first start from ROOTPASS, a prompt, or made up; later starts keep what there is."""
    if (plan.state / "db.sqlite").exists() or plan.samples_record.exists():
        return Password(None, "as set at the first start")
    given = os.environ.get("ROOTPASS")
    if given:
        return Password(given, "taken from ROOTPASS")
    if sys.stdin is not None and sys.stdin.isatty():
        typed = getpass.getpass("Choose a password for the user root (empty: one is made up): ")
        if typed:
            return Password(typed, "as typed just now")
    made_up = secrets.token_urlsafe(12)
    return Password(made_up, f"{made_up}   (made up now and shown this once)")


@contextmanager
def running(
    name: str, arguments: list[str], environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A program in a process group of its own, ended at exit: Ctrl-C reaches us alone, and we end things in order."""
    process = subprocess.Popen(
        [*OMERO, *arguments], env=dict(environment), stdin=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield process
    finally:
        end(name, process)


def end(name: str, process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    print(f"Stopping {name}", flush=True)
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        print(f"{name} did not end within {STOP_SECONDS} s and was killed", file=sys.stderr)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def await_port(name: str, process: subprocess.Popen[bytes], host: str, port: int) -> None:
    """Wait until something accepts connections. Raises RunError when the program ends or time is up."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        if process.poll() is not None:
            raise RunError(f"{name} ended at once (exit code {process.returncode}); see above")
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise RunError(f"{name} does not listen on {host}:{port} after {START_SECONDS} s") from None
            time.sleep(0.1)
        else:
            return


def await_site(plan: Plan, process: subprocess.Popen[bytes]) -> None:
    """Wait until the login page answers. Raises RunError."""
    host = f"[{plan.local_host}]" if ":" in plan.local_host else plan.local_host
    page = f"http://{host}:{plan.web_port}{PREFIX}/webclient/login/"
    deadline = time.monotonic() + START_SECONDS
    while True:
        if process.poll() is not None:
            raise RunError(f"OMERO.web ended at once; see above and {plan.logs / 'OMEROweb.log'}")
        try:
            urllib.request.urlopen(page, timeout=5).close()
            return
        except urllib.error.HTTPError as error:
            raise RunError(f"{page} answers {error.code}; see {plan.logs / 'OMEROweb.log'}") from error
        except OSError as error:
            if time.monotonic() > deadline:
                raise RunError(f"{page} does not answer after {START_SECONDS} s: {error}") from error
            time.sleep(0.2)


def load_samples(plan: Plan, environment: Mapping[str, str]) -> None:
    """Put the demo images in; where that fails the site is of use all the same."""
    print("Loading sample images (the first time only)", flush=True)
    process = subprocess.Popen([*OMERO, "embedded", "demo"], env=dict(environment), stdin=subprocess.DEVNULL)
    try:
        code = process.wait()
    except Stopped:
        process.terminate()
        process.wait()
        raise
    if code:
        print(
            f"WARNING: sample images could not be loaded (exit code {code}), see above",
            file=sys.stderr,
            flush=True,
        )
        return
    plan.samples_record.write_text(time.strftime("%Y-%m-%dT%H:%M:%S%z\n"), encoding="utf-8")


class Stopped(BaseException):
    """Somebody asked us to stop."""


def stop_on_signals() -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, signal.SIG_IGN)
        raise Stopped

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)


def run(plan: Plan) -> None:
    refuse_taken_ports(plan)
    plan.omero_dir.mkdir(parents=True, exist_ok=True)
    password = root_password(plan)
    stop_on_signals()
    environment = {**os.environ, "OMERODIR": str(plan.omero_dir)}
    os.environ["OMERODIR"] = str(plan.omero_dir)
    if password.value:
        environment["ROOTPASS"] = password.value
    configure(plan)
    server = [
        "embedded", "start", "--foreground",
        "--host", plan.host, "--port", str(plan.ice_port), "--tls-port", str(plan.ice_tls_port),
    ]  # fmt: skip
    with ExitStack() as parts:
        ice = parts.enter_context(running("the embedded server", server, environment))
        try:
            if not plan.samples_record.exists():
                await_port("The embedded server", ice, plan.local_host, plan.ice_tls_port)
                load_samples(plan, environment)
            # Once there are images, both start side by side.
            web = parts.enter_context(
                running("OMERO.web", ["web", "start", "--foreground", "--no-wait"], environment)
            )
            await_port("The embedded server", ice, plan.local_host, plan.ice_tls_port)
            await_site(plan, web)
            print(f"\nOMERO.web:  {plan.url}\nuser:       root\npassword:   {password.how}", flush=True)
            password = Password(None, "shown above")
            print("Ctrl-C stops OMERO.web and the server; all data stay in", plan.omero_dir, flush=True)
            watch({"The embedded server": ice, "OMERO.web": web})
        finally:
            if password.value is not None:
                # The store has it by now, whatever went wrong since.
                print(f"Password of root: {password.how}", flush=True)


def watch(processes: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """Wait until one of the programs ends by itself. Raises RunError then."""
    while True:
        for name, process in processes.items():
            if process.poll() is not None:
                raise RunError(f"{name} ended by itself (exit code {process.returncode})")
        time.sleep(0.5)


def main() -> None:
    try:
        run(read_plan(os.environ))
    except RunError as error:
        sys.exit(f"ERROR: {error}")
    except (Stopped, KeyboardInterrupt):
        print("Stopped", flush=True)


if __name__ == "__main__":
    main()
