"""Delete2: delete objects with all that hangs on them (contract/server.md, sections 2.22 and 2.23)."""

from __future__ import annotations

from typing import Any

import omero
import omero.cmd
from sqlalchemy import select

from ..model.entities import MODEL
from ..model.tables import table_of
from ..services.base import Call
from ..transaction import Transaction
from . import CommandError, Progress, command
from .closure import Closure, GraphFailure, chunks, entity_name
from .graph import STEPS, GraphCommand, child_options, targets_of
from .rules import DELETE_TARGETS


@command(omero.cmd.Delete2)
class Delete2(GraphCommand):
    """Deletes the targets and what goes with them, or tells with `dryRun` what would go."""

    def run(self, call: Call, request: Any, progress: Progress) -> Any:
        """Ids of all deleted objects by qualified class name. Raises CommandError when a rule forbids the deletion."""
        try:
            closure = plan(call, request)
            progress.step(1, STEPS)
            closure.check()
            progress.step(2, STEPS)
        except GraphFailure as error:
            raise CommandError("graph-fail", str(error), graph=True) from error
        deleted = closure.by_class()
        if not request.dryRun:
            with call.write() as transaction:
                carry_out(call, transaction, closure, progress)
        return omero.cmd.Delete2Response(deletedObjects=deleted)


def plan(call: Call, request: Any) -> Closure:
    """What a Delete2 request takes along. Raises GraphFailure for absent targets, CommandError for bad ones."""
    targets = targets_of(request, lambda target: bool(set(target.concrete) & DELETE_TARGETS))
    closure = Closure(
        call.read,
        call.context,
        options=child_options(request),
        ignored=frozenset(
            member for name in request.typesToIgnore or () for member in MODEL[entity_name(name)].concrete
        ),
    )
    closure.add_targets(targets)
    return closure


def carry_out(call: Call, transaction: Transaction, closure: Closure, progress: Progress) -> None:
    """Clear the references that would dangle, then delete all members; files go after the commit."""
    closure.clear_references(transaction)
    progress.step(3, STEPS)
    _forget_files(call, transaction, closure)
    external = _external_infos(transaction, closure)
    for name, ids in closure.by_name().items():
        transaction.delete(name, ids)
        progress.step(3, STEPS)
    transaction.delete("ExternalInfo", external)
    progress.step(4, STEPS)


def _external_infos(transaction: Transaction, closure: Closure) -> list[int]:
    found = []
    for root, members in closure.members.items():
        table = table_of(root)
        for chunk in chunks(sorted(members)):
            statement = select(table.c.external_id).where(
                table.c.id.in_(chunk), table.c.external_id.is_not(None)
            )
            found += [row[0] for row in transaction.connection.execute(statement)]
    return found


def _forget_files(call: Call, transaction: Transaction, closure: Closure) -> None:
    """Have pixel data, thumbnails and files of deleted rows removed once the deletion is durable."""
    server = call.server
    pixels = sorted(closure.members.get("Pixels", ()))
    thumbnails = sorted(closure.members.get("Thumbnail", ()))
    table = table_of("OriginalFile")
    files = []
    for chunk in chunks(sorted(closure.members.get("OriginalFile", ()))):
        statement = select(table.c.id, table.c.repo, table.c.path, table.c.name).where(table.c.id.in_(chunk))
        files += [tuple(row) for row in transaction.connection.execute(statement)]

    def remove() -> None:
        for pixels_id in pixels:
            server.pixels.delete(pixels_id)
        for thumbnail_id in thumbnails:
            server.thumbnails.delete(thumbnail_id)
        for file_id, repo, path, name in files:
            server.files.delete(file_id, repo, path, name)

    transaction.after_commit(remove)
