"""The Ice services, by the name of their Slice interface: add a service by adding its import and its line here."""

from __future__ import annotations

from .admin import AdminService
from .base import Service, StatefulService
from .config import ConfigService
from .container import ContainerService
from .metadata import MetadataService
from .roi import RoiService
from .session import SessionService
from .timeline import TimelineService
from .types import TypesService
from .update import UpdateService

STATELESS: dict[str, type[Service]] = {
    "IAdmin": AdminService,
    "IConfig": ConfigService,
    "IContainer": ContainerService,
    "IMetadata": MetadataService,
    "IRoi": RoiService,
    "ISession": SessionService,
    "ITimeline": TimelineService,
    "ITypes": TypesService,
    "IUpdate": UpdateService,
}
"""One object of each class serves all sessions."""

STATEFUL: dict[str, type[StatefulService]] = {}
"""One object is made per `createXxx` call."""
