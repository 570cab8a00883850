"""Build backend: setuptools, which also sees to it that `pip install .` finds a zeroc-ice wheel.

pip cannot compile zeroc-ice with Python 3.11 or 3.12 by itself (see `zeroc_ice_wheel`). The metadata that pip asks for
before an installation therefore name the wheel in our cache, made now if need be. The metadata inside the finished wheel
do not: they hold the plain version range, so that the wheel is portable and the installation survives an emptied cache.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403

sys.path.insert(0, str(Path(__file__).resolve().parent))

import zeroc_ice_wheel

Settings = dict[str, Any] | None


def with_ice_wheel(folder: str, name: str) -> str:
    """Add the wheel to the requirements of the prepared metadata `folder`/`name`."""
    if not sys.platform.startswith("linux") or sys.version_info < (3, 11):
        return name
    try:
        wheel = zeroc_ice_wheel.provide()
    except zeroc_ice_wheel.WheelError as error:
        sys.exit(f"ERROR: {error}")
    metadata = Path(folder) / name / "METADATA"
    head, blank, body = metadata.read_text(encoding="utf-8").partition("\n\n")
    metadata.write_text(f"{head}\nRequires-Dist: zeroc-ice @ {wheel.as_uri()}{blank}{body}", encoding="utf-8")
    return name


def prepare_metadata_for_build_wheel(metadata_directory: str, config_settings: Settings = None) -> str:
    name: str = build_meta.prepare_metadata_for_build_wheel(metadata_directory, config_settings)
    return with_ice_wheel(metadata_directory, name)


def prepare_metadata_for_build_editable(metadata_directory: str, config_settings: Settings = None) -> str:
    name: str = build_meta.prepare_metadata_for_build_editable(metadata_directory, config_settings)
    return with_ice_wheel(metadata_directory, name)


def build_wheel(
    wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None
) -> str:
    wheel: str = build_meta.build_wheel(wheel_directory, config_settings, None)
    return wheel


def build_editable(
    wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None
) -> str:
    wheel: str = build_meta.build_editable(wheel_directory, config_settings, None)
    return wheel
