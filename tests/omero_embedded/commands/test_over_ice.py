"""Chown2, Chmod2, FindParents and FindChildren as clients submit them (contract/server.md, section 2.23)."""

from __future__ import annotations

from typing import Any

import omero
import omero.model as model
import pytest
from omero.rtypes import rstring


def named(kind: type, name: str) -> Any:
    made = kind()
    made.name = rstring(name)
    return made


def link(kind: type, parent: Any, child: Any) -> Any:
    made = kind()
    made.parent, made.child = parent, child
    return made


class Lab:
    """A group with an owner and two members, and a client for each."""

    def __init__(self, level: str, login: Any, make_user: Any, make_group: Any) -> None:
        self.group = make_group(level)
        self.users = {
            "owner": make_user(self.group, owner_of=[self.group]),
            "ann": make_user(self.group),
            "ben": make_user(self.group),
        }
        self.clients = {name: login(user) for name, user in self.users.items()}

    def save(self, user: str, obj: Any) -> Any:
        return self.clients[user].sf.getUpdateService().saveAndReturnObject(obj)

    def submit(self, user: str, request: Any) -> Any:
        return self.clients[user].submit(request).getResponse()

    def tag(self, user: str, image: Any) -> Any:
        tag = model.TagAnnotationI()
        tag.textValue = rstring(f"tag of {user}")
        return self.save(user, link(model.ImageAnnotationLinkI, model.ImageI(image.id.val, False), tag))


@pytest.fixture
def lab(login: Any, make_user: Any, make_group: Any) -> Any:
    def make(level: str) -> Lab:
        return Lab(level, login, make_user, make_group)

    return make


def owner_of(lab: Lab, name: str, row_id: int) -> int:
    found = lab.clients["owner"].sf.getQueryService().get(name, row_id)
    return int(found.details.owner.id.val)


def test_group_owner_gives_an_image_with_its_parts(lab: Any) -> None:
    here = lab("rwra--")
    image = here.save("ann", named(model.ImageI, "image"))
    own = here.tag("ann", image)
    foreign = here.tag("ben", image)
    ben = here.users["ben"].id
    request = omero.cmd.Chown2(targetObjects={"Image": [image.id.val]}, userId=ben)
    response = here.submit("owner", request)
    assert response.includedObjects["ome.model.core.Image"] == [image.id.val]
    assert owner_of(here, "Image", image.id.val) == ben
    assert owner_of(here, "TagAnnotation", own.child.id.val) == ben
    assert owner_of(here, "TagAnnotation", foreign.child.id.val) == ben
    assert not response.deletedObjects


def test_member_may_not_give_and_a_stranger_may_not_receive(lab: Any, make_user: Any) -> None:
    here = lab("rwra--")
    image = here.save("ann", named(model.ImageI, "image"))
    with pytest.raises(omero.CmdError, match="not permitted"):
        here.submit(
            "ann", omero.cmd.Chown2(targetObjects={"Image": [image.id.val]}, userId=here.users["ben"].id)
        )
    with pytest.raises(omero.CmdError, match="no member"):
        here.submit("owner", omero.cmd.Chown2(targetObjects={"Image": [image.id.val]}, userId=make_user().id))


def test_container_link_across_owners_goes_where_members_may_not_link(lab: Any) -> None:
    here = lab("rwr---")
    dataset = named(model.DatasetI, "dataset")
    linked = here.save("ann", link(model.DatasetImageLinkI, dataset, named(model.ImageI, "image")))
    image_id = linked.child.id.val
    response = here.submit(
        "owner", omero.cmd.Chown2(targetObjects={"Image": [image_id]}, userId=here.users["ben"].id)
    )
    assert response.deletedObjects == {"ome.model.containers.DatasetImageLink": [linked.id.val]}
    assert owner_of(here, "Dataset", linked.parent.id.val) == here.users["ann"].id


def test_dry_run_of_a_gift_changes_nothing(lab: Any) -> None:
    here = lab("rwra--")
    image = here.save("ann", named(model.ImageI, "image"))
    request = omero.cmd.Chown2(
        targetObjects={"Image": [image.id.val]}, userId=here.users["ben"].id, dryRun=True
    )
    assert here.submit("owner", request).includedObjects["ome.model.core.Image"] == [image.id.val]
    assert owner_of(here, "Image", image.id.val) == here.users["ann"].id


def test_all_of_a_user_is_given(lab: Any) -> None:
    here = lab("rwra--")
    made = [here.save("ann", named(kind, "x")) for kind in (model.ProjectI, model.DatasetI, model.ImageI)]
    request = omero.cmd.Chown2(targetUsers=[here.users["ann"].id], userId=here.users["ben"].id)
    response = here.submit("owner", request)
    assert set(response.includedObjects) == {
        "ome.model.containers.Project", "ome.model.containers.Dataset", "ome.model.core.Image",
    }  # fmt: skip
    assert owner_of(here, "Project", made[0].id.val) == here.users["ben"].id


def test_group_made_private_loses_links_across_owners(lab: Any) -> None:
    here = lab("rwra--")
    image = here.save("ann", named(model.ImageI, "image"))
    own, foreign = here.tag("ann", image), here.tag("ben", image)
    comment = model.CommentAnnotationI()
    comment.textValue = rstring("of ben")
    comment = here.save(
        "ben", link(model.ImageAnnotationLinkI, model.ImageI(image.id.val, False), comment)
    ).child
    request = omero.cmd.Chmod2(
        targetObjects={"ExperimenterGroup": [here.group]}, permissions="rw----", dryRun=True
    )
    planned = here.submit("owner", request).deletedObjects
    request.dryRun = False
    done = here.submit("owner", request)
    assert done.deletedObjects == planned
    assert foreign.id.val in planned["ome.model.annotations.ImageAnnotationLink"]
    assert own.id.val not in planned["ome.model.annotations.ImageAnnotationLink"]
    assert planned["ome.model.annotations.CommentAnnotation"] == [comment.id.val]
    group = here.clients["owner"].sf.getAdminService().getGroup(here.group)
    assert str(group.details.permissions) == "rw----"
    assert here.clients["ben"].sf.getQueryService().findAllByQuery("select i from Image i", None) == []


def test_bad_level_and_missing_right_are_refused(lab: Any) -> None:
    here = lab("rwra--")
    targets = {"ExperimenterGroup": [here.group]}
    with pytest.raises(omero.CmdError) as failed:
        here.submit("owner", omero.cmd.Chmod2(targetObjects=targets, permissions="rubbish"))
    assert failed.value.err.name == "bad-permissions"
    with pytest.raises(omero.CmdError, match="not permitted"):
        here.submit("ann", omero.cmd.Chmod2(targetObjects=targets, permissions="rwrw--"))


def test_parents_and_children_are_found(lab: Any) -> None:
    here = lab("rwra--")
    project, dataset = named(model.ProjectI, "p"), named(model.DatasetI, "d")
    project.linkDataset(dataset)
    dataset.linkImage(named(model.ImageI, "i"))
    saved = here.save("ann", project)
    dataset = saved.linkedDatasetList()[0]
    image = dataset.linkedImageList()[0]
    up = omero.cmd.FindParents(targetObjects={"Image": [image.id.val]}, typesOfParents=["Project", "Dataset"])
    assert here.submit("ann", up).parents == {
        "ome.model.containers.Project": [saved.id.val],
        "ome.model.containers.Dataset": [dataset.id.val],
    }
    down = omero.cmd.FindChildren(targetObjects={"Project": [saved.id.val]}, typesOfChildren=["Image"])
    assert here.submit("ann", down).children == {"ome.model.core.Image": [image.id.val]}
    stopped = omero.cmd.FindChildren(
        targetObjects={"Project": [saved.id.val]}, typesOfChildren=["Image"], stopBefore=["Dataset"]
    )
    assert here.submit("ann", stopped).children == {}
