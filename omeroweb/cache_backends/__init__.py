"""Django caches that the site outlives: while the cache server is down, every look-up is a miss.

`omero.web.caches` names the backends of Django, also that of old releases; `lasting` puts these in their place.
Source: contract/config-cli-deploy.md, sections 3.7, 9.3 and 10.1.
"""

from __future__ import annotations

from typing import Any

_OURS = {
    # Gone from Django since 4.1, still in the files of sites and in the documentation of 5.1.
    "django.core.cache.backends.memcached.MemcachedCache": "omeroweb.cache_backends.memcached.MemcachedCache",
    "django.core.cache.backends.memcached.PyMemcacheCache": "omeroweb.cache_backends.memcached.PyMemcacheCache",
    "django.core.cache.backends.redis.RedisCache": "omeroweb.cache_backends.redis.RedisCache",
}
_DJANGO_REDIS = "django_redis.cache.RedisCache"


def lasting(caches: Any) -> dict[str, dict[str, Any]]:
    """The caches with backends that bear a dead server. Raises ValueError unless it is an object of objects."""
    if not isinstance(caches, dict) or not all(isinstance(row, dict) for row in caches.values()):
        raise ValueError('Expected an object such as {"default": {"BACKEND": …}}')
    result = {}
    for name, row in caches.items():
        if not isinstance(row.get("BACKEND"), str):
            raise ValueError(f"'BACKEND' of the cache '{name}' is missing")
        row = {**row, "BACKEND": _OURS.get(row["BACKEND"], row["BACKEND"])}
        if row["BACKEND"] == _DJANGO_REDIS:
            row["OPTIONS"] = {"IGNORE_EXCEPTIONS": True, **(row.get("OPTIONS") or {})}
        result[name] = row
    return result
