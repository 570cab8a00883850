"""Shares: who may know of them, what they show, and that nothing can be changed in them (contract/server.md, 2.19, 3.2)."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import omero
import pytest
from omero.model import DatasetI, DatasetImageLinkI, ExperimenterI, ImageI, TagAnnotationI
from omero.rtypes import rstring, rtime


class Shared:
    """An image of Ann's private group and a share of it with Ben, who has nothing to do with that group."""

    def __init__(self, gateway: Any, make_user: Any) -> None:
        self.users = {name: make_user() for name in ("ann", "ben", "cat")}
        self.ann, self.ben, self.cat = (gateway(user) for user in self.users.values())
        dataset = DatasetI()
        dataset.name = rstring("shown")
        self.dataset = self.ann.getUpdateService().saveAndReturnObject(dataset)
        self.image = self.make_image("shared", dataset=self.ann.getObject("Dataset", self.dataset.id.val))
        self.image.resetDefaults()
        self.hidden = self.make_image("hidden")
        self.id = self.create([ImageI(self.image.id, False)])

    def make_image(self, name: str, dataset: Any = None) -> Any:
        planes = iter([np.arange(400, dtype=np.uint16).reshape(20, 20)])
        return self.ann.createImageFromNumpySeq(planes, name, dataset=dataset)

    def create(self, items: list[Any], seconds: float = 3600, enabled: bool = True) -> int:
        expiration = rtime(int((time.time() + seconds) * 1000))
        ben = ExperimenterI(self.users["ben"].id, False)
        return self.service(self.ann).createShare("look", expiration, items, [ben], ["a@b.org"], enabled)

    def service(self, gateway: Any) -> Any:
        return gateway.c.sf.getShareService()

    def images(self, gateway: Any, share: int | None = None) -> list[int]:
        """Ids of all images that are visible in a share's context."""
        ctx = {"omero.share": str(self.id if share is None else share), "omero.group": "-1"}
        rows = gateway.c.sf.getQueryService().projection("select i.id from Image i order by i.id", None, ctx)
        return [row[0].val for row in rows]


@pytest.fixture
def shared(gateway: Any, make_user: Any) -> Shared:
    return Shared(gateway, make_user)


def test_share_is_known_to_owner_member_and_administrator_only(shared: Shared, root_gateway: Any) -> None:
    for gateway in (shared.ann, shared.ben, root_gateway):
        share = shared.service(gateway).getShare(shared.id)
        assert share.owner.omeName.val == shared.users["ann"].name and share.message.val == "look"
        assert share.itemCount.val == 1 and share.active.val
    assert shared.service(shared.cat).getShare(shared.id) is None
    assert shared.service(shared.ann).getShare(987654321) is None


def test_lists_of_shares(shared: Shared) -> None:
    closed = shared.create([], enabled=False)
    own = [share.id.val for share in shared.service(shared.ann).getOwnShares(False)]
    assert own == [shared.id, closed]
    assert [share.id.val for share in shared.service(shared.ann).getOwnShares(True)] == [shared.id]
    assert [share.id.val for share in shared.service(shared.ben).getMemberShares(True)] == [shared.id]
    assert shared.service(shared.cat).getMemberShares(False) == []


def test_member_sees_the_items_and_nothing_else(shared: Shared) -> None:
    assert shared.images(shared.ben) == [shared.image.id]
    assert shared.images(shared.ann) == [shared.image.id]
    query = shared.ben.c.sf.getQueryService()
    ctx = {"omero.share": str(shared.id)}
    text = (
        "select i from Image i join fetch i.pixels p join fetch p.channels c join fetch c.logicalChannel "
        "join fetch i.datasetLinks l join fetch l.parent join fetch i.details.owner"
    )
    (image,) = query.findAllByQuery(text, None, ctx)
    assert image.copyDatasetLinks()[0].parent.name.val == "shown"
    with pytest.raises(omero.SecurityViolation):
        query.get("Image", shared.hidden.id, ctx)
    with pytest.raises(omero.SecurityViolation):
        query.get("Image", shared.image.id, {"omero.group": "-1"})


def test_member_renders_the_shared_image(shared: Shared) -> None:
    shared.ben.SERVICE_OPTS.setOmeroShare(shared.id)
    image = shared.ben.getObject("Image", shared.image.id)
    assert image.renderImage(0, 0).size == (20, 20)
    assert image.getThumbnail(size=(16,)) is not None
    assert not (image.canEdit() or image.canAnnotate() or image.canDelete() or image.canLink())


def test_nothing_can_be_changed_in_a_share(shared: Shared) -> None:
    ctx = {"omero.share": str(shared.id)}
    for gateway in (shared.ann, shared.ben):
        update = gateway.c.sf.getUpdateService()
        tag = TagAnnotationI()
        tag.textValue = rstring("no")
        with pytest.raises(omero.SecurityViolation):
            update.saveObject(tag, ctx)
        link = DatasetImageLinkI()
        link.parent, link.child = DatasetI(shared.dataset.id.val, False), ImageI(shared.image.id, False)
        with pytest.raises(omero.SecurityViolation):
            update.saveObject(link, ctx)


def test_strangers_cannot_enter(shared: Shared) -> None:
    with pytest.raises(omero.SecurityViolation, match="not open"):
        shared.images(shared.cat)


def test_closed_and_expired_shares_show_nothing(shared: Shared) -> None:
    shared.service(shared.ann).setActive(shared.id, False)
    with pytest.raises(omero.SecurityViolation, match="not open"):
        shared.images(shared.ben)
    brief = shared.create([ImageI(shared.image.id, False)], seconds=0.7)
    assert shared.images(shared.ben, brief) == [shared.image.id]
    time.sleep(0.8)
    with pytest.raises(omero.SecurityViolation, match="not open"):
        shared.images(shared.ben, brief)


def test_negative_id_stands_for_all_shares(shared: Shared) -> None:
    shared.create([ImageI(shared.hidden.id, False)])
    assert shared.images(shared.ben, -1) == sorted([shared.image.id, shared.hidden.id])
    assert shared.images(shared.cat, -1) == []


def test_contents_can_be_changed_by_the_owner(shared: Shared) -> None:
    service = shared.service(shared.ann)
    service.addObject(shared.id, ImageI(shared.hidden.id, False))
    assert [item.id.val for item in service.getContents(shared.id)] == [shared.image.id, shared.hidden.id]
    assert shared.images(shared.ben) == [shared.image.id, shared.hidden.id]
    service.removeObject(shared.id, ImageI(shared.image.id, False))
    assert service.getContentSize(shared.id) == 1 and shared.images(shared.ben) == [shared.hidden.id]
    assert service.getContentMap(shared.id) == {"ome.model.core.Image": [shared.hidden.id]}
    with pytest.raises(omero.ValidationException):
        shared.service(shared.ben).removeObject(shared.id, ImageI(shared.hidden.id, False))
    with pytest.raises(omero.ValidationException):
        shared.service(shared.cat).getContents(shared.id)


def test_shared_dataset_shows_its_images(shared: Shared) -> None:
    share = shared.create([DatasetI(shared.dataset.id.val, False)])
    assert shared.images(shared.ben, share) == [shared.image.id]


def test_what_cannot_be_read_cannot_be_shared(shared: Shared) -> None:
    with pytest.raises(omero.ValidationException, match="cannot be read"):
        shared.service(shared.ben).createShare("x", None, [ImageI(shared.image.id, False)], [], [], True)


def test_past_expiry_is_refused(shared: Shared) -> None:
    with pytest.raises(omero.ValidationException, match="future"):
        shared.create([], seconds=-10)
    with pytest.raises(omero.ValidationException, match="future"):
        shared.service(shared.ann).setExpiration(shared.id, rtime(1000))


def test_members_come_and_go(shared: Shared) -> None:
    service, cat = shared.service(shared.ann), ExperimenterI(shared.users["cat"].id, False)
    names = {user.name for user in shared.users.values()}
    assert service.getMemberCount([shared.id]) == {shared.id: 2}
    service.addUsers(shared.id, [cat])
    service.addUser(shared.id, cat)
    assert {member.omeName.val for member in service.getAllMembers(shared.id)} == names
    assert shared.images(shared.cat) == [shared.image.id]
    service.removeUsers(shared.id, [cat])
    assert service.getMemberCount([shared.id]) == {shared.id: 2}
    assert service.getAllGuests(shared.id) == ["a@b.org"]
    assert set(service.getAllUsers(shared.id)) == {shared.users[n].name for n in ("ann", "ben")} | {"a@b.org"}
    with pytest.raises(omero.ApiUsageException):
        service.getMemberCount([])
    service.notifyMembersOfShare(shared.id, "subject", "text", False)


def test_comments(shared: Shared) -> None:
    made = shared.service(shared.ben).addComment(shared.id, "nice")
    shared.service(shared.ann).addComment(shared.id, "thanks")
    comments = shared.service(shared.ann).getComments(shared.id)
    assert [comment.textValue.val for comment in comments] == ["nice", "thanks"]
    assert comments[0].details.owner.omeName.val == shared.users["ben"].name
    assert comments[0].details.updateEvent.time.val > 0
    assert shared.service(shared.ben).getCommentCount([shared.id]) == {shared.id: 2}
    shared.service(shared.ben).deleteComment(made)
    assert shared.service(shared.ben).getCommentCount([shared.id]) == {shared.id: 1}
    with pytest.raises(omero.ValidationException):
        shared.service(shared.cat).addComment(shared.id, "me too")


def test_shares_are_found_by_query(shared: Shared) -> None:
    text = "select s.id, s.itemCount from Share s, ShareMember m where m.parent.id = s.id and m.child.id = s.owner.id"
    for gateway, count in ((shared.ann, 1), (shared.ben, 1), (shared.cat, 0)):
        assert len(gateway.c.sf.getQueryService().projection(text, None)) == count
