"""Object wrappers that the pages use: omero-py's, with a few more questions answered.

`webclient_gateway` puts them in omero-py's place, so `conn.getObject("Image", …)` returns them.
Source: contract/plugins.md, section 5.7.
"""

from __future__ import annotations

import textwrap
from typing import Any

import omero
import omero.gateway as gateway
from omero.model import LongAnnotationI
from omero.rtypes import rlong, rstring, unwrap

from omeroweb.webclient.commands import delete_and_wait

WARP_WIDTH = 30
UNITS_WITHOUT_LENGTH = ("PIXEL", "REFERENCEFRAME")
RATING_NAMESPACE = omero.constants.metadata.NSINSIGHTRATING


class OmeroWebObjectWrapper:
    """Mixed into the wrappers of objects that live in the tree."""

    _conn: Any
    _obj: Any
    OMERO_CLASS: str | None

    def countParents(self) -> int:
        """Number of containers that hold the object, as far as the user may see them."""
        return len(list(self.listParents()))  # type: ignore[attr-defined]

    def countAnnotations(self) -> int:
        """Number of distinct annotations on the object."""
        return sum(self._conn.countAnnotations(self.OMERO_CLASS, [self.getId()]).values())  # type: ignore[attr-defined]

    def getPermissions(self) -> str:
        """The level of the object's group in words."""
        permissions = self._obj.details.permissions
        if permissions.isGroupWrite():
            return "Read-Write"
        if permissions.isGroupAnnotate():
            return "Read-Annotate"
        if permissions.isGroupRead():
            return "Read-Only"
        if permissions.isUserRead():
            return "Private"
        return "unknown"

    def warpName(self) -> str:
        """The name broken into lines of at most 30 characters."""
        name = self.getName() or ""  # type: ignore[attr-defined]
        return "\n".join(textwrap.wrap(name, WARP_WIDTH, break_on_hyphens=False)) or name

    def getPermsCss(self) -> str:
        """Rights of the session as words, in the order that fragments use (contract/webclient.md, section 2.5)."""
        rights = (
            ("canEdit", self.canEdit),  # type: ignore[attr-defined]
            ("canAnnotate", self.canAnnotate),  # type: ignore[attr-defined]
            ("canLink", self.canLink),  # type: ignore[attr-defined]
            ("canDelete", self.canDelete),  # type: ignore[attr-defined]
            ("isOwned", self.isOwned),  # type: ignore[attr-defined]
            ("canChgrp", self.canChgrp),  # type: ignore[attr-defined]
        )
        return " ".join(word for word, allowed in rights if allowed())

    def setRating(self, rating: int) -> None:
        """Set the user's own rating of this object; 0 removes it.

        An annotation that hangs on nothing else is changed in place, a shared one is replaced.
        """
        set_rating(self._conn, self._obj.__class__, self.getId(), rating)  # type: ignore[attr-defined]


def set_rating(conn: Any, model_class: Any, object_id: int, rating: int) -> None:
    """Make `rating` the user's only rating of one object; 0 removes it. Source: contract/webclient.md, 8.4."""
    kind = model_class.__name__.removesuffix("I")
    params = omero.sys.ParametersI().addId(object_id)
    params.add("ns", rstring(RATING_NAMESPACE))
    params.add("user", rlong(conn.getUserId()))
    rows = conn.getQueryService().projection(
        f"select link.id, ann.id, (select count(other.id) from {kind}AnnotationLink other"
        " where other.child.id = ann.id)"
        f" from {kind}AnnotationLink link join link.child ann"
        " where link.parent.id = :id and ann.class = LongAnnotation and ann.ns = :ns"
        " and link.details.owner.id = :user order by ann.id",
        params,
        conn.SERVICE_OPTS,
    )
    found = [unwrap(row) for row in rows]
    reusable = next((annotation for _, annotation, uses in found if uses == 1), None) if rating else None
    surplus = [link for link, annotation, _ in found if annotation != reusable]
    if surplus:
        delete_and_wait(conn, f"{kind}AnnotationLink", surplus)
    update = conn.getUpdateService()
    if reusable is not None:
        annotation = conn.getQueryService().get("LongAnnotation", reusable, conn.SERVICE_OPTS)
        annotation.setLongValue(rlong(rating))
        update.saveObject(annotation, conn.SERVICE_OPTS)
    elif rating:
        annotation = LongAnnotationI()
        annotation.setNs(rstring(RATING_NAMESPACE))
        annotation.setLongValue(rlong(rating))
        link = getattr(omero.model, f"{kind}AnnotationLinkI")()
        link.setParent(getattr(omero.model, f"{kind}I")(object_id, False))
        link.setChild(annotation)
        update.saveObject(link, conn.SERVICE_OPTS)


class ProjectWrapper(OmeroWebObjectWrapper, gateway._ProjectWrapper):
    pass


class DatasetWrapper(OmeroWebObjectWrapper, gateway._DatasetWrapper):
    pass


class ScreenWrapper(OmeroWebObjectWrapper, gateway._ScreenWrapper):
    pass


class PlateWrapper(OmeroWebObjectWrapper, gateway._PlateWrapper):
    pass


class PlateAcquisitionWrapper(OmeroWebObjectWrapper, gateway._PlateAcquisitionWrapper):
    pass


class WellWrapper(OmeroWebObjectWrapper, gateway._WellWrapper):
    pass


class ImageWrapper(OmeroWebObjectWrapper, gateway._ImageWrapper):
    """An image with sizes in words and the facts of its import."""

    def getChannels(self, *args: Any, **kwargs: Any) -> list[Any] | None:
        """Channels, or None when the image cannot be rendered (no pixels, no statistics)."""
        try:
            return super().getChannels(*args, **kwargs)
        except (omero.ServerError, omero.CmdError, AttributeError) as error:
            gateway.logger.warning("no channels for image %s: %s", self.getId(), error)
            return None

    def _pixel_size(self, axis: str, units: Any = None) -> Any:
        return getattr(self, f"getPixelSize{axis}")(units)

    def getPixelSizeXMicrons(self) -> float:
        return self._micrometres("X")

    def getPixelSizeYMicrons(self) -> float:
        return self._micrometres("Y")

    def getPixelSizeZMicrons(self) -> float:
        return self._micrometres("Z")

    def _micrometres(self, axis: str) -> float:
        """Pixel size in µm; 0 when it is not known or not a length that can be converted."""
        size = self._pixel_size(axis, True)
        if size is None or size.getUnit().name in UNITS_WITHOUT_LENGTH:
            return 0
        return float(self._pixel_size(axis, "MICROMETER").getValue())

    def getPixelSizeXWithUnits(self) -> tuple[float, str]:
        return self.formatPixelSizeWithUnits(self._pixel_size("X", True))

    def getPixelSizeYWithUnits(self) -> tuple[float, str]:
        return self.formatPixelSizeWithUnits(self._pixel_size("Y", True))

    def getPixelSizeZWithUnits(self) -> tuple[float, str]:
        return self.formatPixelSizeWithUnits(self._pixel_size("Z", True))

    @staticmethod
    def formatPixelSizeWithUnits(size: Any) -> tuple[float, str]:
        """A length as (value, symbol); (0, "µm") when unknown."""
        if size is None:
            return 0, "µm"
        return size.getValue(), size.getSymbol()

    def getPixelSizeUnits(self) -> str | None:
        """The unit that all known pixel sizes share, None when they differ or none is known."""
        symbols = {
            size.getSymbol() for size in (self._pixel_size(axis, True) for axis in "XYZ") if size is not None
        }
        return symbols.pop() if len(symbols) == 1 else None

    def showOriginalFilePaths(self) -> bool:
        """Whether the image has paths worth showing: it belongs to a fileset or has archived files."""
        return self.countImportedImageFiles() > 0

    def getFilesetImages(self) -> list[ImageWrapper]:
        """All images of this image's fileset (itself included); [] without a fileset."""
        fileset = self.getFileset()
        return [] if fileset is None else fileset.copyImages()

    def getInplaceImportCmd(self) -> str:
        """The option of `omero import` that made an in-place import, `""` for files that were copied."""
        options = {
            "ome.formats.importer.transfers.SymlinkFileTransfer": "ln_s",
            "ome.formats.importer.transfers.HardlinkFileTransfer": "ln",
            "ome.formats.importer.transfers.CopyFileTransfer": "cp",
            "ome.formats.importer.transfers.CopyMoveFileTransfer": "cp_rm",
            "ome.formats.importer.transfers.MoveFileTransfer": "ln_rm",
        }
        return options.get(self.getInplaceImport() or "", "")


class ExperimenterWrapper(OmeroWebObjectWrapper, gateway._ExperimenterWrapper):
    """A user as lists and forms show one."""

    ldapUser: bool | None = None

    def isEditable(self) -> bool:
        """False for the two accounts that the server itself needs."""
        return (self.getOmeName() or "").lower() not in ("root", "guest")

    def isLdapUser(self) -> bool:
        """Whether the password lives in a directory service."""
        return bool(unwrap(self._obj.ldap))

    def getDefaultGroup(self) -> Any:
        """The group the user enters at login, None without one."""
        groups = self.copyGroupExperimenterMap()
        return gateway.ExperimenterGroupWrapper(self._conn, groups[0].parent) if groups else None

    def getOtherGroups(self, excluded_names: tuple[str, ...] = ("user", "guest")) -> list[Any]:
        """All groups but the default one and the named ones."""
        maps = self.copyGroupExperimenterMap()[1:]
        parents = (link.parent for link in maps if link is not None)
        return [
            gateway.ExperimenterGroupWrapper(self._conn, group)
            for group in parents
            if unwrap(group.name) not in excluded_names
        ]


class ExperimenterGroupWrapper(OmeroWebObjectWrapper, gateway._ExperimenterGroupWrapper):
    """A group with its people sorted by last name."""

    leaders: list[Any]
    colleagues: list[Any]

    def loadLeadersAndMembers(self) -> None:
        """Set `leaders` and `colleagues` (as far as the user may see them), both sorted by last name."""
        leaders, colleagues = self.groupSummary()
        self.leaders = sorted(leaders, key=by_last_name)
        self.colleagues = sorted(colleagues, key=by_last_name)

    def getOwners(self) -> list[Any]:
        return [link.child for link in self.copyGroupExperimenterMap() if link is not None and link.owner.val]

    def getOwnersNames(self) -> str:
        """Full names of the owners, joined by commas."""
        return ", ".join(
            gateway.ExperimenterWrapper(self._conn, owner).getFullName() for owner in self.getOwners()
        )

    def getMembers(self, excluded_names: tuple[str, ...] = ()) -> list[Any]:
        children = (link.child for link in self.copyGroupExperimenterMap() if link is not None)
        return [
            gateway.ExperimenterWrapper(self._conn, member)
            for member in children
            if unwrap(member.omeName) not in excluded_names
        ]

    def isOwner(self) -> bool:
        """Whether the current user leads the group."""
        return self.getId() in self._conn.getEventContext().leaderOfGroups

    def isReadOnly(self) -> bool:
        return self.getPermissions() == "Read-Only"

    def isReadAnnotate(self) -> bool:
        return self.getPermissions() == "Read-Annotate"

    def isReadWrite(self) -> bool:
        return self.getPermissions() == "Read-Write"

    def isLocked(self) -> bool:
        """Whether the server itself needs the group."""
        return (self.getName() or "").lower() in ("system", "user", "guest")

    def isEditable(self) -> bool:
        """False for the two groups whose members the server manages itself."""
        return (self.getName() or "").lower() not in ("user", "guest")


def by_last_name(person: Any) -> str:
    return (person.getLastName() or "").lower()


def group_of(wrapper: Any) -> int:
    """Id of the object's group, without loading the group."""
    return int(wrapper._obj.details.group.id.val)


def owner_of(wrapper: Any) -> int:
    """Id of the object's owner, without loading the owner."""
    return int(wrapper._obj.details.owner.id.val)
