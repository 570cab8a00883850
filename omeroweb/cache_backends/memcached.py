"""Memcached, by python-memcached or by pymemcache."""

from __future__ import annotations

import pickle
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.memcached import BaseMemcachedCache
from django.core.cache.backends.memcached import PyMemcacheCache as DjangoPyMemcacheCache

# A server that does not answer is asked again so much later, in seconds.
DEAD_RETRY = 5
TIMEOUT = 2


class MemcachedCache(BaseMemcachedCache):
    """Python-memcached, which treats a server that is down as empty. Several servers share the keys."""

    _options: dict[str, Any]
    _cache: Any

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        import memcache

        super().__init__(server, params, library=memcache, value_not_found_exception=ValueError)
        self._options = {
            "pickleProtocol": pickle.HIGHEST_PROTOCOL,
            "dead_retry": DEAD_RETRY,
            "socket_timeout": TIMEOUT,
            **self._options,
        }

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        key = self.make_and_validate_key(key, version=version)
        value = self._cache.get(key)
        # The library cannot tell a missing key from None; nobody here stores None.
        return default if value is None else value

    def delete(self, key: str, version: int | None = None) -> bool:
        # The library reports success for keys that were never there.
        key = self.make_and_validate_key(key, version=version)
        existed = self._cache.get(key) is not None
        return bool(self._cache.delete(key)) and existed

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        key = self.make_and_validate_key(key, version=version)
        if timeout == 0:
            return bool(self._cache.delete(key))
        return bool(self._cache.touch(key, self.get_backend_timeout(timeout)))


class PyMemcacheCache(DjangoPyMemcacheCache):
    """pymemcache, told to treat a server that is down as empty."""

    _options: dict[str, Any]

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._options = {
            "ignore_exc": True,
            "dead_timeout": DEAD_RETRY,
            "retry_attempts": 0,
            "connect_timeout": TIMEOUT,
            "timeout": TIMEOUT,
            **self._options,
        }
