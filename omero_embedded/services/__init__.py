"""The Ice services, by the name of their Slice interface: add a service by adding its import and its line here."""

from __future__ import annotations

from .admin import AdminService
from .base import Service, StatefulService
from .config import ConfigService
from .session import SessionService
from .types import TypesService

STATELESS: dict[str, type[Service]] = {
    "IAdmin": AdminService,
    "IConfig": ConfigService,
    "ISession": SessionService,
    "ITypes": TypesService,
}
"""One object of each class serves all sessions."""

STATEFUL: dict[str, type[StatefulService]] = {}
"""One object is made per `createXxx` call."""
