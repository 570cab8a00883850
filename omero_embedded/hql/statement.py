"""From the syntax tree of a query to one SQL statement and a description of its result.

Restrictions are added here, so that every range and every joined collection, at every level, is limited to what the
caller may read. Source: contract/hql.md, sections 3.1 to 3.5 and 3.10.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Select,
    Text,
    case,
    false,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.sql.visitors import iterate

from ..model.entities import MODEL, Entity
from ..model.tables import table_of
from ..security.context import GUEST_ID, ROOT_ID, CallContext
from ..security.rights import read_condition
from . import tree
from .expressions import Expressions
from .parameters import Binder, Slot
from .scope import Alias, Scope, Step
from .tokens import SyntaxFault
from .values import Value

PERMISSIONS_SUFFIX = "_details_permissions"


@dataclass(frozen=True, slots=True)
class Output:
    """One select item: what it is and in which columns of the result."""

    name: str
    value: Value
    columns: tuple[int, ...]
    as_permissions: bool = False


@dataclass(frozen=True, slots=True)
class Fetch:
    """One fetched alias: its id stands in `column`; `owner_column` is that of the alias that it was joined from."""

    alias: Alias
    column: int
    owner_column: int


@dataclass(slots=True)
class Compiled:
    """A statement, its parameter slots and its result."""

    statement: Select[Any]
    slots: Sequence[Slot]
    outputs: list[Output]
    fetches: list[Fetch]
    instantiation: str | None
    counts: list[tuple[Alias, int, str]]
    cacheable: bool = True
    repeats: int = 0
    """Number of leading columns by which rows that are alike have to be merged; 0 when the database merged them."""

    @property
    def fetches_collection(self) -> bool:
        """Paging then counts roots, and repeated roots are dropped."""
        return any(fetch.alias.via is not None and fetch.alias.via.is_collection for fetch in self.fetches)


@dataclass(frozen=True, slots=True)
class Inner:
    """A compiled subquery: one column of one kind."""

    statement: Select[Any]
    kind: str
    prop: Any = None


@dataclass
class Compiler:
    """Compiles one query for one caller. `context` None means without restrictions."""

    context: CallContext | None
    binder: Binder
    dialect: str
    cacheable: bool = field(default=True, init=False)
    grouped: bool = field(default=False, init=False)
    """What is compiled now stands for a group of rows."""
    hiding: bool = field(default=False, init=False)
    """Names of unrelated users are hidden in what is compiled now: parts of select items."""

    def compile(self, query: tree.Query) -> Compiled:
        """The statement of a whole query. Raises SyntaxFault with the position of what is wrong."""
        scope = self._scope(query, None)
        expressions = Expressions(self, scope)
        columns: list[ColumnElement[Any]] = []
        outputs = self._outputs(query, scope, expressions, columns)
        fetches, counts = self._fetches(scope, outputs, columns)
        visible = len(columns)
        statement, foreign = self._finish(query, scope, expressions, columns, outputs)
        return Compiled(
            statement,
            tuple(self.binder.slots),
            outputs,
            fetches,
            query.instantiation,
            counts,
            self.cacheable,
            visible if foreign else 0,
        )

    def subquery(self, query: tree.Query, outer: Scope) -> Inner:
        """A subquery of one item."""
        scope = self._scope(query, outer)
        expressions = Expressions(self, scope)
        columns: list[ColumnElement[Any]] = []
        outputs = self._outputs(query, scope, expressions, columns)
        if any(alias.fetch for alias in scope.declared()):
            raise SyntaxFault("a subquery cannot fetch", query.ranges[0].entity.position)
        statement, _ = self._finish(query, scope, expressions, columns, outputs, ordered=False)
        value = outputs[0].value
        return Inner(statement, value.kind, value.prop)

    # -- from -----------------------------------------------------------------------------------------------------

    def _scope(self, query: tree.Query, outer: Scope | None) -> Scope:
        scope = Scope(outer)
        for source in query.ranges:
            entity = MODEL.find(str(source.entity))
            if entity is None or str(source.entity).startswith(("omero.", "::")):
                raise SyntaxFault(f"unknown entity {source.entity}", source.entity.position)
            table = scope.fresh(table_of(entity.name))
            alias = Alias(source.alias, table, entity, level=scope)
            scope.ranges.append(alias)
            scope.steps.append([])
            if source.alias is not None:
                scope.names[source.alias] = alias
            if entity.name != entity.root:
                scope.conditions.append(table.c.discriminator.in_(entity.concrete))
            scope.conditions += self.restriction(entity, table)
            for join in source.joins:
                self._join(scope, join)
        return scope

    def restriction(self, entity: Entity, table: Any) -> list[ColumnElement[bool]]:
        """Conditions on the rows of a table that the caller may read."""
        context = self.context
        if context is None:
            return []
        if entity.is_owned:
            return [read_condition(context, table)]
        if entity.root == "Session" and not context.has("ReadSession"):
            members = table_of("ShareMember")
            invited = select(members.c.parent).where(members.c.child == context.user_id)
            mine = or_(table.c.owner == context.user_id, table.c.sudoer == context.user_id)
            return [or_(mine, table.c.id.in_(invited))]
        if entity.name == "Node" and not context.is_admin:
            return [false()]
        return []

    def _join(self, scope: Scope, join: tree.Join) -> None:
        expressions = Expressions(self, scope)
        paths = expressions.paths
        if join.kind == "right":
            raise SyntaxFault("right joins are not supported", join.path.position)
        outer = join.kind in ("left", "full")
        if len(join.path.parts) == 1:
            raise SyntaxFault(f"join needs a path, not {join.path}", join.path.position)
        alias, rest = paths.start(join.path)
        if rest == join.path.parts:
            raise SyntaxFault(f"{rest[0]!r} is no alias", join.path.position)
        position = self._range_of(scope, alias)
        names = list(rest)
        while names:
            name = names.pop(0)
            last = not names or names == [""]
            if name == "details" and alias.entity is not None and "details" not in alias.entity.properties:
                if not names:
                    if join.fetch:
                        return
                    raise SyntaxFault("details cannot be joined: name a part of it", join.path.position)
                part = names.pop(0)
                entity, table, on = paths.join_details(alias, part, join.path)
                found = Alias(
                    None, table, entity, alias, None, part, level=scope, position=join.path.position
                )
            elif alias.entity is not None and (counted := _counted(alias.entity, name)) is not None:
                if not join.fetch or names:
                    raise SyntaxFault(f"{name!r} can only be fetched", join.path.position)
                counting = Alias(None, None, None, alias, counts=counted, position=join.path.position)
                scope.steps[position].append(Step(counting, true()))
                return
            elif not names and (quantity := paths.quantity_named(alias, name)) is not None:
                # Value and unit lie in the row itself: joining them adds nothing but a name for them.
                if join.alias is not None:
                    scope.quantities[join.alias] = alias, quantity
                return
            else:
                prop, target, table, on = paths.join_target(alias, name, join.path)
                found = Alias(None, table, target, alias, prop, level=scope, position=join.path.position)
                if target is not None and prop is not None and prop.is_collection:
                    for condition in self.restriction(target, table):
                        on = on & condition
            last = not names
            found.fetch = join.fetch
            if last:
                found.name = join.alias
                if join.alias is not None:
                    scope.names[join.alias] = found
            if last and join.condition is not None:
                on = on & expressions.condition(join.condition)
            scope.steps[position].append(Step(found, on, outer, join.kind == "full"))
            alias = found

    def _range_of(self, scope: Scope, alias: Alias) -> int:
        """The range whose joins a join belongs to: always the last one, which may use earlier aliases."""
        return len(scope.ranges) - 1

    # -- select ---------------------------------------------------------------------------------------------------

    def _outputs(
        self, query: tree.Query, scope: Scope, expressions: Expressions, columns: list[ColumnElement[Any]]
    ) -> list[Output]:
        outputs = []
        if not query.items:
            for alias in scope.declared():
                if alias.fetch or alias.entity is None:
                    continue
                value = Value("entity", alias.table.c.id, entity=alias.entity, alias=alias)
                outputs.append(self._output("", value, columns, False))
            return outputs
        for position, item in enumerate(query.items):
            value = self._selected(query, expressions, item.expr)
            if value.kind == "collection":
                raise SyntaxFault("a collection cannot be selected: join it", value.position)
            name = item.alias or str(position)
            if item.alias is not None:
                scope.select_names[item.alias] = value
            as_permissions = (
                value.kind == "entity" and query.instantiation == "map" and name.endswith(PERMISSIONS_SUFFIX)
            )
            outputs.append(self._output(name, value, columns, as_permissions, grouped=bool(query.group)))
        return outputs

    def _selected(self, query: tree.Query, expressions: Expressions, expr: tree.Expr) -> Value:
        """The value of a select item.

        A bare path is masked when its value is read, which leaves grouping alone; anything else within the database.
        """
        hidden_here = expressions.scope.outer is None and (query.distinct or not isinstance(expr, tree.Path))
        before = self.hiding, self.grouped
        self.hiding, self.grouped = self.hiding or hidden_here, bool(query.group)
        try:
            return expressions.joined_entity(expressions.value(expr))
        finally:
            self.hiding, self.grouped = before

    def ungrouped(self, value: Callable[[], Value]) -> Value:
        """The argument of an aggregate, whose parts are values of single rows."""
        before, self.grouped = self.grouped, False
        try:
            return value()
        finally:
            self.grouped = before

    # -- masked strings -------------------------------------------------------------------------------------------

    def masks(self, value: Value) -> bool:
        """The value is a string that the caller may see of some rows only (contract/model.md, section 7)."""
        context, prop = self.context, value.prop
        if (
            context is None
            or prop is None
            or prop.masked is None
            or value.alias is None
            or value.kind != "string"
        ):
            return False
        if prop.declared_by == "Experimenter":
            return not (context.is_admin or context.leader_of)
        return not context.has("ReadSession")

    def hide(self, scope: Scope, value: Value) -> Value:
        """The value with what the caller may not see replaced, while select items are compiled."""
        context = self.context
        if (
            not self.hiding
            or not self.masks(value)
            or context is None
            or value.alias is None
            or value.prop is None
        ):
            return value
        table = scope.use(value.alias)
        shown: ColumnElement[bool] = false()
        if value.prop.declared_by == "Experimenter":
            maps = table_of("GroupExperimenterMap")
            related = select(maps.c.child).where(maps.c.parent.in_(context.open_groups))
            user_id = func.min(table.c.id) if self.grouped else table.c.id
            shown = or_(user_id.in_((context.user_id, ROOT_ID, GUEST_ID)), user_id.in_(related))
        elif value.prop.declared_by == "Session":
            owner = func.min(table.c.owner) if self.grouped else table.c.owner
            shown = owner == context.user_id
        substitute = (value.prop.masked or {})["as"]
        instead = null() if substitute is None else literal(substitute, Text())
        return Value("string", case((shown, value.column), else_=instead))

    def _output(
        self,
        name: str,
        value: Value,
        columns: list[ColumnElement[Any]],
        as_permissions: bool,
        *,
        grouped: bool = False,
    ) -> Output:
        wanted: list[ColumnElement[Any]] = [value.column]
        if value.kind == "quantity" and value.second is not None:
            wanted.append(value.second)
        if self.masks(value) and value.alias is not None:
            row_id = value.alias.table.c.id
            wanted.append(func.min(row_id) if grouped else row_id)
        if as_permissions and value.alias is not None:
            table = value.alias.table
            names = ("permissions", "owner_id", "group_id", "discriminator", "repo", "mimetype")
            wanted += [table.c[column] for column in names if column in table.c]
        start = len(columns)
        columns += wanted
        return Output(name, value, tuple(range(start, len(columns))), as_permissions)

    def _fetches(
        self, scope: Scope, outputs: Sequence[Output], columns: list[ColumnElement[Any]]
    ) -> tuple[list[Fetch], list[tuple[Alias, int, str]]]:
        """Columns with the ids of fetched aliases. The owner of a fetch must be selected or fetched itself."""
        selected = {
            id(output.value.alias): output.columns[0] for output in outputs if output.value.kind == "entity"
        }
        fetches: list[Fetch] = []
        counts: list[tuple[Alias, int, str]] = []
        for alias in scope.declared():
            if alias.counts is not None and alias.owner is not None:
                counts.append((alias.owner, self._owner_column(alias, selected), alias.counts))
                continue
            if not alias.fetch:
                continue
            owner_column = self._owner_column(alias, selected)
            if alias.entity is None:
                continue  # maps are always loaded
            column = len(columns)
            columns.append(alias.table.c.id)
            selected[id(alias)] = column
            fetches.append(Fetch(alias, column, owner_column))
        return fetches, counts

    def _owner_column(self, alias: Alias, selected: dict[int, int]) -> int:
        owner = alias.owner
        while owner is not None and id(owner) not in selected and owner.name is None and not owner.fetch:
            owner = owner.owner
        if owner is None or id(owner) not in selected:
            name = alias.name or (alias.via.name if alias.via else alias.details)
            raise SyntaxFault(f"the owner of the fetched {name!r} is not selected", alias.position)
        return selected[id(owner)]

    def _finish(
        self,
        query: tree.Query,
        scope: Scope,
        expressions: Expressions,
        columns: list[ColumnElement[Any]],
        outputs: Sequence[Output],
        *,
        ordered: bool = True,
    ) -> tuple[Select[Any], bool]:
        """The statement, and whether `distinct` still leaves rows that differ in what they are ordered by only."""
        before, self.hiding = self.hiding, False
        conditions = list(scope.conditions)
        if query.where is not None:
            conditions.append(expressions.condition(query.where))
        group = [column for expr in query.group for column in _grouping(expressions, expressions.value(expr))]
        having = None if query.having is None else expressions.condition(query.having)
        order = [(expressions.value(item.expr), item.descending) for item in query.order] if ordered else []
        self.hiding = before
        scope.steps = [[step for step in steps if step.alias.table is not None] for steps in scope.steps]
        foreign = False
        if query.distinct:
            order, foreign = _order_by_selected(order, columns, outputs)
        labelled = [column.label(f"c{position}") for position, column in enumerate(columns)]
        statement = select(*labelled).select_from(scope.from_clause()).where(*conditions)
        if scope.outer is not None:
            statement = (
                statement.correlate(*scope.used_outer) if scope.used_outer else statement.correlate(None)
            )
        if group:
            statement = statement.group_by(*group)
        if having is not None:
            statement = statement.having(having)
        if query.distinct:
            statement = statement.distinct()
        if order:
            statement = statement.order_by(*(_ordered(value, descending) for value, descending in order))
        return statement, foreign


def _grouping(expressions: Expressions, value: Value) -> list[ColumnElement[Any]]:
    """Columns to group by: all that a selection of the same path reads."""
    columns = [value.column]
    if value.kind == "entity" and value.alias is None and value.extra:
        columns.append(expressions.joined_entity(value).column)
    if value.second is not None:
        columns.append(value.second)
    return columns


def _counted(entity: Entity, name: str) -> str | None:
    """The collection whose count map `name` is."""
    for prop in entity.properties.values():
        if prop.count_map == name:
            return prop.name
    return None


def _order_by_selected(
    order: Sequence[tuple[Value, bool]], columns: list[ColumnElement[Any]], outputs: Sequence[Output]
) -> tuple[list[tuple[Value, bool]], bool]:
    """For `select distinct`: what is ordered by has to be selected, so add to `columns` what is not.

    The second result is true when an added column is no property of a selected entity: it may tell rows apart that
    are alike otherwise.
    """
    tables = {
        output.value.alias.table for output in outputs if output.value.kind == "entity" and output.value.alias
    }
    rewritten = []
    foreign = False
    for value, descending in order:
        column = value.column
        position = next((n for n, other in enumerate(columns) if other.compare(column)), len(columns))
        if position == len(columns):
            columns.append(column)
            foreign = (
                foreign or not {part.table for part in iterate(column) if isinstance(part, Column)} <= tables
            )
        name: ColumnElement[Any] = literal_column(f"c{position}")
        rewritten.append((replace(value, sql=name), descending))
    return rewritten, foreign


def _ordered(value: Value, descending: bool) -> ColumnElement[Any]:
    """Ascending with nulls last, descending with nulls first (contract/hql.md, section 3.6)."""
    column = value.column
    if not value.nullable:
        return column.desc() if descending else column.asc()
    return column.desc().nulls_first() if descending else column.asc().nulls_last()


__all__ = ["Compiled", "Compiler", "Fetch", "Output"]
