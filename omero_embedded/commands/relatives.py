"""FindParents and FindChildren: what is above and below objects (contract/server.md, section 2.23)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import omero
import omero.cmd
from sqlalchemy import Connection, select

from ..model.entities import MODEL
from ..model.tables import table_of
from ..references import referrers
from ..services.base import Call
from . import Command, CommandError, Progress, command
from .closure import GraphFailure, chunks, entity_name
from .skip_head import below

Neighbours = Callable[[Connection, str, Sequence[int]], list[tuple[str, list[int]]]]


class _Find(Command):
    """A search from the targets in one direction."""

    all_groups = True

    def writes(self, request: Any) -> bool:
        """Changes nothing."""
        return False

    def search(
        self, call: Call, request: Any, types: Iterable[str], neighbours: Neighbours
    ) -> dict[str, list[int]]:
        """Readable objects of the wanted types, by qualified class name."""
        try:
            wanted = [entity_name(name) for name in types]
            stop = [entity_name(name) for name in request.stopBefore or ()]
            targets = {entity_name(name): ids for name, ids in (request.targetObjects or {}).items()}
        except GraphFailure as error:
            raise CommandError("graph-fail", str(error), graph=True) from error
        return _walk(call, targets, wanted, stop, neighbours)


@command(omero.cmd.FindParents)
class FindParents(_Find):
    """Objects that contain the targets, at any height."""

    def run(self, call: Call, request: Any, progress: Progress) -> Any:
        """Ids by class. Raises CommandError for an unknown class."""
        found = self.search(call, request, request.typesOfParents or (), above)
        return omero.cmd.FoundParents(parents=found)


@command(omero.cmd.FindChildren)
class FindChildren(_Find):
    """Objects that the targets contain, at any depth."""

    def run(self, call: Call, request: Any, progress: Progress) -> Any:
        """Ids by class. Raises CommandError for an unknown class."""
        found = self.search(call, request, request.typesOfChildren or (), below)
        return omero.cmd.FoundChildren(children=found)


def _walk(
    call: Call,
    targets: Mapping[str, Sequence[int]],
    wanted: Sequence[str],
    stop: Sequence[str],
    neighbours: Neighbours,
) -> dict[str, list[int]]:
    connection = call.read
    seen: dict[str, set[int]] = defaultdict(set)
    found: dict[str, set[int]] = defaultdict(set)
    first = {MODEL[name].root: set(ids) for name, ids in targets.items()}
    stack = [(root, sorted(ids)) for root, ids in first.items()]
    while stack:
        root, ids = stack.pop()
        fresh = [row_id for row_id in ids if row_id not in seen[root]]
        seen[root].update(fresh)
        passed = []
        for row_id, name in readable(call, root, fresh):
            entity = MODEL[name]
            if any(entity.is_a(other) for other in stop):
                continue
            passed.append(row_id)
            if row_id not in first.get(root, ()) and any(entity.is_a(other) for other in wanted):
                found[entity.fqn].add(row_id)
        if passed:
            stack += neighbours(connection, root, passed)
    return {name: sorted(ids) for name, ids in found.items()}


def readable(call: Call, root: str, ids: Sequence[int]) -> list[tuple[int, str]]:
    """(id, class) of those objects that the caller may read."""
    table = table_of(root)
    names = [name for name in ("discriminator", "owner_id", "group_id") if name in table.c]
    rows = []
    for chunk in chunks(ids):
        statement = select(table.c.id, *(table.c[name] for name in names)).where(table.c.id.in_(chunk))
        for row in call.read.execute(statement).mappings():
            if "owner_id" not in row or call.context.can_read(row["owner_id"], row["group_id"]):
                rows.append((row["id"], row.get("discriminator", root)))
    return rows


def above(connection: Connection, root: str, ids: Sequence[int]) -> list[tuple[str, list[int]]]:
    """What objects belong to: ends of links, and the owners of collections that hold them."""
    found: dict[str, set[int]] = defaultdict(set)
    table = table_of(root)
    held = [
        (MODEL[str(prop.target)].root, table.c[prop.column])
        for entity in MODEL.hierarchy(root)
        for prop in entity.own_properties
        if prop.is_to_one and any(_holds(str(prop.target), entity.name, prop.name))
    ]
    for chunk in chunks(ids):
        for target, column in held:
            statement = select(column).where(table.c.id.in_(chunk), column.is_not(None))
            found[target].update(row[0] for row in connection.execute(statement))
        for referrer in referrers(root):
            entity = MODEL[referrer.prop.declared_by]
            if entity.is_link and referrer.prop.name == "child":
                link = table_of(entity.name)
                parent = MODEL[str(entity.properties["parent"].target)].root
                statement = select(link.c.parent).where(link.c.child.in_(chunk))
                found[parent].update(row[0] for row in connection.execute(statement))
            elif _key(referrer.prop.declared_by, referrer.prop.name) in (
                "WellSample.image",
                "FileAnnotation.file",
            ):
                user = table_of(referrer.root)
                statement = select(user.c.id).where(user.c[referrer.prop.column].in_(chunk))
                found[referrer.root].update(row[0] for row in connection.execute(statement))
    return [(name, sorted(members)) for name, members in found.items() if members]


def _holds(holder: str, member: str, inverse: str) -> Iterable[bool]:
    """Collections of `holder` that keep members of class `member` through `inverse`."""
    for prop in MODEL[holder].properties.values():
        if prop.is_collection and prop.link is None and prop.inverse == inverse:
            yield MODEL[member].is_a(prop.element) or MODEL[prop.element].is_a(member)


def _key(declared_by: str, name: str) -> str:
    return f"{declared_by}.{name}"
