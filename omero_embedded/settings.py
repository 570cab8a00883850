"""Configuration of the embedded server: known keys with defaults, who may read them, and where values come from.

Values are texts, as `omero config` stores them in `$OMERODIR/etc/grid/config.xml`; keys given to the constructor win.
Source: contract/server.md, section 2.9.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

VERSION = "5.6.17"
"""Version of the OMERO server whose interface this one offers."""

TCP_PORT = 4063
TLS_PORT = 4064

_DEFAULTS: dict[str, str] = {
    "omero.version": f"{VERSION}-embedded",
    "omero.db.authority": "export.openmicroscopy.org",
    "omero.upgrades.url": "",
    "omero.qa.feedback": "",
    "omero.mail.config": "false",
    "omero.server.nodedescriptors": "",
    "omero.pixeldata.max_plane_width": "3192",
    "omero.pixeldata.max_plane_height": "3192",
    "omero.pixeldata.tile_width": "256",
    "omero.pixeldata.tile_height": "256",
    "omero.pixeldata.max_tile_length": "1024",
    "omero.pixeldata.max_plane_float_override": "true",
    "omero.pixeldata.backoff": "ome.io.nio.SimpleBackOff",
    "omero.pixeldata.max_projection_bytes": "268435456",
    "omero.sessions.timeout": "600000",
    "omero.sessions.maximum": "0",
    "omero.sessions.max_user_time_to_idle": "6000000",
    "omero.sessions.max_user_time_to_live": "0",
    "omero.security.password_required": "true",
    "omero.cluster.read_only.runtime.db": "false",
    "omero.cluster.read_only.runtime.repo": "false",
    "omero.bioformats.version": "",
    "omero.policy.binary_access": "+read,+write,+image,+plate",
    "omero.client.ui.tree.orphans.name": "Orphaned Images",
    "omero.client.ui.tree.orphans.enabled": "true",
    "omero.client.ui.tree.orphans.description": "This is a virtual container with orphaned images. "
    "These images are not linked anywhere. Just drag them to the selected container.",
    "omero.client.ui.menu.dropdown.leaders.label": "Owners",
    "omero.client.ui.menu.dropdown.leaders.enabled": "true",
    "omero.client.ui.menu.dropdown.colleagues.label": "Members",
    "omero.client.ui.menu.dropdown.colleagues.enabled": "true",
    "omero.client.ui.menu.dropdown.everyone.label": "All Members",
    "omero.client.ui.menu.dropdown.everyone.enabled": "true",
    "omero.client.ui.tree.type_order": "tagset,tag,project,dataset,screen,plate,acquisition,image",
    "omero.client.viewer.roi_limit": "2000",
    "omero.client.viewer.initial_zoom_level": "0",
    "omero.client.viewer.interpolate_pixels": "true",
    "omero.client.download_as.max_size": "144000000",
    "omero.client.browser.thumb_default_size": "96",
    "omero.client.scripts_to_ignore": "",
    "omero.client.web.host": "",
}
"""Keys that everybody may read, with their defaults."""

_ADMIN_DEFAULTS: dict[str, str] = {
    "omero.security.ignore_case": "false",
    "omero.security.login_failure_throttle_count": "1",
    "omero.security.login_failure_throttle_time": "3000",
    "omero.query.timeout": "1000",
    "omero.sessions.sweep": "120",
    "omero.scripts.timeout": "3600000",
    "omero.embedded.scripts.processes": "4",
    "omero.embedded.scripts.parse_timeout": "60000",
    "omero.embedded.scripts.of_users": "false",
    "omero.mail.from": "",
    "omero.mail.host": "localhost",
    "omero.mail.port": "25",
    "omero.mail.smtp.auth": "false",
    "omero.mail.smtp.starttls.enable": "false",
    "omero.mail.username": "",
}
"""Keys that only administrators may read, with their defaults."""

_SECRET = re.compile(r"^omero\.(db\.(pass|user|host|port|name)|embedded\.db\.|.*pass(word)?$|.*secret)")
_PUBLIC_SECURITY = "omero.security.password_required"
_CLIENT = "omero.client."


@dataclass(frozen=True, slots=True)
class StatePaths:
    """Where the server keeps its state: one folder, `$OMERODIR/embedded`."""

    root: Path

    @classmethod
    def from_environment(cls) -> StatePaths:
        """The folder below `$OMERODIR`. Raises ValueError when that is not set."""
        omero_dir = os.environ.get("OMERODIR")
        if not omero_dir:
            raise ValueError("OMERODIR is not set: it names the folder that keeps configuration and data")
        return cls(Path(omero_dir).resolve() / "embedded")

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the default store."""
        return f"sqlite:///{self.root / 'db.sqlite'}"

    @property
    def pixels(self) -> Path:
        """Pixel data of images."""
        return self.root / "pixels"

    @property
    def thumbnails(self) -> Path:
        """Stored thumbnails."""
        return self.root / "thumbnails"

    @property
    def files(self) -> Path:
        """Contents of original files."""
        return self.root / "files"

    @property
    def managed(self) -> Path:
        """Root of the managed repository: files as they were imported."""
        return self.root / "ManagedRepository"

    @property
    def scripts(self) -> Path:
        """Root of the script repository."""
        return self.root / "scripts"

    @property
    def tls(self) -> Path:
        """Key and certificate of the TLS endpoint."""
        return self.root / "tls"

    @property
    def logs(self) -> Path:
        """Log files."""
        return self.root / "logs"

    @property
    def pid_file(self) -> Path:
        """Process id and endpoints of the running server."""
        return self.root / "server.pid"

    def create(self) -> None:
        """Create the folders that do not exist yet, readable by their owner only."""
        for folder in (self.root, self.pixels, self.files, self.managed, self.scripts, self.tls, self.logs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def configured(omero_dir: Path) -> dict[str, str]:
    """Keys that `omero config` has set below `omero_dir`; empty when there is no such file.

    Raises ValueError when the file cannot be read as a configuration.
    """
    path = omero_dir / "etc" / "grid" / "config.xml"
    if not path.exists():
        return {}
    from omero.config import ConfigXml

    try:
        config = ConfigXml(str(path), read_only=True)
        try:
            return {key: value for key, value in config.as_map().items() if key.startswith("omero.")}
        finally:
            config.close()
    except (OSError, SyntaxError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from error


class Settings(Mapping[str, str]):
    """Values by key: configured ones over the defaults. Keys that nobody set are absent."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self.defaults: Mapping[str, str] = {**_DEFAULTS, **_ADMIN_DEFAULTS}
        self._values = {**self.defaults, **(values or {})}

    def __getitem__(self, key: str) -> str:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def define(self, key: str, value: str) -> None:
        """Give a key that only the running server knows (its UUID, its ports) a value, unless it is configured."""
        self._values.setdefault(key, value)

    def integer(self, key: str) -> int:
        """The value as a number. Raises ValueError naming the key."""
        try:
            return int(self[key])
        except ValueError:
            raise ValueError(f"{key} must be a whole number, not {self[key]!r}") from None

    def flag(self, key: str) -> bool:
        """The value as a truth value. Raises ValueError naming the key."""
        value = self[key].strip().lower()
        if value not in ("true", "false"):
            raise ValueError(f"{key} must be true or false, not {self[key]!r}")
        return value == "true"

    @staticmethod
    def is_secret(key: str) -> bool:
        """Nobody may read the key over the network: credentials."""
        return bool(_SECRET.match(key)) and key != _PUBLIC_SECURITY

    def is_public(self, key: str) -> bool:
        """Everybody, guests included, may read the key."""
        if self.is_secret(key):
            return False
        return (
            key in _DEFAULTS or key.startswith(_CLIENT) or key in ("omero.db.uuid", "omero.router.insecure")
        )

    def client_values(self, *, defaults: bool = False) -> dict[str, str]:
        """The `omero.client.*` keys that clients merge into their own settings."""
        source = self.defaults if defaults else self._values
        return {key: value for key, value in source.items() if key.startswith(_CLIENT)}
