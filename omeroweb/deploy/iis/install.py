"""`omero web iis`: register OMERO.web with the IIS of this host, or remove it.

Runs on Windows, with pywin32 and the IIS 6 management compatibility; elsewhere the files are written for copying.
Source: contract/config-cli-deploy.md, section 9.2.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from omeroweb.deploy.console import Console
from omeroweb.deploy.iis import files
from omeroweb.deploy.site import Site

NOT_WINDOWS = 2
FAILED = 1
DESCRIPTION = "ISAPI-WSGI OMERO.web"
STATIC_DESCRIPTION = "OMERO.web static files"


def on_windows() -> bool:
    return sys.platform == "win32"


def refuse_elsewhere(console: Console) -> None:
    """End the command unless this is Windows."""
    if not on_windows():
        console.die(
            NOT_WINDOWS,
            "'iis' command is for Windows only. To prepare the files for a Windows host here, and copy them, use "
            "'omero web iis --write DIR'; docs/deployment-iis.md tells where they go.",
        )


def write(console: Console, site: Site, folder: Path) -> None:
    """Write the files for copying to a Windows host."""
    try:
        for path in files.write(site, folder):
            console.out(f"Written: {path}")
    except (OSError, ValueError) as error:
        console.die(FAILED, f"[ERROR] {error}")


def parameters(site: Site, extension: Path) -> Any:
    """What pywin32's `isapi.install` registers: both applications of section 9.2."""
    from isapi.install import ISAPIParameters, ScriptMapParams, VirtualDirParameters

    where = files.applications(site)
    everything = [ScriptMapParams(Extension="*", Flags=0)]
    application = VirtualDirParameters(
        Name=where.site,
        Description=DESCRIPTION,
        ScriptMaps=everything,
        ScriptMapUpdate="replace",
    )
    static = VirtualDirParameters(
        Name=where.static,
        Description=STATIC_DESCRIPTION,
        Path=where.static_root,
        AccessRead=True,
    )
    registered = ISAPIParameters()
    registered.VirtualDirs = [application, static]
    registered.Filters = []
    registered.DllName = str(extension)
    return registered


def install(console: Console, site: Site, remove: bool) -> None:
    """Register both applications, or remove them, and restart IIS."""
    from isapi.install import Install, Uninstall

    folder = site.omero_dir / "var" / "iis"
    folder.mkdir(parents=True, exist_ok=True)
    extension = folder / files.EXTENSION
    try:
        extension.write_text(files.extension_module(site), encoding="utf-8")
    except ValueError as error:
        console.die(FAILED, f"[ERROR] {error}")
    registered = parameters(site, extension)

    class Options:
        """The options that `isapi.install` would take from a command line."""

        log_level = 0

    if remove:
        Uninstall(registered, Options())
    else:
        for path, rights in (
            (site.omero_dir / "etc/grid/config.xml", "F"),
            (site.omero_dir / "var", "(OI)(CI)F"),
        ):
            _run(console, ["icacls", str(path), "/grant", f"IUSR:{rights}"])
        Install(registered, Options())
    _run(console, ["iisreset"])


def _run(console: Console, command: list[str]) -> None:
    code = subprocess.run(command).returncode
    if code:
        console.die(code, f"[ERROR] {' '.join(command)} failed")
