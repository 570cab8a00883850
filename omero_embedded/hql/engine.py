"""Running queries: what IQuery and the services ask (contract/hql.md, sections 3.4 to 3.7 and 3.11)."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from omero.rtypes import rclass, rlist, rmap, robject, rstring
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from .. import errors
from ..database import Database, is_timeout, time_limit
from ..model.entities import MODEL
from ..model.ice import RTYPES
from ..model.materialise import Materialiser, Membership
from ..model.units import symbol
from ..security.context import ALL_GROUPS, PRIVILEGES, CallContext, format_permissions
from ..security.rights import NO_RIGHTS, rights
from .parameters import Binder, bind, plain, signature
from .parser import LONG_TEXT, BulkStatement, parse
from .statement import Compiled, Compiler, Output
from .tokens import SyntaxFault

CACHE_SIZE = 1000
_FLAGS = ("canLink", "canEdit", "canDelete", "canAnnotate", "canChgrp", "canChown")


def illegal(text: str, fault: SyntaxFault) -> Any:
    """QueryException that quotes the query and says where it is wrong."""
    before = text[: fault.position]
    line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
    return errors.query_error(f"Illegal query: {text} [{fault.message}, line {line}, column {column}]")


def find_unique(name: str, found: Sequence[Any]) -> Any:
    """The only object of a result, None for an empty one. Raises ApiUsageException for several objects."""
    if not found:
        return None
    if any(other is not found[0] for other in found):
        raise errors.api_usage(f"Query named: {name} has returned more than one object; use findAllByQuery")
    return found[0]


def unrestricted(context: CallContext) -> CallContext:
    """The same user with every right to read, for the server's own questions."""
    return replace(context, group_id=ALL_GROUPS, is_admin=True, privileges=PRIVILEGES)


class Engine:
    """Compiles queries, keeps the compiled ones, and runs them."""

    def __init__(self, database: Database) -> None:
        self._dialect = database.dialect
        self._cache: OrderedDict[Any, Compiled] = OrderedDict()
        self._lock = threading.Lock()

    # -- asking ---------------------------------------------------------------------------------------------------

    def find_all(
        self,
        connection: Connection,
        context: CallContext,
        text: str,
        params: Mapping[str, Any] | None = None,
        offset: int | None = None,
        limit: int | None = None,
    ) -> list[Any]:
        """Objects that a query selects. Raises ApiUsageException when it selects something else."""
        return self._find(connection, context, text, params, offset, limit, only_one=False)

    def find_one(
        self,
        connection: Connection,
        context: CallContext,
        text: str,
        params: Mapping[str, Any] | None = None,
        offset: int | None = None,
        limit: int | None = None,
    ) -> Any:
        """The only object that a query selects, None when there is none. Raises ApiUsageException for several."""
        return find_unique(text, self._find(connection, context, text, params, offset, limit, only_one=True))

    def _find(
        self,
        connection: Connection,
        context: CallContext,
        text: str,
        params: Mapping[str, Any] | None,
        offset: int | None,
        limit: int | None,
        *,
        only_one: bool,
    ) -> list[Any]:
        given = {name: plain(value) for name, value in (params or {}).items()}
        compiled = self._compiled(context, text, given)
        if compiled.instantiation is not None or compiled.outputs[0].value.kind != "entity":
            raise errors.api_usage(f"the query does not select entities: {text}")
        rows = self._rows(connection, compiled, given, offset, limit)
        output = compiled.outputs[0]
        if only_one:
            # Refused before any object is loaded: there may be very many.
            find_unique(text, list({row[output.columns[0]] for row in rows}))
        loader = self._materialise(connection, context, compiled, rows)
        assert output.value.entity is not None
        root, column = output.value.entity.root, output.columns[0]
        return [loader.get(root, row[column]) for row in rows if row[column] is not None]

    def projection(
        self,
        connection: Connection,
        context: CallContext,
        text: str,
        params: Mapping[str, Any] | None = None,
        offset: int | None = None,
        limit: int | None = None,
    ) -> list[list[Any]]:
        """Rows of RTypes."""
        given = {name: plain(value) for name, value in (params or {}).items()}
        compiled = self._compiled(context, text, given)
        rows = self._rows(connection, compiled, given, offset, limit)
        loader = self._materialise(connection, context, compiled, rows)
        converters = [self._converter(context, loader, output) for output in compiled.outputs]
        names = [output.name for output in compiled.outputs]
        if compiled.instantiation == "map":
            return [
                [rmap({name: convert(row) for name, convert in zip(names, converters, strict=True)})]
                for row in rows
            ]
        if compiled.instantiation == "list":
            return [[rlist([convert(row) for convert in converters])] for row in rows]
        return [[convert(row) for convert in converters] for row in rows]

    def rows(
        self,
        connection: Connection,
        context: CallContext,
        text: str,
        params: Mapping[str, Any] | None = None,
        offset: int | None = None,
        limit: int | None = None,
    ) -> list[tuple[Any, ...]]:
        """Rows of plain Python values; entities as ids, quantities as (value, unit)."""
        given = {name: plain(value) for name, value in (params or {}).items()}
        compiled = self._compiled(context, text, given)
        rows = self._rows(connection, compiled, given, offset, limit)
        return [tuple(_plain(output, row) for output in compiled.outputs) for row in rows]

    # -- running --------------------------------------------------------------------------------------------------

    def _compiled(self, context: CallContext, text: str, given: Mapping[str, Any]) -> Compiled:
        key = (text, signature(given), _restriction_key(context))
        with self._lock:
            found = self._cache.get(key)
            if found is not None:
                self._cache.move_to_end(key)
                return found
        try:
            compiled = Compiler(context, Binder(given, self._dialect), self._dialect).compile(parse(text))
        except SyntaxFault as fault:
            raise illegal(text, fault) from fault
        except BulkStatement as error:
            raise errors.api_usage(f"only queries are allowed, not {error}: {text}") from error
        except RecursionError as error:
            raise illegal(text, SyntaxFault("nested too deeply", 0)) from error
        if compiled.cacheable and len(text) <= LONG_TEXT:
            with self._lock:
                self._cache[key] = compiled
                if len(self._cache) > CACHE_SIZE:
                    self._cache.popitem(last=False)
        return compiled

    def _rows(
        self,
        connection: Connection,
        compiled: Compiled,
        given: Mapping[str, Any],
        offset: int | None,
        limit: int | None,
    ) -> Sequence[Any]:
        """Rows of the statement, paged: by rows in the database, or by roots where a collection is fetched."""
        statement = compiled.statement
        by_roots = compiled.fetches_collection and len(compiled.outputs) == 1
        if by_roots and (offset or limit is not None):
            return self._page_of_roots(connection, compiled, given, max(offset or 0, 0), limit)
        in_memory = by_roots or compiled.repeats
        if not in_memory:
            if limit is not None:
                statement = statement.limit(max(limit, 0))
            if offset:
                statement = statement.offset(max(offset, 0))
        with _refusals(connection):
            rows = connection.execute(statement, bind(compiled.slots, given)).all()
        if by_roots:
            return _PagedRows(rows, compiled.outputs[0].columns[0])
        if compiled.repeats:
            first = {tuple(row[: compiled.repeats]): row for row in reversed(rows)}
            merged = list(reversed(first.values()))
            start = max(offset or 0, 0)
            return merged[start:] if limit is None else merged[start : start + max(limit, 0)]
        return rows

    def _page_of_roots(
        self,
        connection: Connection,
        compiled: Compiled,
        given: Mapping[str, Any],
        start: int,
        limit: int | None,
    ) -> Sequence[Any]:
        """All rows of the roots of one page; reads no further than the page's last root first appears."""
        column = compiled.outputs[0].columns[0]
        values = bind(compiled.slots, given)
        end = None if limit is None else start + max(limit, 0)
        roots: dict[Any, None] = {}
        rows: list[Any] = []
        complete = True
        with _refusals(connection):
            options = {"stream_results": True, "max_row_buffer": 1000}
            with connection.execute(compiled.statement, values, execution_options=options) as result:
                for row in result:
                    root = row[column]
                    if root not in roots:
                        if end is not None and len(roots) >= end:
                            complete = False
                            break
                        roots[root] = None
                    rows.append(row)
            page = list(roots)[start:end]
            if not complete:
                alias = compiled.outputs[0].value.alias
                assert alias is not None
                statement = compiled.statement.where(alias.table.c.id.in_(page))
                rows = list(connection.execute(statement, values)) if page else []
        kept = set(page)
        return _PagedRows([row for row in rows if row[column] in kept], column)

    def _materialise(
        self, connection: Connection, context: CallContext, compiled: Compiled, rows: Sequence[Any]
    ) -> Materialiser:
        loader = Materialiser(connection, context)
        everything = rows.all_rows if isinstance(rows, _PagedRows) else rows
        for output in compiled.outputs:
            entity = output.value.entity
            if output.value.kind == "entity" and entity is not None and not output.as_permissions:
                column = output.columns[0]
                loader.want(entity, {row[column] for row in everything if row[column] is not None})
        memberships = []
        for fetch in compiled.fetches:
            entity, column = fetch.alias.entity, fetch.column
            assert entity is not None
            loader.want(entity, {row[column] for row in everything if row[column] is not None})
            prop, owner = fetch.alias.via, fetch.alias.owner
            if prop is None or not prop.is_collection or owner is None or owner.entity is None:
                continue
            membership = Membership(owner.entity.root, prop)
            for row in everything:
                owner_id, member_id = row[fetch.owner_column], row[column]
                if owner_id is not None:
                    members = membership.members[owner_id]
                    if member_id is not None:
                        members[member_id] = None
            memberships.append(membership)
        loader.load(memberships)
        for alias, column, name in compiled.counts:
            assert alias.entity is not None
            ids = sorted({row[column] for row in everything if row[column] is not None})
            loader.count_members(alias.entity, ids, alias.entity.properties[name])
        return loader

    # -- values ---------------------------------------------------------------------------------------------------

    def _converter(self, context: CallContext, loader: Materialiser, output: Output) -> Callable[[Any], Any]:
        """From a result row to the RType of one item."""
        value, first = output.value, output.columns[0]
        kind = value.kind
        if output.as_permissions:
            return _permission_maps(context, output)
        if kind == "entity":
            assert value.entity is not None
            root = value.entity.root
            return lambda row: None if row[first] is None else robject(loader.get(root, row[first]))
        if kind in RTYPES:
            convert = RTYPES[kind]
            if value.prop is not None and value.prop.masked and len(output.columns) == 2:
                return _masked(loader, output)
            if kind in ("int", "long"):
                return lambda row: None if row[first] is None else _whole(kind, row[first])
            if kind == "double":
                return lambda row: None if row[first] is None else convert(float(row[first]))
            return lambda row: None if row[first] is None else convert(row[first])
        special = _SPECIAL.get(kind)
        if special is None:
            raise errors.api_usage(f"a {kind} cannot be selected")
        return special(output)


@contextmanager
def _refusals(connection: Connection) -> Iterator[None]:
    """Run a query: in limited time, and with what the database makes of one that it cannot run."""
    try:
        with time_limit(connection):
            yield
    except DBAPIError as error:
        if is_timeout(error):
            raise errors.over_usage("query failed, probable timeout") from error
        raise errors.api_usage(f"the database refuses the query: {error.orig}") from error
    except (SQLAlchemyError, RecursionError, OverflowError) as error:
        raise errors.api_usage(f"the query cannot be run: {error}") from error


class _PagedRows(Sequence[Any]):
    """Rows of a query that fetches a collection: as a sequence each root once, in `all_rows` every row."""

    def __init__(self, rows: Sequence[Any], column: int) -> None:
        self.all_rows = rows
        first: dict[Any, Any] = {}
        for row in rows:
            first.setdefault(row[column], row)
        self._first = list(first.values())

    def __len__(self) -> int:
        return len(self._first)

    def __getitem__(self, index: Any) -> Any:
        return self._first[index]


def _restriction_key(context: CallContext) -> tuple[Any, ...]:
    """What of a context a compiled statement depends on."""
    if context.shared is not None:
        seen = tuple(sorted(context.shared.items()))
        return (context.user_id, context.is_admin, context.has("ReadSession"), context.open_groups, seen)
    group = context.group_id
    common = (
        group,
        context.user_id,
        context.is_admin,
        context.has("ReadSession"),
        bool(context.leader_of),
        context.open_groups,
    )
    if group >= 0:
        return (*common, context.level(group), context.leads(group))
    return (*common, context.readable_groups)


def _plain(output: Output, row: Any) -> Any:
    value = row[output.columns[0]]
    if output.value.kind == "quantity":
        return None if value is None else (value, row[output.columns[1]])
    if value is None or output.value.kind not in ("int", "long", "double", "bool"):
        return value
    return {"double": float, "bool": bool}.get(output.value.kind, int)(value)


def _whole(kind: str, value: Any) -> Any:
    """RInt or RLong; an int that outgrew 32 bits, such as a product of sizes, becomes an RLong."""
    try:
        number = int(value)
    except (OverflowError, ValueError):
        number = 2**63
    if not -(2**63) <= number < 2**63:
        raise errors.api_usage(f"a result does not fit into 64 bits: {value}")
    if kind == "int" and -(2**31) <= number < 2**31:
        return RTYPES["int"](number)
    return RTYPES["long"](number)


def _masked(loader: Materialiser, output: Output) -> Callable[[Any], Any]:
    prop, (column, id_column) = output.value.prop, output.columns
    assert prop is not None

    def convert(row: Any) -> Any:
        if row[id_column] is None:
            return None
        shown = loader.masking.mask(prop, row[id_column], row[column])
        return None if shown is None else rstring(shown)

    return convert


def _permission_maps(context: CallContext, output: Output) -> Callable[[Any], Any]:
    """RMap of an entity under an alias `…_details_permissions`, computed from id, class, owner and group alone."""
    entity, alias = output.value.entity, output.value.alias
    assert entity is not None
    assert alias is not None
    names = [
        name
        for name in ("permissions", "owner_id", "group_id", "discriminator", "repo", "mimetype")
        if name in alias.table.c
    ]
    cache: dict[tuple[Any, ...], Any] = {}

    def convert(row: Any) -> Any:
        if row[output.columns[0]] is None:
            return None
        facts = tuple(row[column] for column in output.columns[1:])
        found = cache.get(facts)
        if found is None:
            known = dict(zip(names, facts, strict=True))
            found = cache[facts] = _permission_map(context, known, entity.name)
        return found

    return convert


def _permission_map(context: CallContext, facts: Mapping[str, Any], name: str) -> Any:
    from ..model.details import repository_kind

    entity = MODEL[facts.get("discriminator") or name]
    owner, group = facts.get("owner_id"), facts.get("group_id")
    repo = repository_kind(facts.get("repo")) if entity.name == "OriginalFile" else None
    is_directory = entity.name == "OriginalFile" and facts.get("mimetype") == "Directory"
    may = rights(context, entity, owner, group, repository=repo, is_directory=is_directory) or NO_RIGHTS
    level = facts["permissions"] if group is None else context.level(group)
    flags = {flag: RTYPES["bool"](right) for flag, right in zip(_FLAGS, may, strict=True)}
    return rmap({"perm": rstring(format_permissions(level)), **flags})


def _stored_permissions(output: Output) -> Callable[[Any], Any]:
    column = output.columns[0]

    def convert(row: Any) -> Any:
        if row[column] is None:
            return None
        flags = {flag: RTYPES["bool"](True) for flag in _FLAGS}
        return rmap({"perm": rstring(format_permissions(row[column])), **flags})

    return convert


def _quantity(output: Output) -> Callable[[Any], Any]:
    value, unit = output.columns[:2]
    prop = output.value.prop
    assert prop is not None

    def convert(row: Any) -> Any:
        if row[value] is None:
            return None
        shown = symbol(str(prop.unit_type), row[unit])
        return rmap(
            {"value": RTYPES["double"](row[value]), "unit": rstring(row[unit]), "symbol": rstring(shown)}
        )

    return convert


def _symbol(output: Output) -> Callable[[Any], Any]:
    column, prop = output.columns[0], output.value.prop
    assert prop is not None
    return lambda row: None if row[column] is None else rstring(symbol(str(prop.unit_type), row[column]))


def _class(output: Output) -> Callable[[Any], Any]:
    column = output.columns[0]
    return lambda row: None if row[column] is None else rclass(MODEL[row[column]].fqn)


def _text(output: Output) -> Callable[[Any], Any]:
    column = output.columns[0]
    return lambda row: None if row[column] is None else rstring(row[column])


_SPECIAL: dict[str, Callable[[Output], Callable[[Any], Any]]] = {
    "permissions": _stored_permissions,
    "quantity": _quantity,
    "symbol": _symbol,
    "unit": _text,
    "strings": _text,
    "class": _class,
    "null": lambda _output: lambda _row: None,
}
