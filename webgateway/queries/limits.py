"""Size limits that the OMERO server sets. Source: contract/webgateway.md, section 21."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from omeroweb.webgateway.remembered import Remembered

_remembered = Remembered(600.0)
_PREFIX = "omero.pixeldata."


@dataclass(frozen=True, slots=True)
class Limits:
    """In pixels. download_pixels: largest plane that is rendered whole."""

    max_plane_width: int = 3192
    max_plane_height: int = 3192
    max_tile_length: int = 1024
    download_pixels: int = 144_000_000

    @property
    def plane_pixels(self) -> int:
        """Largest region that is rendered at once."""
        return self.max_plane_width * self.max_plane_height


def load(conn: Any) -> Limits:
    """The limits of the connection's server; a value that it does not tell is the usual one."""
    limits: Limits | None = _remembered.get(conn.server_id)
    if limits is None:
        config = conn.getConfigService()
        usual = Limits()
        limits = Limits(
            _number(config.getConfigValue(_PREFIX + "max_plane_width"), usual.max_plane_width),
            _number(config.getConfigValue(_PREFIX + "max_plane_height"), usual.max_plane_height),
            _number(config.getConfigValue(_PREFIX + "max_tile_length"), usual.max_tile_length),
            _number(config.getConfigValue("omero.client.download_as.max_size"), usual.download_pixels),
        )
        _remembered.put(conn.server_id, limits)
    return limits


def _number(text: str | None, usual: int) -> int:
    return int(text) if text and text.strip().isdecimal() and int(text) > 0 else usual
