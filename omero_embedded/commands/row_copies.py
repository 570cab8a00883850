"""Copying the rows of a closure: new ids, references turned to the copies, files and pixel data copied as well."""

from __future__ import annotations

import json
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select

from ..importer.repository import ManagedRepository
from ..model.details import repository_kind
from ..model.entities import MODEL, Property
from ..model.tables import map_table_of, table_of
from ..pixels.zarr_buffer import sync_folder
from ..services.base import Call
from ..transaction import Transaction, now
from .closure import GraphFailure, Member, chunks

_SYSTEM = frozenset(
    {"id", "permissions", "external_id", "discriminator", "version", "owner_id", "group_id", "creation_id", "update_id"}
)  # fmt: skip

Row = dict[str, Any]


class RowCopies:
    """Copies members class by class, what they need first.

    members: by hierarchy root and id. without: true for an object that copies shall not refer to, by root and id.
    """

    def __init__(
        self,
        call: Call,
        transaction: Transaction,
        members: Mapping[str, Mapping[int, Member]],
        group: int,
        without: Callable[[str, Sequence[int]], set[int]],
    ) -> None:
        self._call = call
        self._transaction = transaction
        self._members = members
        self._group = group
        self._without = without
        self._later: list[tuple[str, int, Property, int]] = []
        self._folders: dict[str, str] = {}
        self._pixels: list[int] = []
        self._written: list[Path] = []
        self.new_ids: dict[str, dict[int, int]] = defaultdict(dict)

    def copy(self) -> dict[str, list[int]]:
        """Ids of all copies by simple class name. Raises GraphFailure when a copy would lack what it needs."""
        made: dict[str, list[int]] = {}
        if self._members.get("Fileset"):
            self._new_prefixes(sorted(self._members["Fileset"]))
        for root in _in_order(self._members):
            by_name: dict[str, list[int]] = defaultdict(list)
            for member in self._members[root].values():
                by_name[member.name].append(member.id)
            for name, ids in by_name.items():
                made[name] = [new for chunk in chunks(sorted(ids)) for new in self._copy_rows(name, chunk)]
        for name, new_id, prop, target in self._later:
            target_id = self.new_ids[MODEL[str(prop.target)].root][target]
            self._transaction.update_where(name, [new_id], {prop.name: target_id}, bulk=True)
        return {name: ids for name, ids in made.items() if ids}

    def discard(self) -> None:
        """Remove the files and pixel data that were copied."""
        for pixels_id in self._pixels:
            self._call.server.pixels.delete(pixels_id)
        for path in reversed(self._written):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    # -- rows -----------------------------------------------------------------------------------------------------

    def _copy_rows(self, name: str, ids: Sequence[int]) -> list[int]:
        entity = MODEL[name]
        originals = {row["id"]: dict(row) for row in self._read(name, ids)}
        values = {row_id: self._values(name, row) for row_id, row in originals.items()}
        for prop in entity.properties.values():
            if prop.kind == "map":
                for row_id, pairs in self._pairs(prop, ids).items():
                    values[row_id][prop.name] = pairs
            elif prop.is_to_one:
                self._turn(name, prop, values)
        if entity.is_link:
            values = _one_of_each(values)
        copied = sorted(values)
        if name == "OriginalFile":
            for row_id in copied:
                self._relocate(values[row_id])
        elif name == "Fileset":
            for row_id in copied:
                prefix = values[row_id]["templatePrefix"]
                values[row_id]["templatePrefix"] = self._folders.get(prefix, prefix)
        later = [(row_id, prop, values[row_id].pop(prop.name).target)
                 for row_id in copied for prop in entity.properties.values()
                 if isinstance(values[row_id].get(prop.name), _Later)]  # fmt: skip
        rows = [values[row_id] for row_id in copied]
        made = self._transaction.insert_many(name, rows, group=self._group)
        new_ids = dict(zip(copied, made, strict=True))
        self.new_ids[entity.root] |= new_ids
        self._later += [(name, new_ids[row_id], prop, target) for row_id, prop, target in later]
        if name == "OriginalFile":
            for row_id in copied:
                self._copy_file(originals[row_id], new_ids[row_id], values[row_id])
        elif name == "Pixels":
            for row_id in copied:
                self._pixels.append(new_ids[row_id])
                self._call.server.pixels.duplicate(row_id, new_ids[row_id])
        return made

    def _read(self, name: str, ids: Sequence[int]) -> Iterator[Any]:
        table = table_of(name)
        yield from self._transaction.connection.execute(select(table).where(table.c.id.in_(ids))).mappings()

    def _values(self, name: str, row: Mapping[str, Any]) -> Row:
        """Values as `Transaction.insert` takes them; list positions by column name."""
        entity = MODEL[name]
        values: Row = {}
        for prop in entity.properties.values():
            if prop.kind == "quantity":
                value, unit = (row[column] for column in prop.columns)
                values[prop.name] = None if value is None else (value, unit)
            elif prop.columns:
                value = row[prop.column]
                if prop.type == "string_list" and value is not None:
                    value = json.loads(value)
                values[prop.name] = value
        known = {
            column
            for member in MODEL.hierarchy(entity.root)
            for prop in member.own_properties
            for column in prop.columns
        }
        return values | {column: row[column] for column in row if column not in known | _SYSTEM}

    def _pairs(self, prop: Property, ids: Sequence[int]) -> dict[int, list[tuple[Any, Any]]]:
        table = map_table_of(prop)
        found: dict[int, list[tuple[Any, Any]]] = defaultdict(list)
        statement = select(table).where(table.c.owner_id.in_(ids)).order_by(table.c.position)
        for row in self._transaction.connection.execute(statement).mappings():
            found[row["owner_id"]].append((row["name"], row["value"]))
        return found

    def _turn(self, name: str, prop: Property, values: dict[int, Row]) -> None:
        """Turn a reference to the copies, or away from what shall not be referred to."""
        root = MODEL[str(prop.target)].root
        inside, made = self._members.get(root, {}), self.new_ids[root]
        outside = sorted(
            {row[prop.name] for row in values.values() if row[prop.name] is not None} - set(inside)
        )
        unwanted = self._without(root, outside)
        for row_id, row in list(values.items()):
            target = row[prop.name]
            if target in made:
                row[prop.name] = made[target]
            elif target in inside:
                row[prop.name] = _Later(target)
            elif target in unwanted:
                if MODEL[name].is_link:
                    del values[row_id]
                elif prop.nullable:
                    row[prop.name] = None
                else:
                    raise GraphFailure(
                        f"{name}[{row_id}] cannot be duplicated without {prop.name} {root}[{target}]"
                    )

    # -- files ----------------------------------------------------------------------------------------------------

    def _new_prefixes(self, filesets: Sequence[int]) -> None:
        table = table_of("Fileset")
        for chunk in chunks(filesets):
            statement = select(table.c.templateprefix).where(table.c.id.in_(chunk))
            for (prefix,) in self._transaction.connection.execute(statement):
                if prefix:
                    self._folder_for(prefix)

    def _folder_for(self, old: str) -> str:
        """The folder below the managed repository's root that takes the copies from folder `old`."""
        if old not in self._folders:
            context = self._transaction.context
            repository = ManagedRepository(self._call.server.paths.managed, "")
            made = repository.new_folder(context.user_name, context.user_id, now())
            self._written.append(repository.root / made)
            self._folders[old] = made
        return self._folders[old]

    def _relocate(self, row: Row) -> None:
        """Give a copied file a place of its own: beside the others of its fileset, or among plain files."""
        repo, path, name = row["repo"], row["path"] or "", row["name"]
        if repo is None:
            return
        if repository_kind(repo) != "managed":
            row["repo"] = None
            return
        for old, new in self._folders.items():
            if path.startswith(old):
                row["path"] = new + path[len(old) :]
                return
            if path + name == f"{old.rstrip('/')}.log":
                parent, _, stamp = new.rstrip("/").rpartition("/")
                row["path"], row["name"] = f"{parent}/", f"{stamp}.log"
                return
        row["path"] = self._folder_for(path)

    def _copy_file(self, original: Mapping[str, Any], new_id: int, row: Row) -> None:
        files = self._call.server.files
        source = files.path(original["id"], original["repo"], original["path"], original["name"])
        target = files.path(new_id, row["repo"], row["path"], row["name"])
        if source.is_dir():
            target.mkdir(mode=0o700, parents=True, exist_ok=True)
        elif source.is_file():
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._written.append(target)
            shutil.copyfile(source, target)
            descriptor = os.open(target, os.O_RDWR)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            sync_folder(target.parent)


class _Later:
    """A reference to a row that is copied later; set when all are there."""

    def __init__(self, target: int) -> None:
        self.target = target


def _one_of_each(links: Mapping[int, Row]) -> dict[int, Row]:
    """Links of several owners between the same ends become one link of the new owner."""
    kept: dict[tuple[Any, Any], int] = {}
    for row_id, row in links.items():
        kept.setdefault((row["parent"], row["child"]), row_id)
    return {row_id: links[row_id] for row_id in kept.values()}


def _in_order(members: Mapping[str, Mapping[int, Member]]) -> Iterator[str]:
    """Roots so that required references, and others where possible, point to earlier ones."""
    needs: dict[str, set[str]] = {}
    wishes: dict[str, set[str]] = {}
    waiting = {root for root, found in members.items() if found}
    for root in waiting:
        needs[root], wishes[root] = set(), set()
        for name in {member.name for member in members[root].values()}:
            for prop in MODEL[name].properties.values():
                if prop.is_to_one and (target := MODEL[str(prop.target)].root) != root:
                    (wishes if prop.nullable else needs)[root].add(target)
    while waiting:
        ready = sorted(root for root in waiting if not needs[root] & waiting)
        if not ready:
            raise GraphFailure(f"the classes {sorted(waiting)} need one another and cannot be duplicated")
        free = [root for root in ready if not wishes[root] & waiting]
        following = (free or ready)[0]
        waiting.remove(following)
        yield following
