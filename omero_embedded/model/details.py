"""`details` of Ice objects: owner, group, events and permissions with restriction flags.

One builder serves one call and shares its instances among all objects of the reply, since marshalling equal objects once
is what makes large replies cheap. Source: contract/server.md, sections 2.7 and 3.5.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import omero.model

from ..security.context import CallContext
from ..security.rights import rights
from .entities import Entity, ice_class

Reference = Callable[[str, int], Any]
"""Gives the Ice object that stands for (entity name, id) in this reply."""

SCRIPT_REPOSITORY = "ScriptRepo"


def repository_kind(repo: str | None) -> str | None:
    """Where a file lives, by its `repo` value: None (plain files), `script` or `managed`."""
    if repo is None:
        return None
    return "script" if repo == SCRIPT_REPOSITORY else "managed"


_EMPTY: dict[str, Any] = dict(omero.model.DetailsI().__dict__)
"""Fields of new details; copying them is much faster than the constructor."""


class DetailsBuilder:
    """Builds `DetailsI` objects for the rows of one reply."""

    def __init__(self, context: CallContext, reference: Reference | None = None) -> None:
        self._context = context
        self._reference = reference or self._unloaded
        self._unloaded_objects: dict[tuple[str, int], Any] = {}
        self._permissions: dict[tuple[Any, ...], Any] = {}

    def _unloaded(self, name: str, row_id: int) -> Any:
        key = (name, row_id)
        found = self._unloaded_objects.get(key)
        if found is None:
            found = self._unloaded_objects[key] = ice_class(name)(row_id, False)
        return found

    def permissions(
        self,
        entity: Entity,
        perm1: int,
        owner_id: int | None,
        group_id: int | None,
        repo: str | None,
        mimetype: str | None,
    ) -> Any:
        """Permissions with the flags of the call's user."""
        is_directory = mimetype == "Directory"
        key = (entity.name, perm1, owner_id, group_id, repo, is_directory)
        found = self._permissions.get(key)
        if found is None:
            may = rights(
                self._context,
                entity,
                owner_id,
                group_id,
                repository=repository_kind(repo),
                is_directory=is_directory,
            )
            found = omero.model.PermissionsI()
            found._perm1 = perm1
            found._restrictions = may.restrictions
            self._permissions[key] = found
        return found

    def build(
        self,
        entity: Entity,
        *,
        permissions: int,
        owner_id: int | None = None,
        group_id: int | None = None,
        creation_id: int | None = None,
        update_id: int | None = None,
        external_id: int | None = None,
        repo: str | None = None,
        mimetype: str | None = None,
    ) -> Any:
        """Details of one row. `permissions` is the row's own number; owned objects show that of their group.

        `repo` and `mimetype` matter for original files only.
        """
        details = omero.model.DetailsI.__new__(omero.model.DetailsI)
        fields = details.__dict__
        fields.update(_EMPTY)
        perm1 = permissions
        if group_id is not None:
            perm1 = self._context.level(group_id)
            reference = self._reference
            fields["_owner"] = reference("Experimenter", owner_id)  # type: ignore[arg-type]
            fields["_group"] = reference("ExperimenterGroup", group_id)
            fields["_creationEvent"] = reference("Event", creation_id)  # type: ignore[arg-type]
            if update_id is not None:
                fields["_updateEvent"] = reference("Event", update_id)
        fields["_permissions"] = self.permissions(entity, perm1, owner_id, group_id, repo, mimetype)
        if external_id is not None:
            fields["_externalInfo"] = self._reference("ExternalInfo", external_id)
        return details
