"""IConfig: versions and configuration values (contract/server.md, section 2.9)."""

from __future__ import annotations

import re
from typing import Any

from omero.rtypes import rtime

from .. import errors
from ..settings import VERSION
from ..transaction import now
from .base import Call, Service


class ConfigService(Service):
    """Configuration values as far as the caller may read them."""

    def getVersion(self, call: Call) -> str:
        """Version of the interface, `x.y.z`."""
        return VERSION

    def getConfigValue(self, call: Call, key: str) -> str:
        """A value; empty when nobody set the key."""
        settings = call.server.settings
        if not key:
            raise errors.api_usage("key: must not be empty")
        if not self._readable(call, key):
            raise errors.security(f"key: {key} may not be read")
        return settings.get(key, "")

    def getConfigValues(self, call: Call, keyRegex: str) -> dict[str, str]:
        """Readable keys in which the expression is found, with their values."""
        try:
            pattern = re.compile(keyRegex)
        except re.error as error:
            raise errors.api_usage(f"keyRegex: {error}") from error
        settings = call.server.settings
        return {
            key: value for key, value in settings.items() if pattern.search(key) and self._readable(call, key)
        }

    def getConfigDefaults(self, call: Call) -> dict[str, str]:
        """Default values of the readable keys."""
        defaults = call.server.settings.defaults
        return {key: value for key, value in defaults.items() if self._readable(call, key)}

    def getClientConfigValues(self, call: Call) -> dict[str, str]:
        """All `omero.client.*` values."""
        return call.server.settings.client_values()

    def getClientConfigDefaults(self, call: Call) -> dict[str, str]:
        """Defaults of the `omero.client.*` keys."""
        return call.server.settings.client_values(defaults=True)

    def getDatabaseUuid(self, call: Call) -> str:
        """Stable id of this installation."""
        return call.server.settings["omero.db.uuid"]

    def getServerTime(self, call: Call) -> Any:
        """Now."""
        return rtime(now())

    def getDatabaseTime(self, call: Call) -> Any:
        """Now; the store keeps no clock of its own."""
        return rtime(now())

    def _readable(self, call: Call, key: str) -> bool:
        settings = call.server.settings
        if settings.is_secret(key):
            return False
        return settings.is_public(key) or call.context.is_admin
