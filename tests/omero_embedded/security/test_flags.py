"""What members, owners of groups and administrators may do to others' data (contract/server.md, section 3.3).

Check 5 of section 5.4: the same flags through `get`, a fetching query and a map projection, in the group's context and
in that of all groups.
"""

from contextlib import ExitStack
from dataclasses import dataclass

import omero
import pytest
from omero.model import AdminPrivilegeI, DatasetI, ExperimenterGroupI, ExperimenterI, PermissionsI
from omero.rtypes import rbool, rstring
from omero.sys import ParametersI

LEVELS = ("rw----", "rwr---", "rwra--", "rwrw--")
FLAGS = ("link", "edit", "delete", "annotate", "chgrp", "chown")
LETTERS = dict(zip("ledago", FLAGS, strict=True))

# Flags in the four levels: l(ink) e(dit) d(elete) a(nnotate) g (chgrp) o (chown); "-": not readable.
EXPECTED = {
    "owner": ("ledag", "ledag", "ledag", "ledag"),
    "member": ("-", "", "a", "leda"),
    "leader": ("edo", "ledao", "ledao", "ledao"),
    "administrator": ("edgo", "ledago", "ledago", "ledago"),
    "light": ("", "", "", ""),
    "writing": ("e", "lea", "lea", "lea"),
    "deleting": ("d", "d", "d", "d"),
    "stranger": ("-", "-", "-", "-"),
}
PRIVILEGES = {"light": [], "writing": ["WriteOwned"], "deleting": ["DeleteOwned"]}
CASES = [(role, level) for role in EXPECTED for level in range(len(LEVELS))]


@dataclass
class People:
    """A group and a dataset of its member `owner` per level, and a client per role."""

    groups: list
    datasets: list
    clients: dict


def _make_group(admin, level: str) -> int:
    group = ExperimenterGroupI()
    group.name, group.ldap = rstring(f"flags {level}"), rbool(False)
    group.details.permissions = PermissionsI(level)
    return admin.createGroup(group)


def _make_user(admin, role: str, groups) -> int:
    user = ExperimenterI()
    user.omeName, user.firstName, user.lastName = rstring(f"flags {role}"), rstring("F"), rstring(role)
    user.ldap = rbool(False)
    members = [ExperimenterGroupI(group, False) for group in (*groups, 1)]
    return admin.createExperimenterWithPassword(user, rstring("pw"), members[0], members[1:])


def _privilege(name: str):
    privilege = AdminPrivilegeI()
    privilege.value = rstring(name)
    return privilege


@pytest.fixture(scope="module")
def people(server):
    with ExitStack() as stack:
        root = server.login()
        stack.callback(root.closeSession)
        admin = root.sf.getAdminService()
        groups = [_make_group(admin, level) for level in LEVELS]
        clients = {"administrator": root}
        for role in EXPECTED:
            if role == "administrator":
                continue
            if role in PRIVILEGES:
                user = _make_user(admin, role, [0])
                admin.setAdminPrivileges(
                    ExperimenterI(user, False), [_privilege(p) for p in PRIVILEGES[role]]
                )
            else:
                user = _make_user(admin, role, [2] if role == "stranger" else groups)
            if role == "leader":
                for group in groups:
                    admin.setGroupOwner(ExperimenterGroupI(group, False), ExperimenterI(user, False))
            clients[role] = server.login(f"flags {role}", "pw")
            stack.callback(clients[role].closeSession)
        datasets = []
        update = clients["owner"].sf.getUpdateService()
        for group in groups:
            dataset = DatasetI()
            dataset.name = rstring("of the owner")
            datasets.append(update.saveAndReturnObject(dataset, {"omero.group": str(group)}).id.val)
        yield People(groups, datasets, clients)


def _flags(permissions) -> set:
    return {
        name
        for name, allowed in {
            "link": permissions.canLink(),
            "edit": permissions.canEdit(),
            "delete": permissions.canDelete(),
            "annotate": permissions.canAnnotate(),
            "chgrp": permissions.canChgrp(),
            "chown": permissions.canChown(),
        }.items()
        if allowed
    }


def _contexts(people: People, role: str, level: int) -> list:
    contexts = [{"omero.group": "-1"}]
    if role != "stranger":
        contexts.append({"omero.group": str(people.groups[level])})
    return contexts


@pytest.mark.parametrize("role, level", CASES, ids=[f"{role}-{LEVELS[level]}" for role, level in CASES])
def test_flags(people, role, level):
    expected = EXPECTED[role][level]
    wanted = {LETTERS[letter] for letter in expected if letter != "-"}
    query = people.clients[role].sf.getQueryService()
    row = people.datasets[level]
    parameters = ParametersI().addId(row)
    for ctx in _contexts(people, role, level):
        fetched = query.findByQuery("select d from Dataset d where d.id = :id", parameters, ctx)
        projected = query.projection(
            "select new map(d.id as id, d as dataset_details_permissions) from Dataset d where d.id = :id",
            parameters,
            ctx,
        )
        if expected == "-":
            assert fetched is None
            assert projected == []
            with pytest.raises(omero.SecurityViolation):
                query.get("Dataset", row, ctx)
            continue
        assert _flags(fetched.details.permissions) == wanted
        assert str(fetched.details.permissions) == LEVELS[level]
        assert _flags(query.get("Dataset", row, ctx).details.permissions) == wanted
        shown = omero.rtypes.unwrap(projected[0][0])["dataset_details_permissions"]
        assert shown["perm"] == LEVELS[level]
        assert {name for name in FLAGS if shown[f"can{name.capitalize()}"]} == wanted


def test_another_group_refuses_get_and_hides_rows(people):
    query = people.clients["owner"].sf.getQueryService()
    one, other = people.groups[1], people.datasets[2]
    with pytest.raises(omero.SecurityViolation):
        query.get("Dataset", other, {"omero.group": str(one)})
    parameters = ParametersI().addId(other)
    assert (
        query.findByQuery("select d from Dataset d where d.id = :id", parameters, {"omero.group": str(one)})
        is None
    )
