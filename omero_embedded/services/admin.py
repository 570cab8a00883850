"""IAdmin: users, groups, memberships, passwords and privileges (contract/server.md, section 2.8)."""

from __future__ import annotations

from .administration.groups import Groups
from .administration.lookups import Lookups
from .administration.photos import Photos
from .administration.users import Users


class AdminService(Lookups, Users, Groups, Photos):
    """All of IAdmin, in the parts of the package `administration`."""
