"""Aliases of one query level: tables, joins and the paths that start from them (contract/hql.md, sections 3.1, 3.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Table, func, literal, select, true

from ..model.entities import MODEL, Entity, Property
from ..model.tables import map_table_of, table_of
from .tokens import SyntaxFault
from .tree import Path
from .values import Value

DETAILS = {
    "owner": ("owner_id", "Experimenter"),
    "group": ("group_id", "ExperimenterGroup"),
    "creationEvent": ("creation_id", "Event"),
    "updateEvent": ("update_id", "Event"),
    "externalInfo": ("external_id", "ExternalInfo"),
}


@dataclass(eq=False, slots=True)
class Alias:
    """One table of a query level: an entity, or the pairs of a map (then `entity` is None).

    `via` and `owner` say which property of which alias it was joined by; `fetch` whether it is to be loaded.
    """

    name: str | None
    table: Any
    entity: Entity | None
    owner: Alias | None = None
    via: Property | None = None
    details: str | None = None
    fetch: bool = False
    level: Scope | None = None
    counts: str | None = None
    position: int = 0

    @property
    def index_column(self) -> ColumnElement[Any] | None:
        """List position, when the alias is a member of an ordered collection."""
        if self.entity is None:
            return self.table.c.position  # type: ignore[no-any-return]
        if self.via is not None and self.via.index_column:
            return self.table.c[self.via.index_column]  # type: ignore[no-any-return]
        return None


@dataclass(eq=False, slots=True)
class Step:
    """One join of the FROM clause."""

    alias: Alias
    on: ColumnElement[bool]
    outer: bool = False
    full: bool = False


@dataclass(eq=False)
class Scope:
    """One query level. `outer` is the level around a subquery."""

    outer: Scope | None = None
    ranges: list[Alias] = field(default_factory=list)
    steps: list[list[Step]] = field(default_factory=list)
    implicit: list[Step] = field(default_factory=list)
    names: dict[str, Alias] = field(default_factory=dict)
    quantities: dict[str, tuple[Alias, Property]] = field(default_factory=dict)
    select_names: dict[str, Any] = field(default_factory=dict)
    conditions: list[ColumnElement[bool]] = field(default_factory=list)
    used_outer: set[Any] = field(default_factory=set)
    _implicit: dict[tuple[int, str], Alias] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.outer is not None:
            self._numbers = self.outer._numbers

    def fresh(self, table: Table) -> Any:
        """An alias of a table that nothing else in the whole query uses."""
        number = self._numbers[table.name] = self._numbers.get(table.name, 0) + 1
        return _numbered(table, number)

    def find(self, name: str) -> Alias | None:
        """The alias of that name here or further out."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return None

    def find_quantity(self, name: str) -> tuple[Alias, Property] | None:
        """The joined quantity of that name, here or further out, and the alias whose it is."""
        scope: Scope | None = self
        while scope is not None and name not in scope.names:
            if name in scope.quantities:
                return scope.quantities[name]
            scope = scope.outer
        return None

    def declared(self) -> Iterator[Alias]:
        """Ranges and explicit joins, in order of declaration."""
        for position, alias in enumerate(self.ranges):
            yield alias
            for step in self.steps[position]:
                yield step.alias

    def use(self, alias: Alias) -> Any:
        """The table of an alias, noted as correlated when it belongs to an outer level."""
        scope: Scope | None = self
        while scope is not None and scope is not alias.level:
            scope.used_outer.add(alias.table)
            scope = scope.outer
        return alias.table

    def from_clause(self) -> FromClause:
        """All tables, joined: ranges crossed, explicit joins behind their range, implicit ones last."""
        clause: Any = None
        for position, alias in enumerate(self.ranges):
            clause = alias.table if clause is None else clause.join(alias.table, true())
            for step in self.steps[position]:
                clause = clause.join(step.alias.table, step.on, isouter=step.outer, full=step.full)
        for step in self.implicit:
            clause = clause.join(step.alias.table, step.on)
        return clause  # type: ignore[no-any-return]

    def join_implicitly(self, alias: Alias, key: str, column: ColumnElement[Any], entity: Entity) -> Alias:
        """Inner join of a to-one target; several uses of one path share it."""
        found = self._implicit.get((id(alias), key))
        if found is None:
            table = self.fresh(table_of(entity.name))
            found = Alias(None, table, entity, level=self)
            self._implicit[id(alias), key] = found
            self.implicit.append(Step(found, table.c.id == column))
        return found


@cache
def _numbered(table: Table, number: int) -> Any:
    """Aliases are made once: making their columns costs more than compiling a query that uses them."""
    return table.alias(f"{table.name}_{number}")


def properties_named(entity: Entity, name: str) -> list[Property]:
    """The property of an entity, or those of that name in its subclasses."""
    own = entity.properties.get(name)
    if own is not None:
        return [] if own.transient else [own]
    found = {}
    for subclass in entity.subclasses:
        prop = MODEL[subclass].properties.get(name)
        if prop is not None and not prop.transient:
            found[prop.declared_by] = prop
    return list(found.values())


class Paths:
    """Walks paths within a scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def start(self, path: Path) -> tuple[Alias, tuple[str, ...]]:
        """The alias that a path starts from, and the rest of it. Raises SyntaxFault when there is none."""
        first = path.parts[0]
        alias = self.scope.find(first)
        if alias is not None:
            return alias, path.parts[1:]
        for candidate in self.scope.ranges:
            if self._has(candidate, first):
                return candidate, path.parts
        scope = self.scope.outer
        while scope is not None:
            for candidate in scope.ranges:
                if self._has(candidate, first):
                    return candidate, path.parts
            scope = scope.outer
        raise SyntaxFault(f"{first!r} is neither an alias nor a property", path.position)

    def _has(self, alias: Alias, name: str) -> bool:
        if alias.entity is None:
            return False
        return name in ("id", "details", "class", "version") or bool(properties_named(alias.entity, name))

    def quantity_named(self, alias: Alias, name: str) -> Property | None:
        """The quantity of that name that an alias has."""
        found = properties_named(alias.entity, name) if alias.entity is not None else []
        return found[0] if found and found[0].kind == "quantity" else None

    def value(self, path: Path) -> Value:
        """What a path is worth. Raises SyntaxFault for an unknown property or one behind a collection."""
        quantity = self.scope.find_quantity(path.parts[0])
        if quantity is not None:
            owner, prop = quantity
            return self._quantity(self.scope.use(owner), prop, path.parts[1:], path)
        alias, rest = self.start(path)
        return self._walk(alias, rest, path)

    def _walk(self, alias: Alias, rest: tuple[str, ...], path: Path) -> Value:
        table = self.scope.use(alias)
        if alias.entity is None:
            return self._pair(alias, table, rest, path)
        if not rest:
            return Value("entity", table.c.id, entity=alias.entity, alias=alias)
        name, behind = rest[0], rest[1:]
        if name == "details" and "details" not in alias.entity.properties:
            return self._details(alias, behind, path)
        if name in ("id", "class", "version") and not behind:
            return self._system(alias, table, name, path)
        found = properties_named(alias.entity, name)
        if not found:
            raise SyntaxFault(f"{alias.entity.name} has no property {name!r}", path.position)
        prop = found[0]
        if prop.is_collection or prop.kind == "map":
            if behind == ("size",):
                return Value("collection", alias=alias, prop=prop, extra=("size",), position=path.position)
            if behind:
                raise SyntaxFault(f"{name!r} of {alias.entity.name} is a collection: join it", path.position)
            return Value("collection", alias=alias, prop=prop, position=path.position)
        if prop.is_to_one:
            return self._reference(alias, found, behind, path)
        if prop.kind == "quantity":
            return self._quantity(table, prop, behind, path)
        if behind:
            raise SyntaxFault(f"{alias.entity.name}.{name} has no property {behind[0]!r}", path.position)
        kind = {"string_list": "strings"}.get(str(prop.type), str(prop.type))
        return Value(kind, table.c[prop.column], prop=prop, alias=alias, nullable=prop.nullable)

    def _pair(self, alias: Alias, table: Any, rest: tuple[str, ...], path: Path) -> Value:
        if not rest:
            return Value("pair", table.c.position, alias=alias)
        if rest not in (("name",), ("value",)):
            raise SyntaxFault(f"a pair of a map has name and value, not {rest[0]!r}", path.position)
        return Value("string", table.c[rest[0]], alias=alias)

    def _system(self, alias: Alias, table: Any, name: str, path: Path) -> Value:
        assert alias.entity is not None
        if name == "id":
            return Value("long", table.c.id, alias=alias, nullable=False)
        if name == "version":
            if "version" not in table.c:
                raise SyntaxFault(f"{alias.entity.name} has no version", path.position)
            return Value("int", table.c.version, alias=alias)
        column = table.c.discriminator if "discriminator" in table.c else literal(alias.entity.name)
        return Value("class", column, entity=alias.entity, alias=alias)

    def _details(self, alias: Alias, rest: tuple[str, ...], path: Path) -> Value:
        assert alias.entity is not None
        table = self.scope.use(alias)
        if not rest:
            raise SyntaxFault("details is no value: name a part of it", path.position)
        name, behind = rest[0], rest[1:]
        if name == "permissions":
            if behind in (("perm1",), ("_perm1",)):
                return Value("long", table.c.permissions, alias=alias)
            if behind:
                raise SyntaxFault(f"details.permissions has no property {behind[0]!r}", path.position)
            return Value("permissions", table.c.permissions, alias=alias, entity=alias.entity)
        column_name, target = DETAILS.get(name, ("", ""))
        if column_name not in table.c:
            raise SyntaxFault(f"{alias.entity.name} has no details.{name}", path.position)
        return self._to_one(alias, f"details.{name}", table.c[column_name], MODEL[target], behind, path)

    def _reference(self, alias: Alias, found: list[Property], rest: tuple[str, ...], path: Path) -> Value:
        table = self.scope.use(alias)
        prop = found[0]
        targets = {(p.column, p.target) for p in found}
        if len(targets) == 1:
            return self._to_one(
                alias, prop.name, table.c[prop.column], MODEL[str(prop.target)], rest, path, prop
            )
        # One logical property that subclasses declare with different targets, such as LightSource.type.
        columns = [table.c[p.column] for p in found]
        if rest in ((), ("id",)):
            return Value("long", func.coalesce(*columns), alias=alias)
        values = []
        for p in found:
            target = table_of(str(p.target))
            inner = properties_named(MODEL[str(p.target)], rest[0])
            if len(rest) != 1 or not inner:
                raise SyntaxFault(f"{path} differs between the subclasses", path.position)
            statement = select(target.c[inner[0].column]).where(target.c.id == table.c[p.column])
            values.append(statement.correlate(table).scalar_subquery())
        return Value("string", func.coalesce(*values), alias=alias)

    def _to_one(
        self,
        alias: Alias,
        key: str,
        column: ColumnElement[Any],
        target: Entity,
        rest: tuple[str, ...],
        path: Path,
        prop: Property | None = None,
    ) -> Value:
        if not rest:
            extra = (alias, key, column)
            return Value("entity", column, entity=target, prop=prop, extra=extra)
        if rest == ("id",):
            return Value("long", column, nullable=prop is None or prop.nullable)
        joined = self.scope.join_implicitly(alias, key, column, target)
        return self._walk(joined, rest, path)

    def _quantity(self, table: Any, prop: Property, rest: tuple[str, ...], path: Path) -> Value:
        value, unit = (table.c[name] for name in prop.columns)
        if not rest:
            return Value("quantity", value, unit, prop=prop)
        if rest == ("value",):
            return Value("double", value)
        if rest == ("unit",):
            return Value("unit", unit, prop=prop)
        raise SyntaxFault(f"a quantity has value and unit, not {rest[0]!r}", path.position)

    def join_target(
        self, alias: Alias, name: str, path: Path
    ) -> tuple[Property | None, Entity | None, Any, Any]:
        """(property, entity, table, condition) for joining one association of an alias."""
        table = self.scope.use(alias)
        if alias.entity is None:
            raise SyntaxFault("a pair of a map has no associations", path.position)
        found = properties_named(alias.entity, name)
        if not found:
            raise SyntaxFault(f"{alias.entity.name} has no association {name!r}", path.position)
        prop = found[0]
        if prop.kind == "map":
            pairs = self.scope.fresh(map_table_of(prop))
            return prop, None, pairs, pairs.c.owner_id == table.c.id
        if prop.is_collection:
            element = MODEL[prop.element]
            member = self.scope.fresh(table_of(element.name))
            inverse = element.properties[str(prop.inverse)]
            return prop, element, member, member.c[inverse.column] == table.c.id
        if not prop.is_to_one:
            raise SyntaxFault(f"{alias.entity.name}.{name} is no association", path.position)
        if len({(p.column, p.target) for p in found}) > 1:
            raise SyntaxFault(
                f"{name!r} differs between the subclasses of {alias.entity.name}", path.position
            )
        target = MODEL[str(prop.target)]
        joined = self.scope.fresh(table_of(target.name))
        return prop, target, joined, joined.c.id == table.c[prop.column]

    def join_details(self, alias: Alias, name: str, path: Path) -> tuple[Entity, Any, Any]:
        """(entity, table, condition) for joining owner, group or an event."""
        table = self.scope.use(alias)
        column, target = DETAILS.get(name, ("", ""))
        if column not in table.c:
            entity = "a pair" if alias.entity is None else alias.entity.name
            raise SyntaxFault(f"{entity} has no details.{name}", path.position)
        joined = self.scope.fresh(table_of(target))
        return MODEL[target], joined, joined.c.id == table.c[column]


__all__ = ["Alias", "Paths", "Scope", "Step", "properties_named"]
