"""WSGI entry of OMERO.web.

Servers that give no environment variables to the process (Apache's mod_wsgi) pass OMERODIR with each request instead;
then the site is loaded with the first one. Source: contract/config-cli-deploy.md, sections 7.4 and 8.4.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "omeroweb.settings")

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]
_lock = threading.Lock()


def _load() -> tuple[Application, str]:
    """Django's application and the prefix without a slash at its end."""
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application

    django = get_wsgi_application()
    return django, (settings.FORCE_SCRIPT_NAME or "").rstrip("/")


# At import wherever possible, so that what is wrong with the settings shows at the start.
_site = _load() if os.environ.get("OMERODIR") else None


def _site_for(environ: dict[str, Any]) -> tuple[Application, str]:
    global _site
    if _site is None:
        with _lock:
            if _site is None:
                if not os.environ.get("OMERODIR") and environ.get("OMERODIR"):
                    os.environ["OMERODIR"] = environ["OMERODIR"]
                _site = _load()
    return _site


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Serve the site below `omero.web.prefix`.

    Web servers that know the prefix split it off the path themselves; with those that do not (Django's own, or a proxy
    that passes the path as it came) it is done here, so that both give the same site.
    """
    django, prefix = _site_for(environ)
    path = environ.get("PATH_INFO", "")
    if prefix and (path == prefix or path.startswith(prefix + "/")):
        environ = {**environ, "SCRIPT_NAME": prefix, "PATH_INFO": path[len(prefix) :] or "/"}
    return django(environ, start_response)
