"""A cache bounded in bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class ByteCache(Generic[Value]):
    """The most recently used values whose sizes together stay within `limit` bytes. Thread-safe."""

    def __init__(self, limit: int, size_of: Callable[[Value], int]) -> None:
        self._limit = limit
        self._size_of = size_of
        self._size = 0
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Value | None:
        """The value, which counts as used now; None when it is not there."""
        with self._lock:
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
            return value

    def put(self, key: Hashable, value: Value) -> None:
        """Keep a value, dropping the ones that were not used for longest."""
        with self._lock:
            former = self._values.pop(key, None)
            self._size += self._size_of(value) - (0 if former is None else self._size_of(former))
            self._values[key] = value
            while self._size > self._limit:
                _, dropped = self._values.popitem(last=False)
                self._size -= self._size_of(dropped)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._values.clear()
            self._size = 0

    @property
    def nbytes(self) -> int:
        """Bytes of what is kept."""
        return self._size
