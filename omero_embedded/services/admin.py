"""IAdmin: users, groups, memberships, passwords and privileges (contract/server.md, section 2.8)."""

from __future__ import annotations

from .administration.lookups import Lookups


class AdminService(Lookups):
    """All of IAdmin, in the parts of the package `administration`."""
