"""On whose behalf and in which group a call runs (contract/server.md, sections 2.4 and 3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

ROOT_ID = 0
GUEST_ID = 1
SYSTEM_GROUP = 0
USER_GROUP = 1
GUEST_GROUP = 2
ALL_GROUPS = -1

PRIVILEGES = frozenset(
    {
        "Chgrp", "Chown", "DeleteFile", "DeleteManagedRepo", "DeleteOwned", "DeleteScriptRepo", "ModifyGroup",
        "ModifyGroupMembership", "ModifyUser", "ReadSession", "Sudo", "WriteFile", "WriteManagedRepo", "WriteOwned",
        "WriteScriptRepo",
    }
)  # fmt: skip
"""All privileges of an unrestricted administrator (contract/server.md, section 3.4)."""

USER_READ, USER_WRITE, USER_ANNOTATE = 1024, 512, 256
GROUP_READ, GROUP_WRITE, GROUP_ANNOTATE = 64, 32, 16
WORLD_READ, WORLD_WRITE, WORLD_ANNOTATE = 4, 2, 1
_ALL_BITS = 1911
"""Every right bit; the bits between them are always 1 (contract/model.md, section 6)."""

PRIVATE = -120
READ_ONLY = -56
READ_ANNOTATE = -40
READ_WRITE = -8
GLOBAL_ROW = -52
"""Permissions of the group `user`, of enumerations and of other global rows."""


def parse_permissions(text: str) -> int:
    """The stored number of six characters such as `rwra--`. Raises ValueError on anything else."""
    if (
        len(text) != 6
        or any(text[i] not in "r-" for i in (0, 2, 4))
        or any(text[i] not in "wa-" for i in (1, 3, 5))
    ):
        raise ValueError(f"permissions: {text!r} is not six characters such as 'rwra--'")
    bits = 0
    for role, shift in enumerate((8, 4, 0)):
        read, write = text[2 * role], text[2 * role + 1]
        bits |= (4 * (read == "r") | {"w": 3, "a": 1, "-": 0}[write]) << shift
    return bits | ~_ALL_BITS


def format_permissions(perm1: int) -> str:
    """Six characters for a stored number."""
    text = ""
    for shift in (8, 4, 0):
        bits = perm1 >> shift
        text += ("r" if bits & 4 else "-") + ("w" if bits & 2 else "a" if bits & 1 else "-")
    return text


@dataclass(frozen=True)
class CallContext:
    """The effective user and group of one call, and what the user is in which group.

    `group_id` is -1 for "all groups readable by the user". `levels` maps every group's id to its permissions number.
    `privileges` is empty unless the user is an administrator.
    """

    user_id: int
    user_name: str
    group_id: int
    session_id: int
    session_uuid: str
    event_type: str
    is_admin: bool
    privileges: frozenset[str]
    member_of: tuple[int, ...]
    leader_of: frozenset[int]
    levels: Mapping[int, int] = field(repr=False, hash=False, compare=False)
    sudoer_id: int | None = None
    share_id: int = -1
    shared: Mapping[str, frozenset[int]] | None = field(default=None, repr=False, hash=False, compare=False)
    """In the context of a share: ids of all that is visible, by hierarchy root."""

    @property
    def is_full_admin(self) -> bool:
        """An administrator with every privilege."""
        return self.is_admin and self.privileges == PRIVILEGES

    @property
    def is_guest(self) -> bool:
        """The account that may only log in and read the configuration."""
        return self.user_id == GUEST_ID

    def has(self, privilege: str) -> bool:
        """The user is an administrator who holds `privilege`."""
        return privilege in self.privileges

    def level(self, group_id: int) -> int:
        """Permissions number of a group."""
        return self.levels.get(group_id, PRIVATE)

    def is_member(self, group_id: int) -> bool:
        """The user belongs to the group."""
        return group_id in self._members

    def leads(self, group_id: int) -> bool:
        """The user is an owner of the group."""
        return group_id in self.leader_of

    @cached_property
    def _members(self) -> frozenset[int]:
        return frozenset(self.member_of)

    @cached_property
    def readable_groups(self) -> tuple[int, ...]:
        """Groups in which the user may read every object, for a non-administrator in the all-groups context."""
        return tuple(
            sorted(
                group
                for group, level in self.levels.items()
                if group in self.leader_of
                or (group in self._members and level & GROUP_READ)
                or level & WORLD_READ
                or group in (SYSTEM_GROUP, USER_GROUP)
            )
        )

    @cached_property
    def open_groups(self) -> tuple[int, ...]:
        """The user's groups, without `user`, whose members may see one another."""
        return tuple(g for g in self.member_of if g != USER_GROUP and self.level(g) & GROUP_READ)

    def can_read(self, owner_id: int, group_id: int) -> bool:
        """An owned object of that owner and group is visible (contract/server.md, section 3.2).

        In the context of a share only `sees` can tell; here all but the common space is hidden then.
        """
        if group_id == USER_GROUP:
            return True
        if self.shared is not None:
            return False
        if self.group_id >= 0:
            if group_id != self.group_id:
                return False
            open_group = bool(self.level(group_id) & (GROUP_READ | WORLD_READ))
            return open_group or self.is_admin or self.leads(group_id) or owner_id == self.user_id
        return self.is_admin or owner_id == self.user_id or group_id in self.readable_groups

    def sees(self, root: str, row_id: int, owner_id: int, group_id: int) -> bool:
        """One owned object is visible."""
        if self.shared is not None and row_id in self.shared.get(root, ()):
            return True
        return self.can_read(owner_id, group_id)

    def event_group(self) -> int:
        """Group that an event of this call is recorded in (contract/server.md, section 2.4)."""
        if self.group_id >= 0:
            return self.group_id
        return next((group for group in self.member_of if group != USER_GROUP), USER_GROUP)
