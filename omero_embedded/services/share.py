"""IShare: showing objects to users who could not see them otherwise (contract/server.md, section 2.19)."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from omero.rtypes import rstring
from sqlalchemy import func, select

from .. import errors, mail
from ..commands.relatives import above, readable
from ..commands.skip_head import below
from ..model.entities import MODEL
from ..model.tables import table_of
from ..sessions import NODE_ID
from ..shares import Contents, Objects, accessible, is_open, link_rows, seeing
from ..transaction import now, system_context
from .base import Call, Service

log = logging.getLogger(__name__)

COMMENT_NS = "ome.share.comment/"
EVENT_TYPE = "SHARE"
_CONTAINERS = frozenset(
    {"Dataset", "Project", "Folder", "Plate", "Screen", "Well", "WellSample", "PlateAcquisition"}
)
_MASKED = "********-****-****-****-*************"


class ShareService(Service):
    """Shares of the caller, and those he is invited to."""

    def createShare(
        self, call: Call, description: str, expiration: Any, items: Sequence[Any], exps: Sequence[Any],
        guests: Sequence[str], enabled: bool,
    ) -> int:  # fmt: skip
        """Id of a new share. Raises ValidationException for a past date and for items that cannot be read."""
        moment = now()
        contents = Contents(guests=list(guests or ()))
        _add_items(call, contents, items or ())
        members = {call.context.user_id, *_ids("exps", exps)}
        with call.write() as transaction:
            share = transaction.insert(
                "Share",
                {
                    "node": NODE_ID, "uuid": str(uuid.uuid4()), "owner": call.context.user_id, "timeToIdle": 0,
                    "timeToLive": _lifetime(expiration, moment), "started": moment, "message": description,
                    "defaultEventType": EVENT_TYPE, "group": call.context.event_group(), "active": enabled,
                    "itemCount": len(contents.items), "data": contents.data(),
                },
            )  # fmt: skip
            transaction.insert_many(
                "ShareMember", [{"parent": share, "child": user} for user in sorted(members)]
            )
        return share

    def getShare(self, call: Call, id: int) -> Any:
        """A share; null when it does not exist or the caller is not invited."""
        return next(iter(_load(call, [row["id"] for row in _rows(call, [id])])), None)

    def getOwnShares(self, call: Call, active: bool) -> list[Any]:
        """Shares of the caller; `active` leaves closed and expired ones out."""
        return self._owned(call, call.context.user_id, active)

    def getMemberShares(self, call: Call, active: bool) -> list[Any]:
        """Shares that the caller is a member of."""
        return self._joined(call, call.context.user_id, active)

    def getSharesOwnedBy(self, call: Call, user: Any, active: bool) -> list[Any]:
        """Shares of a user that the caller may know of."""
        return self._owned(call, _ids("user", [user])[0], active)

    def getMemberSharesFor(self, call: Call, user: Any, active: bool) -> list[Any]:
        """Shares with a member that the caller may know of."""
        return self._joined(call, _ids("user", [user])[0], active)

    def _owned(self, call: Call, user: int, active: bool) -> list[Any]:
        return _chosen(call, table_of("Share").c.owner == user, active)

    def _joined(self, call: Call, user: int, active: bool) -> list[Any]:
        members = table_of("ShareMember")
        invited = select(members.c.parent).where(members.c.child == user)
        return _chosen(call, table_of("Share").c.id.in_(invited), active)

    # -- contents -------------------------------------------------------------------------------------------------

    def getContents(self, call: Call, id: int) -> list[Any]:
        """The items that still exist, in order."""
        return _items(call, id, _contents(call, id))

    def getContentSubList(self, call: Call, id: int, start: int, finish: int) -> list[Any]:
        """Items from position `start` up to, but without, `finish`. Raises ApiUsageException outside the list."""
        contents = _contents(call, id)
        if not 0 <= start <= finish <= len(contents.items):
            raise errors.api_usage(f"start, finish: must lie in 0..{len(contents.items)}")
        contents.items = contents.items[start:finish]
        return _items(call, id, contents)

    def getContentSize(self, call: Call, id: int) -> int:
        """Number of items."""
        return len(_contents(call, id).items)

    def getContentMap(self, call: Call, id: int) -> dict[str, list[int]]:
        """Ids of the items by qualified class name."""
        found: dict[str, list[int]] = {}
        for name, row_id in _contents(call, id).items:
            found.setdefault(MODEL[name].fqn, []).append(row_id)
        return found

    def addObjects(self, call: Call, id: int, iobjects: Sequence[Any]) -> None:
        """Add items. Raises ValidationException for those that the caller cannot read."""
        _change(call, id, lambda contents: _add_items(call, contents, iobjects))

    def addObject(self, call: Call, id: int, iobject: Any) -> None:
        """Add an item."""
        self.addObjects(call, id, [iobject])

    def removeObjects(self, call: Call, id: int, iobjects: Sequence[Any]) -> None:
        """Take items out, with what was visible because of them only."""
        gone = {_named(item) for item in iobjects}

        def remove(contents: Contents) -> None:
            contents.items = [item for item in contents.items if item not in gone]
            contents.objects = _visible(call, contents.items, strict=False)

        _change(call, id, remove)

    def removeObject(self, call: Call, id: int, iobject: Any) -> None:
        """Take an item out."""
        self.removeObjects(call, id, [iobject])

    # -- settings -------------------------------------------------------------------------------------------------

    def setDescription(self, call: Call, id: int, description: str) -> None:
        """Change the description."""
        _update(call, id, {"message": description})

    def setExpiration(self, call: Call, id: int, expiration: Any) -> None:
        """Change the date of expiry; null means never. Raises ValidationException for a past one."""
        row = _own_row(call, id)
        _lifetime(expiration, now())
        _update(call, id, {"timeToLive": _lifetime(expiration, row["started"])})

    def setActive(self, call: Call, id: int, active: bool) -> None:
        """Open or close the share for its members."""
        _update(call, id, {"active": active})

    def closeShare(self, call: Call, id: int) -> None:
        """Close the share for good."""
        _update(call, id, {"active": False, "closed": now()})

    # -- people ---------------------------------------------------------------------------------------------------

    def getMemberCount(self, call: Call, ids: Sequence[int]) -> dict[int, int]:
        """Number of members of every share. Raises ApiUsageException for an empty list."""
        table = table_of("ShareMember")
        return _counts(call, ids, lambda known: select(table.c.parent, func.count()).where(
            table.c.parent.in_(known)).group_by(table.c.parent))  # fmt: skip

    def getAllMembers(self, call: Call, id: int) -> list[Any]:
        """The members, loaded; their names are shown to all who may know of the share."""
        _row(call, id)
        text = "select e from ShareMember m join m.child e where m.parent.id = :id order by e.id"
        members = call.server.hql.find_all(call.read, system_context(call.context.levels), text, {"id": id})
        for member in members:
            _hide_address(call, member)
        return members

    def getAllGuests(self, call: Call, id: int) -> list[str]:
        """E-mail addresses of guests."""
        return _contents(call, id).guests

    def getAllUsers(self, call: Call, id: int) -> list[str]:
        """Names of members and addresses of guests."""
        return [member.omeName.val for member in self.getAllMembers(call, id)] + self.getAllGuests(call, id)

    def addUsers(self, call: Call, id: int, exps: Sequence[Any]) -> None:
        """Invite users; those who are members already stay so."""
        wanted = set(_ids("exps", exps))
        _own_row(call, id)
        table = table_of("ShareMember")
        with call.write() as transaction:
            known = transaction.connection.execute(select(table.c.child).where(table.c.parent == id))
            fresh = sorted(wanted - {row[0] for row in known})
            transaction.insert_many("ShareMember", [{"parent": id, "child": user} for user in fresh])

    def addUser(self, call: Call, id: int, exp: Any) -> None:
        """Invite a user."""
        self.addUsers(call, id, [exp])

    def removeUsers(self, call: Call, id: int, exps: Sequence[Any]) -> None:
        """Take invitations back."""
        unwanted = _ids("exps", exps)
        _own_row(call, id)
        table = table_of("ShareMember")
        with call.write() as transaction:
            statement = select(table.c.id).where(table.c.parent == id, table.c.child.in_(unwanted))
            transaction.delete("ShareMember", [row[0] for row in transaction.connection.execute(statement)])

    def removeUser(self, call: Call, id: int, exp: Any) -> None:
        """Take an invitation back."""
        self.removeUsers(call, id, [exp])

    def addGuests(self, call: Call, id: int, emailAddresses: Sequence[str]) -> None:
        """Note e-mail addresses of guests down."""

        def add(contents: Contents) -> None:
            contents.guests += [address for address in emailAddresses if address not in contents.guests]

        _change(call, id, add)

    def addGuest(self, call: Call, id: int, emailAddress: str) -> None:
        """Note an e-mail address down."""
        self.addGuests(call, id, [emailAddress])

    def removeGuests(self, call: Call, id: int, emailAddresses: Sequence[str]) -> None:
        """Forget e-mail addresses."""

        def remove(contents: Contents) -> None:
            contents.guests = [address for address in contents.guests if address not in emailAddresses]

        _change(call, id, remove)

    def removeGuest(self, call: Call, id: int, emailAddress: str) -> None:
        """Forget an e-mail address."""
        self.removeGuests(call, id, [emailAddress])

    def notifyMembersOfShare(self, call: Call, id: int, subject: str, message: str, html: bool) -> None:
        """Mail the members and guests in the background; nothing happens when mail is switched off."""
        members, settings = self.getAllMembers(call, id), call.server.settings
        users = table_of("Experimenter")
        statement = select(users.c.email).where(users.c.id.in_([member.id.val for member in members]))
        addresses = [*(row[0] for row in call.read.execute(statement)), *self.getAllGuests(call, id)]
        wanted = sorted({address for address in addresses if mail.is_address(address)})
        if settings.flag("omero.mail.config") and wanted:
            call.server.background.submit(_send, settings, wanted, subject, message, html)

    # -- comments -------------------------------------------------------------------------------------------------

    def getCommentCount(self, call: Call, ids: Sequence[int]) -> dict[int, int]:
        """Number of comments on every share. Raises ApiUsageException for an empty list."""
        link, comment = table_of("SessionAnnotationLink"), table_of("Annotation")
        return _counts(call, ids, lambda known: select(link.c.parent, func.count()).join(
            comment, comment.c.id == link.c.child).where(link.c.parent.in_(known), comment.c.ns == COMMENT_NS)
            .group_by(link.c.parent))  # fmt: skip

    def getComments(self, call: Call, id: int) -> list[Any]:
        """Comments in the order in which they were made, with owner and event."""
        _row(call, id)
        link, comment = table_of("SessionAnnotationLink"), table_of("Annotation")
        statement = (
            select(comment.c.id)
            .join_from(comment, link, link.c.child == comment.c.id)
            .where(link.c.parent == id, comment.c.ns == COMMENT_NS)
        )
        return _comments(call, id, [row[0] for row in call.read.execute(statement)])

    def addComment(self, call: Call, id: int, comment: str) -> Any:
        """Add a comment and return it, loaded. Raises ValidationException for a closed share of somebody else."""
        row = _row(call, id)
        if not is_open(row) and row["owner"] != call.context.user_id:
            raise errors.validation(f"share {id} is not open")
        with call.write() as transaction:
            group = row["group"]
            made = transaction.insert(
                "CommentAnnotation", {"textValue": comment, "ns": COMMENT_NS}, group=group
            )
            transaction.insert("SessionAnnotationLink", {"parent": id, "child": made}, group=group)
        return _comments(call, id, [made])[0]

    def deleteComment(self, call: Call, comment: Any) -> None:
        """Remove a comment of the caller, or on a share of the caller. Raises SecurityViolation for others."""
        (comment_id,) = _ids("comment", [comment])
        link, table = table_of("SessionAnnotationLink"), table_of("Annotation")
        found = call.read.execute(
            select(link.c.id, link.c.parent, table.c.owner_id)
            .join_from(link, table, link.c.child == table.c.id)
            .where(table.c.id == comment_id, table.c.ns == COMMENT_NS)
        ).first()
        if found is None:
            raise errors.validation(f"comment: there is no comment {comment_id} on a share")
        if found[2] != call.context.user_id:
            _own_row(call, found[1])
        with call.write() as transaction:
            transaction.delete("SessionAnnotationLink", [found[0]])
            transaction.delete("CommentAnnotation", [comment_id])


def _send(settings: Any, addresses: Sequence[str], subject: str, message: str, html: bool) -> None:
    try:
        refused = mail.send(settings, addresses, subject, message, html=html)
    except mail.MailFailed as error:
        log.warning("members of a share could not be notified: %s", error)
    else:
        for address, reason in refused.items():
            log.warning("mail to %s was refused: %s", address, reason)


def _rows(call: Call, ids: Sequence[int]) -> list[Mapping[str, Any]]:
    table = table_of("Share")
    statement = select(table).where(table.c.id.in_(ids), accessible(call.context))
    return [dict(row) for row in call.read.execute(statement).mappings()]


def _row(call: Call, share_id: int) -> Mapping[str, Any]:
    rows = _rows(call, [share_id])
    if not rows:
        raise errors.validation(f"share {share_id} does not exist or is not accessible")
    return rows[0]


def _own_row(call: Call, share_id: int) -> Mapping[str, Any]:
    """A share that the caller may change. Raises ValidationException for those of others."""
    row = _row(call, share_id)
    if row["owner"] != call.context.user_id and not call.context.is_admin:
        raise errors.validation(f"share {share_id} belongs to another user")
    return row


def _update(call: Call, share_id: int, values: Mapping[str, Any]) -> None:
    _own_row(call, share_id)
    with call.write() as transaction:
        transaction.update("Share", share_id, values)


def _contents(call: Call, share_id: int) -> Contents:
    return Contents.of(_row(call, share_id)["data"])


def _change(call: Call, share_id: int, change: Callable[[Contents], None]) -> None:
    with call.write() as transaction:
        contents = Contents.of(_own_row(call, share_id)["data"])
        change(contents)
        transaction.update("Share", share_id, {"data": contents.data(), "itemCount": len(contents.items)})


def _chosen(call: Call, condition: Any, active: bool) -> list[Any]:
    table = table_of("Share")
    statement = select(table).where(condition, accessible(call.context)).order_by(table.c.id)
    rows = call.read.execute(statement).mappings()
    return _load(call, [row["id"] for row in rows if not active or is_open(row)])


def _load(call: Call, ids: Sequence[int]) -> list[Any]:
    """Shares with owner and group as the caller sees them."""
    if not ids:
        return []
    context = system_context(call.context.levels)
    text = "select s from Share s join fetch s.owner join fetch s.group where s.id in (:ids) order by s.id"
    shares = call.server.hql.find_all(call.read, context, text, {"ids": list(ids)})
    for share in shares:
        own = share.owner.id.val == call.context.user_id
        share.data = b""
        _hide_address(call, share.owner)
        share.details.permissions._restrictions = [not (own or call.context.is_admin)] * 6
        if not own:
            share.uuid = rstring(_MASKED)
    return shares


def _comments(call: Call, share_id: int, ids: Sequence[int]) -> list[Any]:
    if not ids:
        return []
    text = (
        "select c from CommentAnnotation c join fetch c.details.owner join fetch c.details.updateEvent "
        "where c.id in (:ids) order by c.id"
    )
    # Names of those who comment are shown to all who may know of the share.
    context = seeing(system_context(call.context.levels), share_id, {"Annotation": ids})
    comments = call.server.hql.find_all(call.read, context, text, {"ids": list(ids)})
    for comment in comments:
        _hide_address(call, comment.details.owner)
    return comments


def _hide_address(call: Call, user: Any) -> None:
    """E-mail addresses are nobody's business but the user's own and administrators'."""
    if user.id.val != call.context.user_id and not call.context.is_admin:
        user.email = None


def _counts(call: Call, ids: Sequence[int], statement: Callable[[list[int]], Any]) -> dict[int, int]:
    if not ids:
        raise errors.api_usage("ids: at least one is needed")
    known = [row["id"] for row in _rows(call, list(ids))]
    found = {row[0]: row[1] for row in call.read.execute(statement(known))} if known else {}
    return {row_id: found.get(row_id, 0) for row_id in ids}


def _items(call: Call, share_id: int, contents: Contents) -> list[Any]:
    context = seeing(call.context, share_id, contents.objects)
    loaded: dict[tuple[str, int], Any] = {}
    for name in {name for name, _ in contents.items}:
        ids = [row_id for kind, row_id in contents.items if kind == name]
        text = f"select o from {name} o where o.id in (:ids)"
        for found in call.server.hql.find_all(call.read, context, text, {"ids": ids}):
            loaded[name, found.id.val] = found
    return [loaded[item] for item in contents.items if item in loaded]


def _ids(parameter: str, objects: Iterable[Any]) -> list[int]:
    several = list(objects or ())
    if any(one is None or one.id is None for one in several):
        raise errors.validation(f"{parameter}: saved objects are needed")
    return [one.id.val for one in several]


def _named(item: Any) -> tuple[str, int]:
    """Class and id of an item. Raises ValidationException for one that cannot be shared."""
    entity = None if item is None else MODEL.find(item.ice_id())
    if entity is None or item.id is None or not entity.is_owned:
        raise errors.validation("items: saved objects that belong to somebody are needed")
    return entity.name, item.id.val


def _lifetime(expiration: Any, start: int) -> int:
    if expiration is None:
        return 0
    left = int(expiration.val) - start
    if left <= 0:
        raise errors.validation("expiration: must lie in the future")
    return left


def _add_items(call: Call, contents: Contents, items: Sequence[Any]) -> None:
    for item in items:
        named = _named(item)
        if named not in contents.items:
            contents.items.append(named)
    contents.objects = _visible(call, contents.items)


def _visible(call: Call, items: Sequence[tuple[str, int]], *, strict: bool = True) -> dict[str, list[int]]:
    """Readable objects that are needed for viewing the items, by root."""
    seen: Objects = {}
    stack = []
    for name, row_id in items:
        root = MODEL[name].root
        if not readable(call, root, [row_id]):
            if strict:
                raise errors.validation(f"items: {name}:{row_id} does not exist or cannot be read")
            continue
        stack.append((root, [row_id]))
    upwards = list(stack)
    for waiting, neighbours in ((stack, below), (upwards, above)):
        visited: Objects = {}
        while waiting:
            root, ids = waiting.pop()
            if not MODEL[root].is_owned:
                continue
            fresh = [i for i, _ in readable(call, root, [i for i in ids if i not in visited.get(root, ())])]
            visited.setdefault(root, set()).update(fresh)
            if fresh:
                further = neighbours(call.read, root, fresh)
                waiting += [step for step in further if neighbours is below or step[0] in _CONTAINERS]
        for root, found in visited.items():
            seen.setdefault(root, set()).update(found)
    for root, links in link_rows(call.read, seen).items():
        seen.setdefault(root, set()).update(links)
    return {root: sorted(ids) for root, ids in seen.items() if ids}
