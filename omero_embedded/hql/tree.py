"""The syntax tree of a query: small frozen dataclasses, nothing resolved yet (contract/hql.md, section 2.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, text, true, false or null; `kind` is string, int, long, double, bool or null."""

    value: Any
    kind: str
    position: int = 0


@dataclass(frozen=True, slots=True)
class Param:
    """A named parameter."""

    name: str


@dataclass(frozen=True, slots=True)
class Path:
    """Names separated by dots; `position` is the offset of the first in the text."""

    parts: tuple[str, ...]
    position: int = 0

    def __str__(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Call:
    """A function call; the name is in lower case."""

    name: str
    arguments: tuple[Expr, ...]
    position: int = 0


@dataclass(frozen=True, slots=True)
class Aggregate:
    """count, sum, avg, min or max; argument None stands for `*`."""

    name: str
    argument: Expr | None
    distinct: bool


@dataclass(frozen=True, slots=True)
class Cast:
    expr: Expr
    type: str
    position: int = 0


@dataclass(frozen=True, slots=True)
class Extract:
    field: str
    expr: Expr
    position: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """`case [operand] when … then … else … end`."""

    operand: Expr | None
    whens: tuple[tuple[Expr, Expr], ...]
    otherwise: Expr | None


@dataclass(frozen=True, slots=True)
class Negative:
    expr: Expr


@dataclass(frozen=True, slots=True)
class Arithmetic:
    operator: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Compare:
    operator: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Logic:
    """`and` or `or` of several conditions."""

    operator: str
    terms: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Not:
    expr: Expr


@dataclass(frozen=True, slots=True)
class IsNull:
    expr: Expr


@dataclass(frozen=True, slots=True)
class IsEmpty:
    expr: Expr


@dataclass(frozen=True, slots=True)
class In:
    """Membership in a list, a subquery, a parameter or a collection."""

    expr: Expr
    choice: tuple[Expr, ...] | Query | Expr


@dataclass(frozen=True, slots=True)
class Like:
    expr: Expr
    pattern: Expr
    escape: Expr | None


@dataclass(frozen=True, slots=True)
class Between:
    expr: Expr
    low: Expr
    high: Expr


@dataclass(frozen=True, slots=True)
class MemberOf:
    expr: Expr
    collection: Path


@dataclass(frozen=True, slots=True)
class Exists:
    choice: Query | Path | Call


@dataclass(frozen=True, slots=True)
class Quantified:
    """`all`, `any` or `some` of a subquery."""

    kind: str
    query: Query


@dataclass(frozen=True, slots=True)
class Subquery:
    query: Query


@dataclass(frozen=True, slots=True)
class Tuple:
    items: tuple[Expr, ...]


Expr: TypeAlias = (
    Literal | Param | Path | Call | Aggregate | Cast | Extract | Case
    | Negative | Arithmetic | Compare | Logic | Not | IsNull | IsEmpty | In
    | Like | Between | MemberOf | Exists | Quantified | Subquery | Tuple
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Item:
    """One select item with its alias."""

    expr: Expr
    alias: str | None


@dataclass(frozen=True, slots=True)
class Join:
    """`kind` is inner, left, right or full."""

    kind: str
    fetch: bool
    path: Path
    alias: str | None
    condition: Expr | None


@dataclass(frozen=True, slots=True)
class Range:
    """An entity with its alias and the joins that follow it."""

    entity: Path
    alias: str | None
    joins: tuple[Join, ...]


@dataclass(frozen=True, slots=True)
class Order:
    expr: Expr
    descending: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A query or subquery. `instantiation` is `map` or `list` for `select new …`."""

    ranges: tuple[Range, ...]
    items: tuple[Item, ...] = ()
    distinct: bool = False
    instantiation: str | None = None
    where: Expr | None = None
    group: tuple[Expr, ...] = ()
    having: Expr | None = None
    order: tuple[Order, ...] = ()
