"""A FastCGI process: serves the requests that come in on its standard input, which is a listening socket.

That is how the FastCGI specification (section 2.2) has processes started, so `spawn-fcgi` and process managers of web
servers can run `python -m omeroweb.deploy.fastcgi_worker` as well as `omeroweb.deploy.fastcgi` does.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

from flup.server.fcgi import WSGIServer

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]
_POLL = 0.005


class Worker(WSGIServer):
    """flup's threaded server, on a socket that several processes share.

    Connections that no thread is free for stay in the socket's queue, for another process or a moment later; flup
    itself would close them. Ends by itself after `max_requests` connections (0: never).
    """

    maxwrite = 32768

    def __init__(self, application: Application, threads: int, max_requests: int = 0) -> None:
        super().__init__(
            application, multiprocess=True, minSpare=1, maxSpare=min(threads, 5), maxThreads=threads
        )
        self._most_threads = threads
        self._left = max_requests or None

    def _setupSocket(self) -> socket.socket:
        sock: socket.socket = super()._setupSocket()
        # Another process may be faster to accept what `select` has announced.
        sock.setblocking(False)
        return sock

    def _isClientAllowed(self, addr: Any) -> bool:
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                self._exit()
        return bool(super()._isClientAllowed(addr))

    def _mainloopPeriodic(self) -> None:
        pool = self._threadPool
        while self._keepGoing and pool._workerCount >= self._most_threads:
            if pool._idleCount > len(pool._workQueue):
                return
            time.sleep(_POLL)

    def shutdown(self) -> None:
        """Finish the requests in progress."""
        pool = self._threadPool
        while pool._workQueue or pool._idleCount < pool._workerCount:
            time.sleep(_POLL)
        super().shutdown()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--max-requests", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.threads < 1:
        parser.error("--threads must be at least 1")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "omeroweb.settings")
    from omeroweb.wsgi import application

    Worker(application, arguments.threads, arguments.max_requests).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
