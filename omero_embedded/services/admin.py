"""IAdmin: users, groups, memberships, passwords and privileges (contract/server.md, section 2.8)."""

from __future__ import annotations

from .administration.groups import Groups
from .administration.lookups import Lookups
from .administration.users import Users


class AdminService(Lookups, Users, Groups):
    """All of IAdmin, in the parts of the package `administration`."""
