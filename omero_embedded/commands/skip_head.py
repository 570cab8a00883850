"""SkipHead and LegalGraphTargets (contract/server.md, section 2.23)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import omero
import omero.cmd
from sqlalchemy import Connection, select

from ..model.entities import MODEL
from ..model.tables import table_of
from ..security.rights import CHGRP_TARGETS, CHOWN_TARGETS
from ..services.base import Call
from . import Command, CommandError, Progress, command, find, rules
from .closure import GraphFailure, chunks, entity_name
from .duplicate import TARGETS as DUPLICATE_TARGETS


@command(omero.cmd.SkipHead)
class SkipHead(Command):
    """Runs a request on objects of some classes found below the targets, such as the datasets of a project."""

    all_groups = True

    def writes(self, request: Any) -> bool:
        """As the wrapped request."""
        found = find(request.request)
        return found is not None and not request.dryRun and found.writes(request.request)

    def steps(self, request: Any) -> int:
        """As the wrapped request."""
        found = find(request.request)
        return 1 if found is None else found.steps(request.request)

    def run(self, call: Call, request: Any, progress: Progress) -> Any:
        """The wrapped request's response. Raises CommandError for a missing request or class."""
        inner = request.request
        found = find(inner)
        if found is None:
            raise CommandError("bad-request", "request: a request to be run must be given")
        if not request.startFrom:
            raise CommandError("graph-fail", "startFrom: at least one class must be named", graph=True)
        try:
            start = [entity_name(name) for name in request.startFrom]
            targets = {entity_name(name): ids for name, ids in (request.targetObjects or {}).items()}
        except GraphFailure as error:
            raise CommandError("graph-fail", str(error), graph=True) from error
        inner.targetObjects = descend(call.read, targets, start)
        inner.dryRun = request.dryRun or inner.dryRun
        inner.childOptions = list(inner.childOptions or ()) + list(request.childOptions or ())
        return found.run(call, inner, progress)


def descend(
    connection: Connection, targets: Mapping[str, Sequence[int]], start: Iterable[str]
) -> dict[str, list[int]]:
    """Ids of the first objects of the classes `start` that are met on the way down from the targets, by class."""
    wanted = list(start)
    found: dict[str, set[int]] = defaultdict(set)
    seen: dict[str, set[int]] = defaultdict(set)
    stack = [(MODEL[name].root, sorted(set(ids))) for name, ids in targets.items()]
    while stack:
        root, ids = stack.pop()
        fresh = [row_id for row_id in ids if row_id not in seen[root]]
        seen[root].update(fresh)
        passed = []
        for row_id, name in _classes(connection, root, fresh):
            if any(MODEL[name].is_a(other) for other in wanted):
                found[name].add(row_id)
            else:
                passed.append(row_id)
        if passed:
            stack += below(connection, root, passed)
    return {name: sorted(ids) for name, ids in found.items()}


def _classes(connection: Connection, root: str, ids: Sequence[int]) -> list[tuple[int, str]]:
    table = table_of(root)
    if "discriminator" not in table.c:
        return [(row_id, root) for row_id in ids]
    rows: list[tuple[int, str]] = []
    for chunk in chunks(ids):
        statement = select(table.c.id, table.c.discriminator).where(table.c.id.in_(chunk))
        rows += [(row[0], row[1]) for row in connection.execute(statement)]
    return rows


def below(connection: Connection, root: str, ids: Sequence[int]) -> list[tuple[str, list[int]]]:
    """Parts, references and contents of objects, by root."""
    below: dict[str, set[int]] = defaultdict(set)
    for chunk in chunks(ids):
        for referrer in rules.parts(root):
            if MODEL[referrer.prop.declared_by].is_link:
                continue
            table = table_of(referrer.root)
            statement = select(table.c.id).where(table.c[referrer.prop.column].in_(chunk))
            below[referrer.root].update(row[0] for row in connection.execute(statement))
        table = table_of(root)
        for prop in rules.considered(root):
            column = table.c[prop.column]
            statement = select(column).where(table.c.id.in_(chunk), column.is_not(None))
            below[MODEL[str(prop.target)].root].update(row[0] for row in connection.execute(statement))
        for name in rules.contents(root):
            link = table_of(name)
            child = MODEL[str(MODEL[name].properties["child"].target)].root
            statement = select(link.c.child).where(link.c.parent.in_(chunk))
            below[child].update(row[0] for row in connection.execute(statement))
    return [(name, sorted(members)) for name, members in below.items() if members]


@command(omero.cmd.LegalGraphTargets)
class LegalGraphTargets(Command):
    """Which classes a graph request takes as targets."""

    def writes(self, request: Any) -> bool:
        """Changes nothing."""
        return False

    def run(self, call: Call, request: Any, progress: Progress) -> Any:
        """Qualified class names. Raises CommandError for a request that has no targets."""
        name = "" if request.request is None else request.request.ice_id().rpartition("::")[2]
        if name in ("Delete2", "SkipHead"):
            targets: Iterable[str] = rules.DELETE_TARGETS
        elif name == "Chgrp2":
            targets = _with_subclasses(CHGRP_TARGETS)
        elif name == "Chown2":
            links = [entity.name for entity in MODEL.values() if entity.is_link and entity.is_owned]
            targets = _with_subclasses((*CHOWN_TARGETS, *links))
        elif name == "Duplicate":
            targets = _with_subclasses(DUPLICATE_TARGETS)
        elif name == "Chmod2":
            targets = ["ExperimenterGroup"]
        else:
            raise CommandError("bad-request", f"request: {name or 'null'} has no legal targets")
        return omero.cmd.LegalGraphTargetsResponse(targets=sorted(MODEL[target].fqn for target in targets))


def _with_subclasses(names: Iterable[str]) -> set[str]:
    return {member for name in names for member in (name, *MODEL[name].subclasses)}
