"""Typical refusals (contract/server.md, section 3.9), through the services that clients use."""

import time

import omero
import pytest
from omero.cmd import Chgrp2, Delete2
from omero.model import (
    AdminPrivilegeI,
    DatasetI,
    ExperimenterI,
    ImageAnnotationLinkI,
    ImageI,
    ProjectDatasetLinkI,
    ProjectI,
    TagAnnotationI,
)
from omero.rtypes import rstring


def _ctx(group: int, user: int | None = None) -> dict:
    return {"omero.group": str(group), **({} if user is None else {"omero.user": str(user)})}


def _image(client, group: int) -> int:
    image = ImageI()
    image.name = rstring("an image")
    return client.sf.getUpdateService().saveAndReturnObject(image, _ctx(group)).id.val


def _tag(client, image: int, ctx: dict):
    tag = TagAnnotationI()
    tag.textValue = rstring("a tag")
    link = ImageAnnotationLinkI()
    link.parent, link.child = ImageI(image, False), tag
    return client.sf.getUpdateService().saveAndReturnObject(link, ctx)


def _submit(client, request, ctx: dict | None = None):
    handle = client.sf.submit(request, ctx or {})
    deadline = time.monotonic() + 20
    while handle.getResponse() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    response = handle.getResponse()
    handle.close()
    return response


@pytest.fixture
def pair(make_group, make_user, login):
    """`pair(level)`: a group of that level, and the clients of two members; the first owns an image there."""

    def make(level: str):
        group = make_group(level)
        owner, other = make_user(group), make_user(group)
        client = login(owner)
        return group, owner, client, login(other), _image(client, group)

    return make


def test_member_edits_foreign_image_in_read_annotate(pair):
    group, _, _, other, image = pair("rwra--")
    found = other.sf.getQueryService().get("Image", image, _ctx(group))
    assert found.details.permissions.canAnnotate()
    assert not found.details.permissions.canEdit()
    found.name = rstring("mine")
    with pytest.raises(omero.SecurityViolation):
        other.sf.getUpdateService().saveObject(found, _ctx(group))
    _tag(other, image, _ctx(group))


def test_member_tags_foreign_image_in_read_only(pair):
    group, _, _, other, image = pair("rwr---")
    with pytest.raises(omero.SecurityViolation):
        _tag(other, image, _ctx(group))


def test_administrator_tags_foreign_image_in_private_group(pair, root):
    group, _, _, _, image = pair("rw----")
    with pytest.raises(omero.ReadOnlyGroupSecurityViolation):
        _tag(root, image, _ctx(group))


def test_administrator_tags_it_on_behalf_of_the_owner(pair, root):
    group, owner, client, _, image = pair("rw----")
    link = _tag(root, image, _ctx(group, owner.id))
    found = client.sf.getQueryService().get("ImageAnnotationLink", link.id.val, _ctx(group))
    assert found.details.owner.id.val == owner.id
    tag = client.sf.getQueryService().get("TagAnnotation", found.child.id.val, _ctx(group))
    assert tag.details.owner.id.val == owner.id


def test_leader_deletes_foreign_image_in_private_group(make_group, make_user, login):
    group = make_group("rw----")
    owner, leader = make_user(group), make_user(group, owner_of=[group])
    image = _image(login(owner), group)
    response = _submit(login(leader), Delete2(targetObjects={"Image": [image]}), _ctx(group))
    assert isinstance(response, omero.cmd.Delete2Response), response
    assert response.deletedObjects["ome.model.core.Image"] == [image]


def test_leader_moves_foreign_image(make_group, make_user, login):
    group, target = make_group("rw----"), make_group("rw----")
    owner, leader = make_user(group), make_user(group, target, owner_of=[group])
    image = _image(login(owner), group)
    response = _submit(login(leader), Chgrp2(targetObjects={"Image": [image]}, groupId=target))
    assert isinstance(response, omero.cmd.ERR)
    assert response.name == "graph-fail"


def test_owner_moves_image_to_a_group_he_is_not_in(pair, make_group):
    _, _, client, _, image = pair("rw----")
    response = _submit(client, Chgrp2(targetObjects={"Image": [image]}, groupId=make_group("rwra--")))
    assert isinstance(response, omero.cmd.ERR)
    assert response.name == "not-in-group"


def test_objects_of_two_groups_are_not_linked(make_group, make_user, login):
    one, two = make_group("rwra--"), make_group("rwra--")
    client = login(make_user(one, two))
    update = client.sf.getUpdateService()
    project, dataset = ProjectI(), DatasetI()
    project.name, dataset.name = rstring("of group two"), rstring("of group one")
    project = update.saveAndReturnObject(project, _ctx(two))
    dataset = update.saveAndReturnObject(dataset, _ctx(one))
    link = ProjectDatasetLinkI()
    link.parent, link.child = ProjectI(project.id.val, False), DatasetI(dataset.id.val, False)
    with pytest.raises(omero.GroupSecurityViolation) as refusal:
        update.saveObject(link, _ctx(one))
    assert refusal.value.message.startswith("MIXED GROUP")


def test_restricted_administrator_may_not_delete(pair, root, make_user, login):
    group, _, _, _, image = pair("rwr---")
    light = make_user(admin=True)
    privilege = AdminPrivilegeI()
    privilege.value = rstring("WriteOwned")
    root.sf.getAdminService().setAdminPrivileges(ExperimenterI(light.id, False), [privilege])
    client = login(light)
    found = client.sf.getQueryService().get("Image", image, _ctx(group))
    assert not found.details.permissions.canDelete()
    response = _submit(client, Delete2(targetObjects={"Image": [image]}), _ctx(group))
    assert isinstance(response, omero.cmd.ERR)
    assert response.name == "graph-fail"


def test_guest_creates_nothing(login):
    with pytest.raises(omero.SecurityViolation):
        login("guest", "guest").sf.getUpdateService()


def test_refused_save_leaves_no_trace(server, pair):
    from sqlalchemy import func, select

    from omero_embedded.model.tables import table_of

    group, _, _, other, image = pair("rwr---")
    events = select(func.count()).select_from(table_of("Event"))
    with server.server.database.read() as connection:
        before = connection.scalar(events)
    with pytest.raises(omero.SecurityViolation):
        _tag(other, image, _ctx(group))
    with server.server.database.read() as connection:
        assert connection.scalar(events) == before
