"""What shares hold, and the context in which only that is visible (contract/server.md, sections 2.19 and 3.2).

A share lists its items; when they are put in, everything that is needed for viewing them is noted down with them: what
hangs below, the containers above and the links between all of these.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, RowMapping, or_, select

from . import errors
from .model.entities import MODEL
from .model.tables import table_of
from .security.context import ALL_GROUPS, CallContext
from .transaction import now

SHARE_KEY = "omero.share"
Objects = dict[str, set[int]]


@dataclass
class Contents:
    """What `Share.data` holds: items as (class, id) in order, visible objects by root, e-mail addresses of guests."""

    items: list[tuple[str, int]] = field(default_factory=list)
    objects: dict[str, list[int]] = field(default_factory=dict)
    guests: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, data: bytes) -> Contents:
        """Read the stored bytes."""
        known = json.loads(data)
        items = [(str(name), int(row_id)) for name, row_id in known["items"]]
        return cls(items, {root: list(ids) for root, ids in known["objects"].items()}, list(known["guests"]))

    def data(self) -> bytes:
        """The bytes to store."""
        return json.dumps({"items": self.items, "objects": self.objects, "guests": self.guests}).encode()


def requested(ctx: Mapping[str, str]) -> int | None:
    """The share that a call names; None when it names none."""
    try:
        return int(ctx[SHARE_KEY]) if ctx.get(SHARE_KEY) else None
    except ValueError:
        return None


def accessible(context: CallContext) -> Any:
    """Condition on Share rows that the user may know of: his own and those he is a member of."""
    table, members = table_of("Share"), table_of("ShareMember")
    shares = table.c.discriminator == "Share"
    if context.is_admin:
        return shares
    invited = select(members.c.parent).where(members.c.child == context.user_id)
    return shares & or_(table.c.owner == context.user_id, table.c.id.in_(invited))


def is_open(row: RowMapping | Mapping[str, Any]) -> bool:
    """A share that is enabled and has not expired."""
    limit = row["timetolive"]
    return bool(row["active"]) and row["closed"] is None and (not limit or row["started"] + limit > now())


def enter(connection: Connection, context: CallContext, share_id: int) -> CallContext:
    """The context of a share; a negative id stands for all accessible ones. Raises SecurityViolation when it is closed."""
    table = table_of("Share")
    statement = select(table).where(accessible(context))
    if share_id >= 0:
        statement = statement.where(table.c.id == share_id)
    rows = [row for row in connection.execute(statement).mappings() if is_open(row)]
    if share_id >= 0 and not rows:
        raise errors.security(f"omero.share: share {share_id} is not open to user {context.user_name}")
    merged: Objects = defaultdict(set)
    for row in rows:
        for root, ids in Contents.of(row["data"]).objects.items():
            merged[root].update(ids)
    return seeing(context, share_id, merged)


def seeing(context: CallContext, share_id: int, objects: Mapping[str, Iterable[int]]) -> CallContext:
    """A context in which only these objects, by root, are visible, and nothing may be changed."""
    shared = {root: frozenset(ids) for root, ids in objects.items()}
    return replace(context, group_id=ALL_GROUPS, share_id=share_id, shared=shared)


def link_rows(connection: Connection, objects: Mapping[str, Iterable[int]]) -> Objects:
    """Links of which both ends are among the objects."""
    found: Objects = {}
    for entity in MODEL.values():
        if not entity.is_link or entity.is_global:
            continue
        ends = [
            sorted(objects.get(MODEL[str(entity.properties[end].target)].root, ()))
            for end in ("parent", "child")
        ]
        if all(ends):
            found[entity.root] = _between(connection, entity.name, *ends)
    return {root: ids for root, ids in found.items() if ids}


def _between(connection: Connection, link: str, parents: Sequence[int], children: Sequence[int]) -> set[int]:
    table, inside = table_of(link), set(children)
    found: set[int] = set()
    for start in range(0, len(parents), 500):
        statement = select(table.c.id, table.c.child).where(table.c.parent.in_(parents[start : start + 500]))
        found.update(row[0] for row in connection.execute(statement) if row[1] in inside)
    return found
