"""Lookup tables that the OMERO server keeps as scripts. Source: contract/webgateway.md, section 13."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import omero
from omero.rtypes import unwrap

from omero_rendering import LookupTable, RenderingError, RenderingSettings, parse_lut
from omeroweb.webgateway.remembered import Remembered

logger = logging.getLogger(__name__)

MIMETYPE = "text/x-lut"
_LARGEST_FILE = 1024 * 1024
_listed = Remembered(60.0)
_tables = Remembered(3600.0, limit=512)


@dataclass(frozen=True, slots=True)
class LutFile:
    """A lookup table's file. path ends in `/`; size in bytes."""

    id: int
    path: str
    name: str
    size: int

    @property
    def full_name(self) -> str:
        return self.path + self.name


def files(conn: Any) -> tuple[LutFile, ...]:
    """All lookup tables of the server by lower-cased name."""
    listed: tuple[LutFile, ...] | None = _listed.get(conn.server_id)
    if listed is None:
        scripts = conn.getScriptService().getScriptsByMimetype(MIMETYPE)
        listed = tuple(
            sorted(
                (
                    LutFile(script.id.val, script.path.val, script.name.val, unwrap(script.size) or 0)
                    for script in scripts
                ),
                key=lambda file: file.name.lower(),
            )
        )
        _listed.put(conn.server_id, listed)
    return listed


def table(conn: Any, file: LutFile) -> LookupTable | None:
    """The colours in a file; None when it holds none."""
    key = (conn.server_id, file.id, file.size)
    remembered = _tables.get(key)
    if remembered is None:
        try:
            remembered = (parse_lut(file.name, _content(conn, file)),)
        except RenderingError:
            logger.warning("Lookup table %s cannot be read", file.full_name, exc_info=True)
            remembered = (None,)
        _tables.put(key, remembered)
    (parsed,) = remembered
    return parsed


def for_settings(conn: Any, settings: RenderingSettings) -> Mapping[str, LookupTable]:
    """Tables of the active channels, by name. Channels whose table is unknown show their colour."""
    wanted = {
        settings.channels[index].lut
        for index in settings.active_channels
        if settings.channels[index].lut is not None
    }
    if not wanted:
        return {}
    return dict(_named(conn, {name for name in wanted if name is not None}))


def _named(conn: Any, names: Iterable[str]) -> Iterable[tuple[str, LookupTable]]:
    by_name = {file.name: file for file in reversed(files(conn))}
    for name in names:
        file = by_name.get(name)
        parsed = None if file is None else table(conn, file)
        if parsed is not None:
            yield name, parsed


def _content(conn: Any, file: LutFile) -> bytes:
    if file.size > _LARGEST_FILE:
        raise RenderingError(f"{file.full_name} is too large for a lookup table")
    store = conn.c.sf.createRawFileStore()
    try:
        store.setFileId(file.id, {omero.constants.GROUP: "-1"})
        return bytes(store.read(0, file.size))
    finally:
        store.close()
