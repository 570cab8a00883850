"""The facts about a site that the commands need, read once from its settings."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from pathlib import Path

from omeroweb.properties import reading

OMERODIR_MISSING = 101
SETTINGS_UNUSABLE = 682


class SiteError(Exception):
    """The site's settings cannot be used; `code` is the exit code of the command."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class Site:
    """One installation: its folder and what runs it. Times in seconds."""

    omero_dir: Path
    application_server: str
    host: str
    port: int
    workers: int
    threads: int
    worker_class: str
    worker_connections: int
    timeout: int
    max_requests: int
    arguments: str | None
    cache_backend: str | None
    prefix: str | None
    static_url: str
    static_root: str
    nginx_extra: list[str]

    @property
    def pid_file(self) -> Path:
        """Where the application server notes its process id."""
        return self.omero_dir / "var" / "django.pid"

    @property
    def socket(self) -> Path:
        """Where the application server `fastcgi` listens."""
        return self.omero_dir / "var" / "django_fcgi.sock"

    @property
    def address(self) -> str:
        """Host and port as URLs write them."""
        return f"{bracketed(self.host)}:{self.port}"


def bracketed(host: str) -> str:
    """IPv6 addresses take brackets before a port."""
    return f"[{host}]" if ":" in host else host


def reason(error: BaseException) -> str:
    """What went wrong, with what caused it."""
    causes = [error]
    while causes[-1].__cause__ is not None:
        causes.append(causes[-1].__cause__)
    return ": ".join(str(cause) or repr(cause) for cause in causes)


def read_site() -> Site:
    """The site below `$OMERODIR`. Raises SiteError."""
    try:
        omero_dir = reading.omero_directory()
    except RuntimeError as error:
        raise SiteError(OMERODIR_MISSING, str(error)) from error
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "omeroweb.settings")
    try:
        settings = importlib.import_module(os.environ["DJANGO_SETTINGS_MODULE"])
    except Exception as error:
        # Settings of plug-ins run here too: whatever they raise is the reason to show.
        raise SiteError(SETTINGS_UNUSABLE, reason(error)) from error
    return Site(
        omero_dir=omero_dir.resolve(),
        application_server=settings.APPLICATION_SERVER,
        host=settings.APPLICATION_SERVER_HOST,
        port=settings.APPLICATION_SERVER_PORT,
        workers=settings.WSGI_WORKERS,
        threads=settings.WSGI_THREADS,
        worker_class=settings.WSGI_WORKER_CLASS,
        worker_connections=settings.WSGI_WORKER_CONNECTIONS,
        timeout=settings.WSGI_TIMEOUT,
        max_requests=settings.APPLICATION_SERVER_MAX_REQUESTS,
        arguments=getattr(settings, "WSGI_ARGS", None),
        cache_backend=getattr(settings, "CACHE_BACKEND", None),
        prefix=settings.FORCE_SCRIPT_NAME,
        static_url=settings.STATIC_URL,
        static_root=settings.STATIC_ROOT,
        nginx_extra=list(settings.NGINX_SERVER_EXTRA_CONFIG),
    )
