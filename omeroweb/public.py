"""Rules of the public user: who is let in without a login, and where.

Source: contract/config-cli-deploy.md, section 10.6; contract/webgateway.md, section 2.2.
"""

from __future__ import annotations

import logging
from functools import cache

from django.conf import settings
from django.core.cache import cache as django_cache
from django.http import HttpRequest

from omeroweb.connector import Connector

logger = logging.getLogger(__name__)


@cache
def enabled() -> bool:
    """Whether there is a public user. A missing name or password switches it off, with one warning per process."""
    if not settings.PUBLIC_ENABLED:
        return False
    for name in ("PUBLIC_USER", "PUBLIC_PASSWORD"):
        if not hasattr(settings, name):
            logger.warning("The public user is enabled, but %s is not set", name)
            return False
    return True


def allows(request: HttpRequest, override: bool | None, post: bool) -> bool:
    """Whether this request may be answered for the public user.

    override: a view's own decision instead of the path filter. post: POST is as good as GET for this view.
    """
    if not enabled():
        return False
    if override is not None:
        return override
    if settings.PUBLIC_GET_ONLY and request.method != "GET" and not (post and request.method == "POST"):
        return False
    return settings.PUBLIC_URL_FILTER.search(request.path) is not None


def cached_connector() -> Connector | None:
    """The OMERO session that all visitors share, if that is configured."""
    if not settings.PUBLIC_CACHE_ENABLED:
        return None
    return Connector.from_dict(django_cache.get(settings.PUBLIC_CACHE_KEY))


def cache_connector(connector: Connector) -> None:
    """Share an OMERO session with later visitors, if that is configured."""
    if settings.PUBLIC_CACHE_ENABLED:
        django_cache.set(settings.PUBLIC_CACHE_KEY, connector.to_dict(), settings.PUBLIC_CACHE_TIMEOUT)
