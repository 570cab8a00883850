"""DiskUsage2: how much space objects and what hangs on them take (contract/server.md, section 2.23)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import omero.api
import omero.cmd
from sqlalchemy import Connection, select

from ..model.entities import MODEL
from ..model.tables import table_of
from ..security.rights import read_condition
from ..services.base import Call
from . import Command, CommandError, Progress, command
from .closure import GraphFailure, chunks, entity_name
from .relatives import readable
from .skip_head import below

STEPS = 3

_FURTHER = (
    ("Fileset", "FilesetJobLink", "parent", "child", "Job"),
    ("Job", "JobOriginalFileLink", "parent", "child", "OriginalFile"),
    ("Pixels", "PixelsOriginalFileMap", "child", "parent", "OriginalFile"),
)
"""Links besides containment on which files hang: from class, link, its column of that class, the other column, to class."""

_REFERERS = (
    ("Annotation", "Annotation", "id", "file"),
    ("FilesetEntry", "FilesetEntry", "id", "originalfile"),
    ("Job", "JobOriginalFileLink", "parent", "child"),
    ("Pixels", "PixelsOriginalFileMap", "child", "parent"),
    ("Roi", "Roi", "id", "source"),
)
"""Who refers to files: class of the referer, table of the reference, columns of referer and file."""


class Occupant(NamedTuple):
    """Something that takes space, and for whom it counts."""

    referer: str
    key: tuple[str, int]
    owner: int
    group: int
    size: int


@command(omero.cmd.DiskUsage2)
class DiskUsage2(Command):
    """Counts files and bytes by owner and group, and by what refers to them."""

    all_groups = True

    def writes(self, request: Any) -> bool:
        """Changes nothing."""
        return False

    def steps(self, request: Any) -> int:
        """Always the same."""
        return STEPS

    def run(self, call: Call, request: Any, progress: Progress) -> Any:
        """Counts and bytes. Raises CommandError for an unknown class."""
        try:
            seeds = _seeds(call, request)
        except GraphFailure as error:
            raise CommandError("graph-fail", str(error), graph=True) from error
        progress.step(1, STEPS)
        reached = _reached(call, seeds, progress)
        progress.step(2, STEPS)
        return _sums(_occupants(call, reached, progress))


def _seeds(call: Call, request: Any) -> dict[str, set[int]]:
    """Objects to begin with, by root. A user or group stands for all of their objects that take space."""
    seeds: dict[str, set[int]] = defaultdict(set)
    targets = {entity_name(name): set(ids) for name, ids in (request.targetObjects or {}).items()}
    for name in request.targetClasses or ():
        entity = MODEL[entity_name(name)]
        table = table_of(entity.name)
        statement = select(table.c.id)
        if entity.is_owned:
            statement = statement.where(read_condition(call.context, table))
        if "discriminator" in table.c:
            statement = statement.where(table.c.discriminator.in_(entity.concrete))
        targets.setdefault(entity.name, set()).update(row[0] for row in call.read.execute(statement))
    for name, ids in targets.items():
        column = {"Experimenter": "owner_id", "ExperimenterGroup": "group_id"}.get(name)
        if column is None:
            seeds[MODEL[name].root] |= ids
            continue
        for root in ("OriginalFile", "Pixels", "Thumbnail", "Annotation", "Roi", "Job", "Fileset"):
            table = table_of(root)
            statement = select(table.c.id).where(
                table.c[column].in_(sorted(ids)), read_condition(call.context, table)
            )
            seeds[root].update(row[0] for row in call.read.execute(statement))
    return seeds


def _reached(call: Call, seeds: Mapping[str, Iterable[int]], progress: Progress) -> dict[str, set[int]]:
    """Readable objects among the seeds and below them, by root."""
    reached: dict[str, set[int]] = defaultdict(set)
    stack = [(root, sorted(ids)) for root, ids in seeds.items()]
    while stack:
        root, ids = stack.pop()
        if not MODEL[root].is_owned:
            continue
        fresh = [row_id for row_id in ids if row_id not in reached[root]]
        fresh = [row_id for row_id, _ in readable(call, root, fresh)]
        reached[root].update(fresh)
        if fresh and root != "OriginalFile":
            stack += below(call.read, root, fresh)
            stack += _further(call.read, root, fresh)
            progress.step(1, STEPS)
    return reached


def _further(connection: Connection, root: str, ids: Sequence[int]) -> Iterator[tuple[str, list[int]]]:
    for start, link, near, far, target in _FURTHER:
        if start == root:
            table = table_of(link)
            for chunk in chunks(ids):
                statement = select(table.c[far]).where(table.c[near].in_(chunk))
                yield target, sorted({row[0] for row in connection.execute(statement)})


def _occupants(call: Call, reached: Mapping[str, set[int]], progress: Progress) -> Iterator[Occupant]:
    server = call.server
    sizes = (("Pixels", server.pixels.size_on_disk), ("Thumbnail", server.thumbnails.size))
    for root, size_of in sizes:
        for row_id, owner, group in _rows(call.read, root, sorted(reached.get(root, ()))):
            size = size_of(row_id)
            if size:
                progress.step(2, STEPS)
                yield Occupant(root, (root, row_id), owner, group, size)
    files = sorted(reached.get("OriginalFile", ()))
    referers = _referers_of(call.read, files, reached)
    for row_id, owner, group, size in _rows(call.read, "OriginalFile", files, "size"):
        for referer in sorted(referers.get(row_id, {"OriginalFile"})):
            yield Occupant(referer, ("OriginalFile", row_id), owner, group, size or 0)


def _rows(connection: Connection, root: str, ids: Sequence[int], *further: str) -> Iterator[Any]:
    table = table_of(root)
    columns = [table.c[name] for name in ("id", "owner_id", "group_id", *further)]
    for chunk in chunks(ids):
        yield from connection.execute(select(*columns).where(table.c.id.in_(chunk)).order_by(table.c.id))


def _referers_of(
    connection: Connection, files: Sequence[int], reached: Mapping[str, set[int]]
) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for referer, name, near, far in _REFERERS:
        table, inside = table_of(name), reached.get(referer, set())
        for chunk in chunks(files):
            for user, file in connection.execute(
                select(table.c[near], table.c[far]).where(table.c[far].in_(chunk))
            ):
                if user in inside:
                    found[file].add(referer)
    return found


def _sums(occupants: Iterable[Occupant]) -> Any:
    counts: dict[Any, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    bytes_used: dict[Any, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    total_count: dict[Any, int] = defaultdict(int)
    total_bytes: dict[Any, int] = defaultdict(int)
    seen: set[tuple[str, int]] = set()
    for occupant in occupants:
        pair = omero.api.LongPair(occupant.owner, occupant.group)
        counts[pair][occupant.referer] += 1
        bytes_used[pair][occupant.referer] += occupant.size
        if occupant.key not in seen:
            seen.add(occupant.key)
            total_count[pair] += 1
            total_bytes[pair] += occupant.size
    return omero.cmd.DiskUsage2Response(
        fileCountByReferer={pair: dict(by) for pair, by in counts.items()},
        bytesUsedByReferer={pair: dict(by) for pair, by in bytes_used.items()},
        totalFileCount=dict(total_count),
        totalBytesUsed=dict(total_bytes),
    )
