"""The Ice services, by the name of their Slice interface: add a service by adding its import and its line here."""

from __future__ import annotations

from .admin import AdminService
from .base import Service, StatefulService
from .config import ConfigService
from .container import ContainerService
from .exporter import ExporterService
from .job_handle import JobHandleService
from .ldap import LdapService
from .metadata import MetadataService
from .pixels import PixelsService
from .projection import ProjectionService
from .query import QueryService
from .raw_file_store import RawFileStoreService
from .raw_pixels_store import RawPixelsStore
from .rendering_engine import RenderingEngine
from .rendering_settings import RenderingSettingsService
from .repository_info import RepositoryInfoService
from .roi import RoiService
from .script import ScriptService
from .search import SearchService
from .session import SessionService
from .share import ShareService
from .shared_resources import SharedResourcesService
from .thumbnail_store import ThumbnailStore
from .timeline import TimelineService
from .types import TypesService
from .update import UpdateService

STATELESS: dict[str, type[Service]] = {
    "IAdmin": AdminService,
    "IConfig": ConfigService,
    "IContainer": ContainerService,
    "ILdap": LdapService,
    "IMetadata": MetadataService,
    "IPixels": PixelsService,
    "IProjection": ProjectionService,
    "IQuery": QueryService,
    "IRenderingSettings": RenderingSettingsService,
    "IRepositoryInfo": RepositoryInfoService,
    "IRoi": RoiService,
    "IScript": ScriptService,
    "ISession": SessionService,
    "IShare": ShareService,
    "ITimeline": TimelineService,
    "ITypes": TypesService,
    "IUpdate": UpdateService,
    "SharedResources": SharedResourcesService,
}
"""One object of each class serves all sessions."""

STATEFUL: dict[str, type[StatefulService]] = {
    "Exporter": ExporterService,
    "JobHandle": JobHandleService,
    "RawFileStore": RawFileStoreService,
    "RawPixelsStore": RawPixelsStore,
    "RenderingEngine": RenderingEngine,
    "Search": SearchService,
    "ThumbnailStore": ThumbnailStore,
}
"""One object is made per `createXxx` call."""
