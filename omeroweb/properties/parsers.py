"""Parsers that turn the text of an `omero.web.*` property into a Python value.

Every parser takes the text of the property file or the default (which need not be text) and returns the value, raises
ValueError with the reason, or raises `LeaveUnset` when the Django setting must not exist at all.
Source: contract/config-cli-deploy.md, section 2.1.
"""

from __future__ import annotations

import json
import os
import re
import zoneinfo
from collections.abc import Callable, Sequence
from typing import Any

Parser = Callable[[Any], Any]


class LeaveUnset(Exception):
    """The property has no value and its Django setting stays undefined."""


def identity(value: Any) -> Any:
    """The value unchanged; None when the property is unset."""
    return value


def parse_boolean(text: Any) -> bool:
    """True exactly for `true`, `1` and `t`, blanks and case ignored; anything else is false."""
    return str(text).strip().lower() in ("true", "1", "t")


def str_slash(text: Any) -> Any:
    """Text with a `/` at its end unless it is empty; None stays None."""
    if text is None:
        return None
    text = str(text)
    return text + "/" if text and not text.endswith("/") else text


def leave_none_unset(text: Any) -> str:
    """Text, or LeaveUnset for None."""
    if text is None:
        raise LeaveUnset
    return str(text)


def leave_none_unset_int(text: Any) -> int:
    """Integer, or LeaveUnset for None."""
    if text is None:
        raise LeaveUnset
    return int(text)


def parse_json(text: Any) -> Any:
    """The decoded JSON text."""
    return json.loads(text)


def parse_caches(text: Any) -> dict[str, dict[str, Any]]:
    """JSON object of Django caches, with backends that bear a dead server."""
    from omeroweb.cache_backends import lasting

    return lasting(json.loads(text))


def parse_path(text: Any) -> str:
    """Normalised file path."""
    return os.path.normpath(str(text))


def parse_regex(text: Any) -> re.Pattern[str]:
    """Compiled regular expression. `re.error` becomes ValueError with the same text."""
    try:
        return re.compile(text)
    except re.error as error:
        raise ValueError(str(error)) from error


def check_timezone(name: Any) -> str:
    """Name of a time zone of the tz database."""
    try:
        zoneinfo.ZoneInfo(str(name))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"'{name}'") from error
    return str(name)


def check_server_type(text: Any) -> str:
    """Name of an application server."""
    valid = ("wsgi", "wsgi-tcp", "development", "fastcgi", "fastcgi-tcp")
    if text not in valid:
        raise ValueError(f"Unknown server type: {text}. Valid values are: {valid}")
    return str(text)


SESSION_ENGINES = (
    "omeroweb.filesessionstore",
    "django.contrib.sessions.backends.db",
    "django.contrib.sessions.backends.file",
    "django.contrib.sessions.backends.cache",
    "django.contrib.sessions.backends.cached_db",
)


def check_session_engine(text: Any) -> str:
    """Dotted name of a session store."""
    if text not in SESSION_ENGINES:
        raise ValueError(f"Unknown session engine: {text}. Valid values are: {SESSION_ENGINES}")
    return str(text)


def check_worker_class(text: Any) -> str:
    """Worker class of the WSGI server; `gevent` must be importable, other names are refused at `omero web start`."""
    if text == "gevent":
        try:
            import gevent  # noqa: F401
        except ImportError as error:
            raise ImportError("The worker class gevent needs the package: pip install gevent") from error
    return str(text)


def parse_middleware(text: Any) -> list[dict[str, Any]]:
    """JSON list of `{"index": number, "class": dotted name}` rows, in order of `index`."""
    rows: Sequence[dict[str, Any]] = json.loads(text)
    for row in rows:
        for key in ("index", "class"):
            if key not in row:
                raise ValueError(f"'{key}'")
    return sorted(rows, key=lambda row: row["index"])


def parse_server_list(text: Any) -> list[list[Any]]:
    """JSON list of `[host, port, alias?]` rows; a repeated host and port is one entry."""
    servers: dict[tuple[str, int], list[Any]] = {}
    for row in json.loads(text):
        if len(row) < 2:
            raise ValueError(f"A server needs host and port: {row}")
        servers.setdefault((str(row[0]), int(row[1])), [row[0], int(row[1]), *row[2:3]])
    return list(servers.values())


def parse_pairs(text: Any) -> list[list[Any]]:
    """JSON list of `[name, value]` pairs."""
    pairs = json.loads(text)
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2:
            raise ValueError(f"Expected [name, value], got {json.dumps(pair)}")
    return list(pairs)
