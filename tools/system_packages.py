"""Debian packages that set-up and tests need: find what is missing, install it as root, else name the line to type.

Standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SBIN = ("/usr/sbin", "/sbin", "/usr/local/sbin")


class MissingPackages(Exception):
    """Packages are missing and cannot be installed here; the message holds the line that mends it."""


@dataclass(frozen=True)
class Need:
    """A program and the Debian package that brings it; `pattern` finds programs that stand in no PATH folder."""

    program: str
    package: str
    pattern: str = ""

    def is_met(self) -> bool:
        search = os.pathsep.join([os.environ.get("PATH", os.defpath), *SBIN])
        if shutil.which(self.program, path=search):
            return True
        return bool(self.pattern) and any(Path("/").glob(self.pattern))


FRONT_END = (Need("node", "nodejs"), Need("npm", "npm"))
TESTS = (
    Need("chromium", "chromium"),
    Need("chromedriver", "chromium-driver"),
    Need("memcached", "memcached"),
    Need("redis-server", "redis-server"),
    Need("nginx", "nginx"),
    Need("apache2", "apache2"),
    Need("mod_wsgi", "libapache2-mod-wsgi-py3", "usr/lib/apache2/modules/mod_wsgi.so"),
    Need("initdb", "postgresql", "usr/lib/postgresql/*/bin/initdb"),
)


def missing(needs: Iterable[Need]) -> list[str]:
    return [need.package for need in needs if not need.is_met()]


def is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def install(packages: list[str], purpose: str) -> None:
    """Install with apt-get when root. Raises MissingPackages otherwise, or when apt-get fails."""
    if not packages:
        return
    line = f"apt-get install {' '.join(packages)}"
    if not is_root() or shutil.which("apt-get") is None:
        sudo = "" if is_root() else "sudo "
        raise MissingPackages(
            f"{purpose} needs system packages that are missing; install them with\n  {sudo}{line}"
        )
    print(f"  {line}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *packages]):
        result = subprocess.run(
            ["apt-get", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if result.returncode:
            tail = "\n".join(result.stdout.splitlines()[-15:])
            raise MissingPackages(f"apt-get {arguments[0]} failed (exit {result.returncode}):\n{tail}")
