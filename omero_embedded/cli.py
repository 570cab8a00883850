"""What `omero embedded` does: start, stop and look at the server, import files, make demonstration data.

`python -m omero_embedded.cli` runs the server in the foreground of the process that `start` leaves behind.
"""

from __future__ import annotations

import argparse
import getpass
import json
import logging
import logging.handlers
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import portalocker

from .settings import TCP_PORT, TLS_PORT, StatePaths, configured

START_WAIT = 60.0
STOP_WAIT = 60.0
LOG_BYTES = 10_000_000
LOG_FILES = 5

log = logging.getLogger(__name__)


class CommandFailed(Exception):
    """A command cannot be carried out; the text is one clear line for the user."""


@dataclass(frozen=True, slots=True)
class Running:
    """The server that holds the state folder."""

    pid: int
    host: str
    tcp_port: int
    tls_port: int


def endpoints_from(
    host: str | None, tcp_port: int | None, tls_port: int | None, values: Mapping[str, str]
) -> Any:
    """Where to listen: the option, else the environment (HOST, ICE_PORT, ICE_TLS_PORT), else the configuration."""
    from .server import Endpoints

    def port(option: int | None, variable: str, key: str, default: int) -> int:
        text = option if option is not None else os.environ.get(variable) or values.get(key) or default
        try:
            number = int(text)
        except ValueError:
            number = -1
        if not 0 <= number <= 65535:
            raise CommandFailed(f"{variable} / {key}: {text!r} is no port number")
        return number

    return Endpoints(
        host=host or os.environ.get("HOST") or values.get("omero.embedded.host") or "127.0.0.1",
        tcp_port=port(tcp_port, "ICE_PORT", "omero.embedded.port", TCP_PORT),
        tls_port=port(tls_port, "ICE_TLS_PORT", "omero.embedded.tls_port", TLS_PORT),
    )


def state_paths() -> StatePaths:
    """The state folder. Raises CommandFailed when OMERODIR is not set."""
    try:
        return StatePaths.from_environment()
    except ValueError as error:
        raise CommandFailed(str(error)) from error


def configuration(paths: StatePaths) -> dict[str, str]:
    """Keys set with `omero config`. Raises CommandFailed when they cannot be read."""
    try:
        return configured(paths.root.parent)
    except ValueError as error:
        raise CommandFailed(str(error)) from error


def running(paths: StatePaths) -> Running | None:
    """The server that runs on the state folder; None when there is none."""
    lock = _lock(paths)
    if lock is not None:
        lock.close()
        return None
    for _ in range(50):
        found = _recorded(paths)
        if found is not None:
            return found
        # It holds the lock and has not written its ports yet.
        time.sleep(0.1)
    raise CommandFailed(f"a server is starting on {paths.root}, but does not say where it listens")


def _recorded(paths: StatePaths) -> Running | None:
    """What the last server wrote down about itself."""
    try:
        return Running(**json.loads(paths.pid_file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def _lock(paths: StatePaths) -> Any:
    """The lock of the state folder, held while the file is open; None when another process holds it."""
    paths.create()
    handle = (paths.root / "server.lock").open("a")
    try:
        portalocker.lock(handle, portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING)
    except portalocker.LockException:
        handle.close()
        return None
    return handle


def first_password(say: Callable[[str], None]) -> str:
    """Root's password for a new store: ROOTPASS, a prompt, or a generated one that is told once."""
    given = os.environ.get("ROOTPASS")
    if given:
        return given
    if sys.stdin is not None and sys.stdin.isatty():
        while True:
            password = getpass.getpass("Password for the new user root: ")
            if password.strip() and password == getpass.getpass("Once more: "):
                return password
            say("The two must be the same and not empty.")
    password = secrets.token_urlsafe(12)
    say(f"Password of root (shown this once): {password}")
    return password


def prepare(server: Any, say: Callable[[str], None]) -> None:
    """Create the store if it is new."""
    if server.is_new():
        server.prepare(first_password(say))


def start(
    *,
    foreground: bool,
    host: str | None,
    tcp_port: int | None,
    tls_port: int | None,
    say: Callable[[str], None] = print,
) -> None:
    """Start the server; in the background, return when it answers. Raises CommandFailed."""
    paths = state_paths()
    values = configuration(paths)
    endpoints = endpoints_from(host, tcp_port, tls_port, values)
    found = running(paths)
    if found is not None:
        raise CommandFailed(
            f"already running: process {found.pid}, {found.host}, tcp {found.tcp_port}, TLS {found.tls_port}"
        )
    for port in (endpoints.tcp_port, endpoints.tls_port):
        _check_free(endpoints.host, port)
    from .server import Server

    try:
        server = Server(paths, endpoints, values)
        prepare(server, say)
    except (ValueError, OSError) as error:
        raise CommandFailed(str(error)) from error
    if foreground:
        _serve(server, paths, console=True, say=say)
        return
    server.stop()
    _start_in_background(paths, endpoints, say)


def _check_free(host: str, port: int) -> None:
    if port == 0:
        return
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandFailed(f"port {port} on {host} cannot be used: {error.strerror}") from error


def _start_in_background(paths: StatePaths, endpoints: Any, say: Callable[[str], None]) -> None:
    output = paths.logs / "embedded.out"
    arguments = [
        "--host", endpoints.host, "--port", str(endpoints.tcp_port), "--tls-port", str(endpoints.tls_port)
    ]  # fmt: skip
    # A killed server leaves its file behind; the lock is not tried here, since the child needs it.
    paths.pid_file.unlink(missing_ok=True)
    with output.open("w", encoding="utf-8") as stream:
        child = subprocess.Popen(
            [sys.executable, "-m", "omero_embedded.cli", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
            env={name: value for name, value in os.environ.items() if name != "ROOTPASS"},
        )
    deadline = time.monotonic() + START_WAIT
    while time.monotonic() < deadline:
        if child.poll() is not None:
            lines = output.read_text(encoding="utf-8").strip().splitlines()
            raise CommandFailed(lines[-1] if lines else f"the server ended with status {child.returncode}")
        found = _recorded(paths)
        if found is not None and found.pid == child.pid and _answers(found):
            say(f"running: process {found.pid}, {found.host}, tcp {found.tcp_port}, TLS {found.tls_port}")
            return
        time.sleep(0.05)
    child.terminate()
    raise CommandFailed(f"the server did not answer within {START_WAIT:.0f} s, see {paths.logs}")


def _answers(found: Running) -> bool:
    """Its router answers a ping."""
    import Ice

    host = {"0.0.0.0": "127.0.0.1", "*": "127.0.0.1", "::": "::1"}.get(found.host, found.host)
    communicator = Ice.initialize()
    try:
        proxy = communicator.stringToProxy(
            f'OMERO.Glacier2/router:tcp -h "{host}" -p {found.tcp_port} -t 2000'
        )
        proxy.ice_ping()
    except Ice.Exception:
        return False
    finally:
        communicator.destroy()
    return True


def _serve(server: Any, paths: StatePaths, *, console: bool, say: Callable[[str], None]) -> None:
    """Run the server in this process until SIGTERM or SIGINT."""
    from .server import PortInUse

    lock = _lock(paths)
    for _ in range(20):
        if lock is not None:
            break
        # Perhaps only `status` is trying it.
        time.sleep(0.05)
        lock = _lock(paths)
    if lock is None:
        raise CommandFailed(f"another server is running on {paths.root}")
    try:
        _log_to_file(paths, console=console)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: server.request_stop())
        try:
            server.start()
        except (PortInUse, ValueError) as error:
            raise CommandFailed(str(error)) from error
        listening = Running(os.getpid(), server.endpoints.host, server.tcp_port, server.tls_port)
        temporary = paths.pid_file.with_suffix(".new")
        temporary.write_text(
            json.dumps(
                {
                    "pid": listening.pid,
                    "host": listening.host,
                    "tcp_port": listening.tcp_port,
                    "tls_port": listening.tls_port,
                }
            ),
            encoding="utf-8",
        )
        temporary.replace(paths.pid_file)
        say(f"listening: {listening.host}, tcp {listening.tcp_port}, TLS {listening.tls_port}")
        server.wait()
        server.stop()
    finally:
        paths.pid_file.unlink(missing_ok=True)
        lock.close()


def _log_to_file(paths: StatePaths, *, console: bool) -> None:
    handlers: list[logging.Handler] = [
        logging.handlers.RotatingFileHandler(
            paths.logs / "embedded.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8"
        )
    ]
    if console:
        shown = logging.StreamHandler()
        shown.setLevel(logging.WARNING)
        handlers.append(shown)
    logging.basicConfig(
        level=logging.INFO,
        handlers=handlers,
        format="%(asctime)s %(levelname)-7s [%(threadName)s] %(name)s: %(message)s",
        force=True,
    )
    logging.getLogger("alembic").setLevel(logging.WARNING)


def stop(say: Callable[[str], None] = print) -> None:
    """Stop the running server and wait until it is gone. Raises CommandFailed."""
    paths = state_paths()
    found = running(paths)
    if found is None:
        say("not running")
        return
    os.kill(found.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_WAIT
    while time.monotonic() < deadline:
        lock = _lock(paths)
        if lock is not None:
            lock.close()
            say("stopped")
            return
        time.sleep(0.05)
    raise CommandFailed(f"process {found.pid} did not end within {STOP_WAIT:.0f} s")


def status(say: Callable[[str], None] = print) -> bool:
    """Tell whether the server runs and answers; true when it does."""
    found = running(state_paths())
    if found is None:
        say("not running")
        return False
    answers = _answers(found)
    state = "running" if answers else "running, but does not answer"
    say(f"{state}: process {found.pid}, {found.host}, tcp {found.tcp_port}, TLS {found.tls_port}")
    return answers


def import_files(
    files: Sequence[str],
    *,
    dataset: str | None = None,
    project: str | None = None,
    user: str | None = None,
    group: str | None = None,
    say: Callable[[str], None] = print,
) -> int:
    """Import image files and tell what became of each; returns how many failed. Raises CommandFailed."""
    from .importer import command

    paths = state_paths()
    try:
        return command.import_files(
            paths, configuration(paths), files,
            dataset=dataset, project=project, user=user, group=group, say=say,
        )  # fmt: skip
    except ValueError as error:
        raise CommandFailed(str(error)) from error


def demo(say: Callable[[str], None] = print) -> None:
    """Make demonstration images, groups and users; what exists already stays. Raises CommandFailed."""
    from .demo.making import DemoFailed, make

    paths = state_paths()
    try:
        make(paths, configuration(paths), say)
    except (DemoFailed, ValueError) as error:
        raise CommandFailed(str(error)) from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server in the foreground of this process; used by `start`."""
    parser = argparse.ArgumentParser(prog="python -m omero_embedded.cli", description=main.__doc__)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tls-port", type=int, required=True)
    options = parser.parse_args(arguments)
    try:
        paths = state_paths()
        values = configuration(paths)
        from .server import Server

        endpoints = endpoints_from(options.host, options.port, options.tls_port, values)
        _serve(Server(paths, endpoints, values), paths, console=False, say=print)
    except CommandFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
