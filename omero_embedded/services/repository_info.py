"""IRepositoryInfo: room on the disk that holds the data (contract/server.md, section 2.13)."""

from __future__ import annotations

import shutil

from .base import Call, Service


class RepositoryInfoService(Service):
    """Free and used space of the file system with the data directory; 1 kilobyte is 1024 bytes."""

    def getFreeSpaceInKilobytes(self, call: Call) -> int:
        """Space that can still be written."""
        return shutil.disk_usage(call.server.paths.root).free // 1024

    def getUsedSpaceInKilobytes(self, call: Call) -> int:
        """Space in use, by whatever lies on the same file system."""
        return shutil.disk_usage(call.server.paths.root).used // 1024

    def getUsageFraction(self, call: Call) -> float:
        """Used part of the whole, 0 to 1."""
        usage = shutil.disk_usage(call.server.paths.root)
        return usage.used / usage.total
