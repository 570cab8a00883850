"""Every right × role × group level × kind of object, over Ice, against the table of contract/server.md, section 3.3.

For each cell the flag that the server sends and the attempt itself are compared with the table: deletions, moves and gifts
are attempted as dry runs, the others for real. The number of cells is printed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import omero
import omero.model as model
import pytest
from omero.rtypes import rstring

LEVELS = {"private": "rw----", "read-only": "rwr---", "read-annotate": "rwra--", "read-write": "rwrw--"}
ROLES = (
    "owner", "member", "leader", "stranger", "admin", "light", "light WriteOwned", "light WriteFile",
    "light DeleteOwned", "light DeleteFile", "light Chgrp", "light Chown",
)  # fmt: skip
RIGHTS = ("view", "annotate", "link", "edit", "delete", "chgrp", "chown")


@dataclass(frozen=True)
class Kind:
    """A class of objects, its text property, and how one is put into or under a new container."""

    name: str
    text: str = "name"
    link: str | None = None
    target_is_parent: bool = True
    other: str = ""

    @property
    def annotation_link(self) -> str:
        return (
            "AnnotationAnnotationLink" if self.name.endswith("Annotation") else f"{self.name}AnnotationLink"
        )

    @property
    def is_file(self) -> bool:
        return self.name == "OriginalFile"


KINDS = (
    Kind("Project", link="ProjectDatasetLink", other="Dataset"),
    Kind("Dataset", link="DatasetImageLink", other="Image"),
    Kind("Image", link="DatasetImageLink", target_is_parent=False, other="Dataset"),
    Kind("Screen", link="ScreenPlateLink", other="Plate"),
    Kind("Plate", link="ScreenPlateLink", target_is_parent=False, other="Screen"),
    Kind("Folder", link="FolderImageLink", other="Image"),
    Kind("Roi", link="FolderRoiLink", target_is_parent=False, other="Folder"),
    Kind("TagAnnotation", text="textValue"),
    Kind("CommentAnnotation", text="textValue"),
    Kind("OriginalFile"),
)


def allowed(right: str, role: str, level: str, kind: Kind, *, attempted: bool = False) -> bool:
    """The table: what a role may do to another user's object (the owner's column: to his own).

    To annotate a file is to make a link, which is no file: the attempt needs the privilege for links.
    """
    private, writable = level == "private", level == "read-write"
    if role == "owner":
        return right != "chown"
    if role == "stranger":
        return False
    if role == "member":
        return {"view": not private, "annotate": level in ("read-annotate", "read-write")}.get(
            right, writable and right in ("link", "edit", "delete")
        )
    if role == "leader":
        return {"annotate": not private, "link": not private, "chgrp": False}.get(right, True)
    if right == "view":
        return True
    as_file = kind.is_file and not (attempted and right == "annotate")
    writes = {"light WriteFile"} if as_file else {"light WriteOwned"}
    deletes = {"light DeleteFile"} if kind.is_file else {"light DeleteOwned"}
    holders = {"delete": deletes, "chgrp": {"light Chgrp"}, "chown": {"light Chown"}}.get(right, writes)
    holds = role == "admin" or role in holders
    return holds and not (private and right in ("annotate", "link"))


def make(kind: Kind | str, text: str) -> Any:
    """A new object of a class."""
    chosen = next((known for known in KINDS if known.name == kind), None) if isinstance(kind, str) else kind
    name, attribute = (kind, "name") if chosen is None else (chosen.name, chosen.text)
    made = getattr(model, f"{name}I")()
    setattr(made, attribute, rstring(text))
    if name == "OriginalFile":
        made.path = rstring("/matrix/")
    return made


def unloaded(kind: Kind, row_id: int) -> Any:
    return getattr(model, f"{kind.name}I")(row_id, False)


class Actor:
    """A user at work in one group."""

    def __init__(self, client: Any, group: int) -> None:
        self.ctx = {"omero.group": str(group)}
        self.client = client

    def succeeds(self, action: Callable[[], Any]) -> bool:
        """The server lets the action pass; only its refusals count as no."""
        try:
            action()
        except (omero.SecurityViolation, omero.CmdError):
            return False
        return True

    def view(self, kind: Kind, row_id: int) -> Any:
        return self.client.sf.getQueryService().get(kind.name, row_id, self.ctx)

    def save(self, obj: Any) -> Any:
        return self.client.sf.getUpdateService().saveAndReturnObject(obj, self.ctx)

    def annotate(self, kind: Kind, row_id: int) -> None:
        link = getattr(model, f"{kind.annotation_link}I")()
        link.parent, link.child = unloaded(kind, row_id), make("CommentAnnotation", "of the matrix")
        self.save(link)

    def link(self, kind: Kind, row_id: int) -> None:
        link = getattr(model, f"{kind.link}I")()
        ends = (unloaded(kind, row_id), make(kind.other, "linked"))
        link.parent, link.child = ends if kind.target_is_parent else ends[::-1]
        self.save(link)

    def edit(self, kind: Kind, row_id: int) -> None:
        try:
            obj = self.view(kind, row_id)
        except omero.SecurityViolation:
            obj = make(kind, "")
            obj.id = omero.rtypes.rlong(row_id)
        setattr(obj, kind.text, rstring(f"changed by {id(self)}"))
        obj.unloadCollections()
        self.save(obj)

    def submit(self, request: Any) -> None:
        self.client.submit(request, loops=200, ms=50)

    def delete(self, kind: Kind, row_id: int) -> None:
        self.submit(omero.cmd.Delete2(targetObjects={kind.name: [row_id]}, dryRun=True))

    def chgrp(self, kind: Kind, row_id: int, destination: int) -> None:
        self.submit(omero.cmd.Chgrp2(targetObjects={kind.name: [row_id]}, groupId=destination, dryRun=True))

    def chown(self, kind: Kind, row_id: int, receiver: int) -> None:
        self.submit(omero.cmd.Chown2(targetObjects={kind.name: [row_id]}, userId=receiver, dryRun=True))


@pytest.fixture
def light_admin(root: Any, login: Any) -> Callable[..., Any]:
    """A client of an administrator who holds just the named privileges."""

    def connect(name: str, *privileges: str) -> Any:
        user = model.ExperimenterI()
        user.omeName, user.firstName, user.lastName = rstring(name), rstring("Light"), rstring("Admin")
        held = []
        for value in privileges:
            privilege = model.AdminPrivilegeI()
            privilege.value = rstring(value)
            held.append(privilege)
        admin = root.sf.getAdminService()
        admin.createRestrictedSystemUserWithPassword(user, held, rstring("secret"))
        return login(name, "secret")

    return connect


@pytest.fixture
def actors(login: Any, make_user: Any, make_group: Any, light_admin: Any, root: Any) -> Iterator[Any]:
    """`actors(level)`: an actor per role, the id of the group, a destination and a receiver."""
    lights: dict[str, Any] = {}

    def build(level: str) -> tuple[dict[str, Actor], int, int]:
        destination = make_group("rwrw--")
        group = make_group(LEVELS[level])
        users = {
            "owner": make_user(group, destination),
            "member": make_user(group, destination),
            "leader": make_user(group, destination, owner_of=[group]),
            "stranger": make_user(destination),
        }
        clients = {role: login(user) for role, user in users.items()} | {"admin": root}
        for role in ROLES:
            if role.startswith("light"):
                privileges = role.split()[1:]
                if role not in lights:
                    lights[role] = light_admin(
                        f"matrix-{'-'.join(privileges) or 'none'}-{group}", *privileges
                    )
                clients[role] = lights[role]
        return {role: Actor(clients[role], group) for role in ROLES}, destination, users["member"].id

    yield build


FLAGS = {"link": "canLink", "edit": "canEdit", "delete": "canDelete", "annotate": "canAnnotate", "chgrp": "canChgrp",
         "chown": "canChown"}  # fmt: skip


def flags_of(obj: Any) -> dict[str, bool]:
    permissions = obj.details.permissions
    return {right: bool(getattr(permissions, method)()) for right, method in FLAGS.items()}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_right_role_level_and_kind(actors: Any, capsys: pytest.CaptureFixture[str]) -> None:
    cells, wrong = 0, []
    for level in LEVELS:
        team, destination, receiver = actors(level)
        for kind in KINDS:
            for role in ROLES:
                actor = team[role]
                row_id = team["owner"].save(make(kind, f"of the owner, for {role}")).id.val
                seen = actor.succeeds(lambda a=actor, k=kind, r=row_id: a.view(k, r))
                flags = flags_of(actor.view(kind, row_id)) if seen else {}
                attempts = {
                    "annotate": lambda a=actor, k=kind, r=row_id: a.annotate(k, r),
                    "link": lambda a=actor, k=kind, r=row_id: a.link(k, r),
                    "edit": lambda a=actor, k=kind, r=row_id: a.edit(k, r),
                    "delete": lambda a=actor, k=kind, r=row_id: a.delete(k, r),
                    "chgrp": lambda a=actor, k=kind, r=row_id, d=destination: a.chgrp(k, r, d),
                    "chown": lambda a=actor, k=kind, r=row_id, u=receiver: a.chown(k, r, u),
                }
                for right in RIGHTS:
                    expected = allowed(right, role, level, kind)
                    if right == "view":
                        cells += 1
                        wrong += (
                            [] if seen == expected else [(level, kind.name, role, right, "attempt", seen)]
                        )
                        continue
                    if seen:
                        cells += 1
                        if flags[right] != expected:
                            wrong.append((level, kind.name, role, right, "flag", flags[right]))
                    if right == "link" and kind.link is None:
                        continue
                    cells += 1
                    done = actor.succeeds(attempts[right])
                    if done != allowed(right, role, level, kind, attempted=True):
                        wrong.append((level, kind.name, role, right, "attempt", done))
    with capsys.disabled():
        print(f"\npermission matrix: {cells} cells, {len(wrong)} wrong")
    assert wrong == [], wrong
    assert cells > 5000
