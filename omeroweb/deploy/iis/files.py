"""The files that IIS needs of OMERO.web."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import omeroweb
from omeroweb.deploy.site import Site
from omeroweb.deploy.web_servers import render

APPLICATION = "/omero"
EXTENSION = "omero_web.py"


@dataclass(frozen=True, slots=True)
class Applications:
    """The two applications of the default web site; names begin with a slash and do not end with one."""

    site: str
    static: str
    static_root: str


def applications(site: Site) -> Applications:
    """As `omero.web.prefix` and `omero.web.static_url` say. Raises ValueError when static files lie elsewhere."""
    static = site.static_url.rstrip("/")
    if not static.startswith("/") or static.startswith("//"):
        raise ValueError(
            f"omero.web.static_url is '{site.static_url}': IIS can only serve static files from a path of its own, "
            "such as /static/"
        )
    prefix = (site.prefix or "").strip("/")
    return Applications(f"/{prefix}" if prefix else APPLICATION, static, site.static_root)


def extension_module(site: Site) -> str:
    """Python module that pywin32's ISAPI loader imports."""
    home = str(Path(omeroweb.__file__).resolve().parent.parent)
    values = {
        "root": repr(str(site.omero_dir)),
        "python_path": repr([home]),
        "prefix": repr(applications(site).site),
    }
    return render("iis_extension.template", values)


def files(site: Site) -> dict[str, str]:
    """Texts of all files by their names; the two `web.config` are alternatives to the ISAPI extension."""
    home = Path(omeroweb.__file__).resolve().parent.parent
    values = {
        "root": _attribute(site.omero_dir),
        "home": _attribute(home),
        "python": _attribute(sys.executable),
        "wfastcgi": _attribute(Path(sys.prefix) / "Lib" / "site-packages" / "wfastcgi.py"),
        "threads": str(max(site.threads, 4)),
    }
    return {
        EXTENSION: extension_module(site),
        "httpplatform/web.config": render("iis_httpplatform.template", values),
        "wfastcgi/web.config": render("iis_wfastcgi.template", values),
        "static/web.config": render("iis_static.template", values),
    }


def _attribute(text: object) -> str:
    return escape(str(text), {'"': "&quot;"})


def write(site: Site, folder: Path) -> list[Path]:
    """Write the files below `folder`; their paths. Raises OSError."""
    paths = []
    for name, text in files(site).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths
