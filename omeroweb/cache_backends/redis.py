"""Redis, by Django's own backend."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache as DjangoRedisCache

logger = logging.getLogger(__name__)
Result = TypeVar("Result")
TIMEOUT = 2


class RedisCache(DjangoRedisCache):
    """A server that is down counts as empty, with a warning in the log."""

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        options = {
            "socket_timeout": TIMEOUT,
            "socket_connect_timeout": TIMEOUT,
            **(params.get("OPTIONS") or {}),
        }
        super().__init__(server, {**params, "OPTIONS": options})

    @staticmethod
    def _ask(question: Callable[[], Result], otherwise: Result) -> Result:
        import redis

        try:
            return question()
        except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError) as error:
            logger.warning("The Redis cache does not answer: %s", error)
            return otherwise

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self._ask(lambda: super(RedisCache, self).get(key, default, version), default)

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return self._ask(lambda: super(RedisCache, self).add(key, value, timeout, version), False)

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._ask(lambda: super(RedisCache, self).set(key, value, timeout, version), None)

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return self._ask(lambda: super(RedisCache, self).touch(key, timeout, version), False)

    def delete(self, key: str, version: int | None = None) -> bool:
        return self._ask(lambda: super(RedisCache, self).delete(key, version), False)

    def has_key(self, key: str, version: int | None = None) -> bool:
        return self._ask(lambda: super(RedisCache, self).has_key(key, version), False)

    def get_many(self, keys: Iterable[str], version: int | None = None) -> dict[str, Any]:
        names = list(keys)
        return self._ask(lambda: super(RedisCache, self).get_many(names, version), {})

    def set_many(
        self, data: Mapping[str, Any], timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> list[str]:
        """Names that were not stored."""
        return self._ask(
            lambda: list(super(RedisCache, self).set_many(dict(data), timeout, version)), list(data)
        )

    def delete_many(self, keys: Iterable[str], version: int | None = None) -> None:
        names = list(keys)
        self._ask(lambda: super(RedisCache, self).delete_many(names, version), None)
