"""The FastCGI application server: opens the socket and keeps worker processes running on it.

`python -m omeroweb.deploy.fastcgi`, started by `omero web start` for the application servers `fastcgi` and
`fastcgi-tcp`. Ends on SIGTERM, when its workers have finished the requests in progress; SIGHUP replaces the workers.
Source: contract/config-cli-deploy.md, section 7.4.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

logger = logging.getLogger(__name__)

BACKLOG = 1024
# A worker that dies sooner is not replaced at once: its start-up is broken.
EARLY_SECONDS = 5.0
_POLL = 0.1


def listen_tcp(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listening = socket.socket(family, kind, protocol)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(address)
    listening.listen(BACKLOG)
    return listening


def listen_unix(path: Path) -> socket.socket:
    """A socket for everybody on this host: the web server runs as another user."""
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(str(path))
    path.chmod(0o666)
    listening.listen(BACKLOG)
    return listening


@dataclass
class Manager:
    """Worker processes on one socket. `grace`: seconds that a worker gets to finish its requests."""

    listening: socket.socket
    command: list[str]
    workers: int
    grace: float
    _running: dict[int, tuple[subprocess.Popen[bytes], float]] = field(default_factory=dict)
    _leaving: list[tuple[subprocess.Popen[bytes], float]] = field(default_factory=list)
    _end: bool = False
    _replace: bool = False

    def run(self) -> None:
        signal.signal(signal.SIGTERM, self._ask_end)
        signal.signal(signal.SIGINT, self._ask_end)
        signal.signal(signal.SIGHUP, self._ask_replace)
        while not self._end:
            if self._replace:
                self._replace = False
                self._dismiss()
            self._look_after()
            time.sleep(_POLL)
        self.listening.close()
        self._dismiss()
        while self._leaving:
            self._see_off()
            time.sleep(_POLL)

    def _ask_end(self, number: int, frame: FrameType | None) -> None:
        self._end = True

    def _ask_replace(self, number: int, frame: FrameType | None) -> None:
        self._replace = True

    def _look_after(self) -> None:
        """Replace workers that have ended."""
        self._see_off()
        now = time.monotonic()
        for slot in range(self.workers):
            process, started = self._running.get(slot, (None, 0.0))
            if process is not None:
                code = process.poll()
                if code is None or (code and now - started < EARLY_SECONDS):
                    continue
                if code:
                    logger.error("FastCGI worker %s ended with %s; starting another", process.pid, code)
            self._running[slot] = (subprocess.Popen(self.command, stdin=self.listening.fileno()), now)

    def _dismiss(self) -> None:
        """Ask every worker to finish and leave."""
        deadline = time.monotonic() + self.grace
        for process, _ in self._running.values():
            process.terminate()
            self._leaving.append((process, deadline))
        self._running.clear()

    def _see_off(self) -> None:
        for process, deadline in list(self._leaving):
            if process.poll() is not None:
                self._leaving.remove((process, deadline))
            elif time.monotonic() > deadline:
                process.kill()


def daemonise(log: Path) -> None:
    """Go to the background; what workers print goes to `log`."""
    if os.fork():
        os._exit(0)
    os.setsid()
    if os.fork():
        os._exit(0)
    with open(os.devnull, "rb") as nothing, open(log, "ab") as output:
        os.dup2(nothing.fileno(), 0)
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--socket", type=Path)
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)
    parser.add_argument("--pid-file", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=60.0)
    parser.add_argument("--max-requests", type=int, default=0)
    parser.add_argument("--daemon", type=Path, metavar="LOG")
    wanted = parser.parse_args()
    try:
        listening = listen_unix(wanted.socket) if wanted.socket else listen_tcp(wanted.host, wanted.port)
    except OSError as error:
        print(f"Cannot listen on {wanted.socket or (wanted.host, wanted.port)}: {error}", file=sys.stderr)
        return 1
    if wanted.daemon:
        daemonise(wanted.daemon)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    wanted.pid_file.write_text(f"{os.getpid()}\n")
    command = [
        *(sys.executable, "-m", "omeroweb.deploy.fastcgi_worker"),
        *("--threads", str(wanted.threads), "--max-requests", str(wanted.max_requests)),
    ]
    try:
        Manager(listening, command, wanted.workers, wanted.timeout).run()
    finally:
        for path in (wanted.pid_file, wanted.socket):
            if path is not None:
                with contextlib.suppress(FileNotFoundError):
                    path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
