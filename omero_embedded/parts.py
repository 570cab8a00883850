"""What services and commands share: the parts of the running server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .accounts import Accounts
from .database import Database
from .display.luts import LutFolder
from .display.thumbnail_files import ThumbnailFiles
from .files import FileStore
from .hql import Engine
from .pixels.buffer import PixelStore
from .scheduler import Scheduler
from .scripts.repository import ScriptRepository
from .scripts.runner import ScriptRunner
from .sessions import SessionManager
from .settings import Settings, StatePaths


class Parts:
    """Everything that a `Call` reaches through `call.server`; the server fills it when it starts."""

    paths: StatePaths
    settings: Settings
    database: Database
    accounts: Accounts
    sessions: SessionManager
    files: FileStore
    """Contents of original files."""
    scheduler: Scheduler
    background: ThreadPoolExecutor
    """Runs short work off the dispatch threads, such as closing services of a session that went away."""
    command_pool: ThreadPoolExecutor
    """Runs submitted commands."""
    services: dict[str, Any]
    """The stateless services, by the name of their Slice interface."""
    adapter: Any
    """The Ice object adapter that carries every servant."""
    hql: Engine
    """The query engine."""
    pixels: PixelStore
    """Pixel data of all images."""
    luts: LutFolder
    """Lookup tables by base name."""
    thumbnails: ThumbnailFiles
    """Files of stored thumbnails."""
    scripts: ScriptRepository
    """Official scripts and lookup tables."""
    script_runner: ScriptRunner
    """Runs scripts in processes of their own."""
