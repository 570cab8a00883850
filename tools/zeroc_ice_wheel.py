"""Find or make the wheel of zeroc-ice 3.6.5 that fits this Python, and keep it for every later set-up.

zeroc-ice is published as source only. Its C++ sources compile with Python 3.10 as they are, and with 3.11 and 3.12 given
the two headers in `tools/zeroc_ice`. Compiling takes minutes, so the wheel is kept in the user's cache folder
(`$XDG_CACHE_HOME/omero-web/wheels`, by default `~/.cache/omero-web/wheels`).

Run as a program it prints the path of the wheel on standard output and its progress on standard error. Standard library
only: it runs before anything is installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

VERSION = "3.6.5"
REQUIREMENT = f"zeroc-ice=={VERSION}"
HEADERS = Path(__file__).resolve().parent / "zeroc_ice"
SYSTEM_PACKAGES = {
    "g++": "g++",
    "openssl/ssl.h": "libssl-dev",
    "bzlib.h": "libbz2-dev",
    "Python.h": "python3-dev",
}


class WheelError(Exception):
    """The wheel could not be made; the message says why and what mends it."""


def cache_folder() -> Path:
    """Folder that keeps the wheels this project builds, shared by all its checkouts."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "omero-web" / "wheels"


def fitting_wheel(folder: Path) -> Path | None:
    """The wheel in `folder` that this Python can install, if there is one."""
    python = f"cp{sys.version_info.major}{sys.version_info.minor}"
    machine = sysconfig.get_platform().replace("-", "_").replace(".", "_").rpartition("linux_")[2]
    for wheel in sorted(folder.glob(f"zeroc_ice-{VERSION}-*.whl")):
        _, _, interpreter, abi, platform = wheel.stem.split("-")
        if interpreter == python and abi == python and platform.endswith(machine):
            return wheel
    return None


def say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def missing_system_packages() -> list[str]:
    """Debian packages that compiling needs and this machine lacks, found by trying to include their headers."""
    if shutil.which("g++") is None:
        return list(SYSTEM_PACKAGES.values())
    include = sysconfig.get_paths()["include"]
    missing = []
    for header, package in SYSTEM_PACKAGES.items():
        if header == "g++":
            continue
        probe = subprocess.run(
            ["g++", "-E", "-x", "c++", f"-I{include}", "-"],
            input=f"#include <{header}>\n",
            text=True,
            capture_output=True,
        )
        if probe.returncode:
            missing.append(package)
    return missing


def pip(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, arguments)]


def fetch(folder: Path, *options: str) -> bool:
    """Ask pip for zeroc-ice; true when `folder` has what it found."""
    command = pip("download", "--quiet", "--no-deps", *options, "--dest", folder, REQUIREMENT)
    return subprocess.run(command, capture_output=True).returncode == 0


def unpacked_source(folder: Path) -> Path:
    """Download the sources and unpack them below `folder`."""
    command = pip(
        "download", "--quiet", "--no-deps", "--no-binary", "zeroc-ice", "--dest", folder, REQUIREMENT
    )
    result = subprocess.run(command, text=True, capture_output=True)
    if result.returncode:
        raise WheelError(f"pip could not download {REQUIREMENT}:\n{result.stderr.strip()}")
    (archive,) = folder.glob("zeroc*ice-*.tar.gz")
    with tarfile.open(archive) as sources:
        if hasattr(tarfile, "data_filter"):
            sources.extractall(folder, filter="data")
        else:
            sources.extractall(folder)
    (source,) = (entry.parent for entry in folder.glob("*/setup.py"))
    return source


def build_environment() -> dict[str, str]:
    """Environment of the compiler: from Python 3.11 on with the headers that stand in for what CPython dropped."""
    environment = dict(os.environ)
    flags = ["-O1"]
    if sys.version_info >= (3, 11):
        paths = [str(HEADERS), environment.get("CPLUS_INCLUDE_PATH", "")]
        environment["CPLUS_INCLUDE_PATH"] = os.pathsep.join(filter(None, paths))
        flags.append(f"-include {HEADERS / 'python_frame.h'}")
    environment["CXXFLAGS"] = " ".join(filter(None, [environment.get("CXXFLAGS", ""), *flags]))
    environment["CFLAGS"] = " ".join(filter(None, [environment.get("CFLAGS", ""), *flags]))
    return environment


def source_count(source: Path) -> int:
    """Number of files that will be compiled (the bundled bzip2 is not)."""
    return sum(
        1
        for file in (source / "src").rglob("*")
        if file.suffix in {".c", ".cpp"} and "bzip2" not in file.parts
    )


def progress(lines: Iterator[str], total: int, log: list[str]) -> None:
    """Follow the compiler: say how many files are done, at most every 15 seconds."""
    done, started, said = 0, time.monotonic(), 0.0
    for line in lines:
        log.append(line)
        if " -c src/" not in line:
            continue
        done += 1
        elapsed = time.monotonic() - started
        if elapsed - said >= 15:
            said = elapsed
            left = elapsed / done * (total - done)
            say(f"  zeroc-ice: {done} of {total} files compiled, about {left / 60:.0f} min left")


def build(target: Path) -> Path:
    """Compile zeroc-ice and put the wheel into `target`. Raises WheelError."""
    missing = missing_system_packages()
    if missing:
        raise WheelError(
            "compiling zeroc-ice needs system packages that are missing; install them with\n"
            f"  apt-get install {' '.join(missing)}"
        )
    say(
        f"Building {REQUIREMENT} for Python {sys.version_info.major}.{sys.version_info.minor}; once, some minutes"
    )
    with tempfile.TemporaryDirectory(prefix="zeroc-ice-") as name:
        source = unpacked_source(Path(name))
        out = Path(name) / "wheel"
        log: list[str] = []
        with subprocess.Popen(
            pip("wheel", "--verbose", "--no-deps", "--wheel-dir", out, source),
            env=build_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            assert process.stdout is not None
            progress(iter(process.stdout), source_count(source), log)
        if process.returncode:
            raise WheelError("compiling zeroc-ice failed:\n" + "".join(log[-40:]))
        return keep(fitting_wheel(out), target)


def keep(wheel: Path | None, target: Path) -> Path:
    """Copy a finished wheel into the cache so that no half-written file is ever seen there."""
    if wheel is None:
        raise WheelError("the build ended without a wheel that fits this Python")
    target.mkdir(parents=True, exist_ok=True)
    partial = target / f"{wheel.name}.{os.getpid()}.part"
    shutil.copyfile(wheel, partial)
    return partial.replace(target / wheel.name)


def provide() -> Path:
    """The wheel: from the cache, else one that pip can download, else built here. Raises WheelError."""
    folder = cache_folder()
    found = fitting_wheel(folder)
    if found is None:
        with tempfile.TemporaryDirectory(prefix="zeroc-ice-") as name:
            if fetch(Path(name), "--only-binary", "zeroc-ice"):
                found = keep(fitting_wheel(Path(name)), folder)
    return found or build(folder)


if __name__ == "__main__":
    try:
        print(provide())
    except WheelError as error:
        sys.exit(f"ERROR: {error}")
