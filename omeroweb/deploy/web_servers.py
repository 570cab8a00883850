"""Set-ups of web servers in front of OMERO.web: what `omero web config` prints.

Texts stand in `templates/`. Source: contract/config-cli-deploy.md, section 8.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.template import Context, Engine

import omeroweb
from omeroweb.deploy.kinds import FASTCGI, FITTING, PORT_CONFLICT, TCP, USAGE, WRONG_SERVER
from omeroweb.deploy.site import Site

TEMPLATES = Path(__file__).parent / "templates"
_SIZES = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


class ConfigurationError(Exception):
    """The set-up cannot be made; `code` is the exit code of the command."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class WebServer:
    """What the options of `omero web config` say. `http`: port, None for the default of the kind."""

    http: int | None = None
    server_name: str = "$hostname"
    max_body_size: str = "0"


def configuration(kind: str, site: Site, wanted: WebServer, user: str) -> str:
    """Text of the set-up called `kind`; `user` runs OMERO.web where the set-up starts it. Raises ConfigurationError."""
    if site.application_server not in FITTING[kind]:
        raise ConfigurationError(
            WRONG_SERVER,
            f"ERROR: configuration mismatch. omero.web.application_server={site.application_server} cannot be used "
            f"with 'omero web config {kind}'.",
        )
    http = wanted.http if wanted.http is not None else 8080 if kind == "nginx-development" else 80
    if not 0 < http < 65536:
        raise ConfigurationError(USAGE, f"ERROR: --http must be between 1 and 65535, not {http}")
    if kind not in ("nginx-location", "systemd") and site.application_server in TCP and http == site.port:
        raise ConfigurationError(PORT_CONFLICT, f"Port conflict: HTTP({http}) and wsgi({site.port}).")
    return render(f"{kind}.template", values(kind, site, wanted, http, user))


def values(kind: str, site: Site, wanted: WebServer, http: int, user: str) -> dict[str, Any]:
    """What the templates fill in. Source: contract/config-cli-deploy.md, section 8.1."""
    prefix = (site.prefix or "").rstrip("/")
    prefix = "/" + prefix.lstrip("/") if prefix else ""
    suffix = name_suffix(prefix)
    package = Path(omeroweb.__file__).resolve().parent
    return {
        "kind": kind,
        "development": kind == "nginx-development",
        "fastcgi": site.application_server in FASTCGI,
        "root": str(site.omero_dir),
        "http": str(http),
        "server_name": server_name(kind, wanted),
        "max_body_size": wanted.max_body_size,
        "max_body_bytes": str(body_bytes(wanted.max_body_size)),
        "extra": site.nginx_extra,
        "has_prefix": bool(prefix),
        "prefix": prefix or "/",
        "suffix": suffix,
        "static": site.static_url.rstrip("/"),
        "static_root": site.static_root,
        "error_path": f"{prefix}/error",
        "address": site.address,
        "upstream": upstream(kind, site, suffix),
        "fastcgi_url": (
            f"unix:{site.socket}|fcgi://omeroweb{suffix.replace('_', '-')}"
            if site.application_server == "fastcgi"
            else f"fcgi://{site.address}"
        ),
        "timeout": str(site.timeout),
        "workers": str(site.workers),
        "threads": str(site.threads),
        "user": user,
        "package": str(package),
        "python_path": str(package.parent),
        "python_home": sys.prefix if sys.prefix != sys.base_prefix else "",
        "programs": str(Path(sys.executable).parent),
    }


def name_suffix(prefix: str) -> str:
    """`_omero` for `/omero`: lets several installations live in one web server."""
    words = re.sub(r"\W", "", prefix)
    return f"_{words}" if words else ""


def server_name(kind: str, wanted: WebServer) -> str:
    """The name that visitors type. Apache has no variable for the host's own name."""
    if not wanted.server_name:
        raise ConfigurationError(USAGE, "ERROR: --servername must not be empty")
    if re.search(r"[\s;{}\"]", wanted.server_name):
        raise ConfigurationError(USAGE, f"ERROR: --servername is no name of a server: {wanted.server_name!r}")
    if kind == "nginx-development":
        return "_"
    if kind.startswith("apache") and wanted.server_name == "$hostname":
        return "localhost"
    return wanted.server_name


def upstream(kind: str, site: Site, suffix: str) -> str:
    """What nginx passes requests to."""
    if site.application_server == "fastcgi":
        return f"unix:{site.socket}"
    if site.application_server == "fastcgi-tcp":
        return site.address
    return f"http://{site.address}" if kind == "nginx-location" else f"http://omeroweb{suffix}"


def body_bytes(size: str) -> int:
    """Bytes of a size as nginx writes it: `10m`, `512k`, `0` for no limit. Raises ConfigurationError."""
    match = re.fullmatch(r"(\d+)([kmg]?)", size, re.IGNORECASE)
    if match is None:
        raise ConfigurationError(
            USAGE, f"ERROR: --max-body-size must be a number with k, m or g or without, not {size!r}"
        )
    return int(match[1]) * _SIZES[match[2].lower()]


def render(template: str, values: dict[str, Any]) -> str:
    """Fill one of the templates; no template text of a value is interpreted, none is escaped."""
    engine = Engine(dirs=[str(TEMPLATES)], autoescape=False)
    text = engine.get_template(template).render(
        Context(values, autoescape=False, use_l10n=False, use_tz=False)
    )
    return text.rstrip("\n") + "\n"


def provide_files(site: Site) -> None:
    """Put what the set-ups refer to below OMERODIR, unless the site has its own: maintenance page, MIME types, folders."""
    for folder in ("var/nginx_tmp", "var/log"):
        (site.omero_dir / folder).mkdir(parents=True, exist_ok=True)
    for path, template in (
        ("etc/templates/error/maintainance.html", "maintainance.template"),
        ("etc/mime.types", "mime.types.template"),
    ):
        target = site.omero_dir / path
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(render(template, {}), encoding="utf-8")
