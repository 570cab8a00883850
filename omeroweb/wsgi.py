"""WSGI entry of OMERO.web."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "omeroweb.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application

_django = get_wsgi_application()
_prefix = (settings.FORCE_SCRIPT_NAME or "").rstrip("/")


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Serve the site below `omero.web.prefix`.

    Web servers that know the prefix split it off the path themselves; with those that do not (Django's own, or a proxy
    that passes the path as it came) it is done here, so that both give the same site.
    """
    path = environ.get("PATH_INFO", "")
    if _prefix and (path == _prefix or path.startswith(_prefix + "/")):
        environ = {**environ, "SCRIPT_NAME": _prefix, "PATH_INFO": path[len(_prefix) :] or "/"}
    return _django(environ, start_response)
