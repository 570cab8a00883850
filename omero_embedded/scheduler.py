"""One thread that runs short actions later: delayed refusals, sweeps."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable

log = logging.getLogger(__name__)


class Scheduler:
    """Runs actions after a delay, one after the other. Actions must be short; long work belongs to a worker pool."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)
        self._thread.start()

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Run `action` once, `seconds` from now. Ignored after `stop`."""
        with self._condition:
            heapq.heappush(self._queue, (time.monotonic() + seconds, next(self._order), action))
            self._condition.notify()

    def every(self, seconds: float, action: Callable[[], None]) -> None:
        """Run `action` again and again, `seconds` after it ended."""

        def again() -> None:
            try:
                action()
            finally:
                self.later(seconds, again)

        self.later(seconds, again)

    def stop(self) -> None:
        """Drop what waits and end the thread."""
        with self._condition:
            self._stopped = True
            self._condition.notify()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._condition:
                while not self._stopped and (not self._queue or self._queue[0][0] > time.monotonic()):
                    wait = self._queue[0][0] - time.monotonic() if self._queue else None
                    self._condition.wait(wait)
                if self._stopped:
                    return
                _, _, action = heapq.heappop(self._queue)
            try:
                action()
            except Exception:
                log.exception("a scheduled action failed")
