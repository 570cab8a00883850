"""The connection that every view gets, and its installation in omero-py.

Importing this module puts `OmeroWebGateway` and the wrappers of `wrappers` in the place of omero-py's own, so that
whatever goes through `omero.gateway` yields them. Source: contract/plugins.md, section 5.7.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import Ice
import omero
import omero.gateway
from omero.model import ExperimenterGroupI, ExperimenterI, PermissionsI
from omero.rtypes import rbool, rlong, rstring

from omeroweb import server_settings
from omeroweb.webclient import wrappers
from omeroweb.webclient.wrappers import (
    DatasetWrapper,
    ExperimenterGroupWrapper,
    ExperimenterWrapper,
    ImageWrapper,
    OmeroWebObjectWrapper,
    PlateAcquisitionWrapper,
    PlateWrapper,
    ProjectWrapper,
    ScreenWrapper,
    WellWrapper,
)

__all__ = [
    "DatasetWrapper",
    "ExperimenterGroupWrapper",
    "ExperimenterWrapper",
    "ImageWrapper",
    "OmeroWebGateway",
    "OmeroWebObjectWrapper",
    "OmeroWebSafeCallWrapper",
    "PlateAcquisitionWrapper",
    "PlateWrapper",
    "ProjectWrapper",
    "ScreenWrapper",
    "WellWrapper",
]

logger = logging.getLogger(__name__)

ORPHANS = "ui.tree.orphans"
DROPDOWN = "ui.menu.dropdown"


class OmeroWebSafeCallWrapper(omero.gateway.OmeroGatewaySafeCallWrapper):
    """Calls to the server; what it refuses is logged once and raised unchanged."""

    def debug(self, exc_class: str, args: Any, kwargs: Any) -> None:
        """Log a refused call without its arguments: writing out a number beyond 64 bits makes Ice abort the process."""
        logger.warning("%s in %s", exc_class, self.attr, exc_info=True)

    def handle_exception(self, e: Exception, *args: Any, **kwargs: Any) -> Any:
        if isinstance(e, Ice.MemoryLimitException):
            logger.error("answer of %s too large: %s", self.attr, e)
        raise e


class OmeroWebGateway(omero.gateway._BlitzGateway):
    """omero-py's gateway, plus the questions that the web pages ask."""

    def isValidGroup(self, group_id: int) -> bool:
        """Whether the user may work in the group: as a member, or as an administrator when the group exists."""
        context = self.getEventContext()
        if int(group_id) in context.memberOfGroups:
            return True
        return bool(context.isAdmin) and self.getObject("ExperimenterGroup", group_id) is not None

    def _settings_below(self, prefix: str) -> dict[str, Any]:
        """Client settings of the server below a prefix, dots turned into nested dicts."""
        node: Any = server_settings.nested(self.getClientSettings())
        for step in prefix.split("."):
            node = node.get(step) or {}
        return node

    def getOrphanedContainerSettings(self) -> dict[str, Any]:
        """`name`, `enabled`, `description` of the container of images without parents."""
        return self._settings_below(ORPHANS)

    def getDropdownMenuSettings(self) -> dict[str, Any]:
        """`everyone`, `leaders`, `colleagues`, each with `label` and `enabled`."""
        return self._settings_below(DROPDOWN)

    def getEmailSettings(self) -> bool:
        """Whether the server can send mail."""
        value = self.getConfigService().getConfigValue("omero.mail.config") or ""
        return value.strip().lower() == "true"

    def isAnythingCreated(self) -> bool:
        """Whether the installation holds any group beside the ones it starts with."""
        roles = self.getAdminService().getSecurityRoles()
        own = {roles.systemGroupId, roles.userGroupId, roles.guestGroupId}
        return any(group.id.val not in own for group in self.getAdminService().lookupGroups())

    def createExperimenter(
        self,
        omeName: str,
        firstName: str,
        lastName: str,
        email: str | None,
        isAdmin: bool,
        isActive: bool,
        defaultGroupId: int,
        otherGroupIds: Iterable[int],
        password: str,
        privileges: Iterable[str] | None = None,
        middleName: str | None = None,
        institution: str | None = None,
    ) -> int:
        """Create a user and return its id.

        `privileges`: names of administrator privileges for a restricted administrator; None gives all of them.
        An inactive user is not put into the group `user`, which login needs.
        """
        admin = self.getAdminService()
        roles = admin.getSecurityRoles()
        experimenter = ExperimenterI()
        experimenter.setOmeName(rstring(str(omeName)))
        experimenter.setFirstName(rstring(str(firstName)))
        experimenter.setMiddleName(rstring(str(middleName)) if middleName else None)
        experimenter.setLastName(rstring(str(lastName)))
        experimenter.setEmail(rstring(str(email)) if email else None)
        experimenter.setInstitution(rstring(str(institution)) if institution else None)
        experimenter.setLdap(rbool(False))

        group_ids = {int(group_id) for group_id in otherGroupIds} - {int(defaultGroupId)}
        if isActive:
            group_ids.add(roles.userGroupId)
        if isAdmin:
            group_ids.add(roles.systemGroupId)
        default_group = ExperimenterGroupI(int(defaultGroupId), False)
        groups = [ExperimenterGroupI(group_id, False) for group_id in sorted(group_ids)]
        if privileges is not None:
            wanted = [
                entry._obj
                for entry in self.getEnumerationEntries("AdminPrivilege")
                if entry.getValue() in set(privileges)
            ]
            new_id = admin.createRestrictedSystemUserWithPassword(
                experimenter, wanted, rstring(str(password))
            )
            user = admin.getExperimenter(new_id)
            admin.addGroups(user, [default_group, *groups])
            admin.setDefaultGroup(user, default_group)
            return int(new_id)
        return int(
            admin.createExperimenterWithPassword(experimenter, rstring(str(password)), default_group, groups)
        )

    def createGroup(self, name: str, permissions: Any, description: str | None = None) -> int:
        """Create a group and return its id. `permissions`: a permissions object or a string such as `rwr---`."""
        group = ExperimenterGroupI()
        group.setName(rstring(str(name)))
        group.setDescription(rstring(str(description)) if description else None)
        group.setLdap(rbool(False))
        group.details.permissions = PermissionsI(permissions) if isinstance(permissions, str) else permissions
        return int(self.getAdminService().createGroup(group))

    def getExperimenterPhoto(self, user_id: int | None = None) -> bytes | None:
        """The user's photo (JPEG, PNG or GIF bytes), None when there is none."""
        params = omero.sys.ParametersI()
        params.add("user", rlong(self.getUserId() if user_id is None else int(user_id)))
        params.add("ns", rstring(omero.constants.namespaces.NSEXPERIMENTERPHOTO))
        rows = self.getQueryService().projection(
            "select file.id, file.size from ExperimenterAnnotationLink link join link.child ann"
            " join ann.file file where link.parent.id = :user and ann.ns = :ns order by ann.id desc",
            params.page(0, 1),
            self.SERVICE_OPTS,
        )
        if not rows:
            return None
        store = self.createRawFileStore()
        try:
            store.setFileId(rows[0][0].val, self.SERVICE_OPTS)
            return bytes(store.read(0, int(rows[0][1].val)))
        finally:
            store.close()


def install() -> None:
    """Rebind the names in `omero.gateway` that omero-py itself and apps look up."""
    module = omero.gateway
    module.BlitzGateway = OmeroWebGateway
    module.SafeCallWrapper = OmeroWebSafeCallWrapper
    for name in (
        "ExperimenterWrapper",
        "ExperimenterGroupWrapper",
        "ProjectWrapper",
        "DatasetWrapper",
        "ImageWrapper",
        "PlateWrapper",
        "WellWrapper",
        "PlateAcquisitionWrapper",
        "ScreenWrapper",
    ):
        setattr(module, name, getattr(wrappers, name))
    module.refreshWrappers()


install()
