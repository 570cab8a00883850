"""Answers of the server that are worth keeping for a while."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import Any


class Remembered:
    """A bounded, thread-safe dictionary whose entries expire."""

    def __init__(self, seconds: float, limit: int = 4096) -> None:
        self._seconds = seconds
        self._limit = limit
        self._entries: OrderedDict[Any, tuple[float, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Any) -> Any | None:
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or time.monotonic() - entry[0] > self._seconds:
                self._entries.pop(key, None)
                return None
            return entry[1]

    def put(self, key: Any, value: Any) -> None:
        with self._lock:
            self._entries[key] = (time.monotonic(), value)
            self._entries.move_to_end(key)
            while len(self._entries) > self._limit:
                self._entries.popitem(last=False)

    def drop(self, key: Any) -> None:
        with self._lock:
            self._entries.pop(key, None)
