"""Compiling the expressions of one query level to typed values (contract/hql.md, sections 3.3 and 3.6 to 3.8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import BigInteger, Boolean, Double, Integer, Text, case, cast, func, null

from . import tree
from .conditions import Conditions
from .functions import Functions
from .kinds import (
    RANK,
    bindable,
    common_kind,
    concatenated,
    literal_value,
    number_kind,
    position_of,
    scalar_kind,
    untyped,
)
from .tokens import SyntaxFault
from .values import NUMBERS, Value

_CASTS: dict[str, tuple[str, Any]] = {
    "string": ("string", Text()), "text": ("string", Text()), "long": ("long", BigInteger()),
    "int": ("int", Integer()), "integer": ("int", Integer()), "double": ("double", Double()),
    "float": ("double", Double()), "boolean": ("bool", Boolean()), "bool": ("bool", Boolean()),
}  # fmt: skip


class Expressions(Conditions, Functions):
    """Compiles the expressions of one scope."""

    def value(self, expr: tree.Expr, hint: str | None = None) -> Value:
        """The typed value of an expression; `hint` is the kind that literals and parameters should take."""
        if isinstance(expr, tree.Path):
            return self._path(expr)
        if isinstance(expr, tree.Literal):
            return literal_value(expr, hint)
        if isinstance(expr, tree.Param):
            kind = bindable(hint)
            return Value(
                kind or self.compiler.binder.natural_kind(expr.name),
                self.compiler.binder.one(expr.name, kind),
            )
        handler = self._values().get(type(expr))
        if handler is None:
            found = self.condition(expr)
            return Value("bool", found)
        return handler(expr)

    def _values(self) -> dict[type, Callable[[Any], Value]]:
        return {
            tree.Call: self._call,
            tree.Aggregate: self._aggregate,
            tree.Cast: self._cast,
            tree.Extract: lambda e: self._date_part(e.field, e.expr, e.position),
            tree.Case: self._case,
            tree.Negative: self._negative,
            tree.Arithmetic: self._arithmetic,
            tree.Subquery: self._subquery,
            tree.Tuple: self._no_tuple,
        }

    def _path(self, path: tree.Path) -> Value:
        if (
            len(path.parts) == 1
            and path.parts[0] in self.scope.select_names
            and not self.scope.find(path.parts[0])
        ):
            return self.scope.select_names[path.parts[0]]  # type: ignore[no-any-return]
        bare = path.parts[0].lower()
        if len(path.parts) == 1 and bare.startswith("current_") and not self.scope.find(path.parts[0]):
            return self._now(bare, path.position)
        value = self.compiler.hide(self.scope, self.paths.value(path))
        if value.kind == "collection" and value.extra == ("size",):
            return self._size(tree.Path(path.parts[:-1], path.position))
        return value

    def _no_tuple(self, expr: tree.Tuple) -> Value:
        raise SyntaxFault("a list is no value here", position_of(expr.items[0]))

    def _negative(self, expr: tree.Negative) -> Value:
        inner = self.value(expr.expr)
        if inner.kind not in NUMBERS:
            raise SyntaxFault(f"- needs a number, not a {inner.kind}", position_of(expr.expr))
        return Value(inner.kind, -inner.column)

    def _arithmetic(self, expr: tree.Arithmetic) -> Value:
        if expr.operator == "||":
            left, right = self.value(expr.left, "string"), self.value(expr.right, "string")
            return Value("string", concatenated(left, right))
        left = self.value(expr.left)
        right = self.value(
            expr.right, left.kind if untyped(expr.right) and isinstance(expr.right, tree.Param) else None
        )
        if isinstance(expr.left, tree.Param):
            left = self.value(expr.left, right.kind)
        for side in (left, right):
            if side.kind not in (*NUMBERS, "timestamp", "entity", "null"):
                raise SyntaxFault(f"{expr.operator} needs numbers, not a {side.kind}", position_of(expr.left))
        kind = max((number_kind(left), number_kind(right)), key=RANK.__getitem__)
        column = left.column
        if kind == "int" and expr.operator in "+-*" and self.compiler.dialect == "postgresql":
            column = cast(column, BigInteger())  # products of sizes easily exceed 32 bits
        return Value(kind, column.op(expr.operator)(right.column))

    def _subquery(self, expr: tree.Subquery) -> Value:
        inner = self.compiler.subquery(expr.query, self.scope)
        kind = inner.kind if inner.kind in ("unit", "symbol") else scalar_kind(inner.kind)
        return Value(
            kind, inner.statement.scalar_subquery(), prop=inner.prop if kind in ("unit", "symbol") else None
        )

    def _case(self, expr: tree.Case) -> Value:
        whens: list[tuple[Any, Value]] = []
        for condition, result in expr.whens:
            if expr.operand is None:
                test = self.condition(condition)
            else:
                test = self._compare(tree.Compare("=", expr.operand, condition))
            whens.append((test, self.value(result)))
        otherwise = self.value(expr.otherwise) if expr.otherwise is not None else None
        branches = [value for _, value in whens] + ([otherwise] if otherwise else [])
        return Value(
            common_kind(branches, position_of(expr)),
            case(
                *((test, value.column) for test, value in whens),
                else_=otherwise.column if otherwise else null(),
            ),
        )

    def _cast(self, expr: tree.Cast) -> Value:
        if expr.type not in _CASTS:
            raise SyntaxFault(f"cannot cast to {expr.type!r}", expr.position)
        inner = self.value(expr.expr)
        kind, sql_type = _CASTS[expr.type]
        if inner.kind == "unit":
            return Value("symbol", inner.column, prop=inner.prop)
        if inner.kind == "double" and kind in ("int", "long") and self.compiler.dialect == "postgresql":
            return Value(kind, cast(func.trunc(inner.column), sql_type))
        return Value(kind, cast(inner.column, sql_type))

    def joined_entity(self, value: Value) -> Value:
        """An entity selected by a path comes through an inner join."""
        if value.kind != "entity" or value.alias is not None:
            return value
        alias, key, column = value.extra
        assert value.entity is not None
        joined = self.scope.join_implicitly(alias, key, column, value.entity)
        return Value("entity", joined.table.c.id, entity=value.entity, alias=joined)

    def _aggregate(self, expr: tree.Aggregate) -> Value:
        if expr.argument is None:
            return Value("long", func.count(), nullable=False)
        argument = expr.argument
        value = self.joined_entity(self.compiler.ungrouped(lambda: self.value(argument)))
        column = value.column.distinct() if expr.distinct else value.column
        if expr.name == "count":
            return Value("long", func.count(column), nullable=False)
        if expr.name == "avg":
            return Value("double", func.avg(cast(column, Double()) if not expr.distinct else column))
        if expr.name == "sum":
            kind = "double" if value.kind == "double" else "long"
            summed = func.sum(column)
            return Value(kind, cast(summed, BigInteger()) if kind == "long" else summed)
        if value.kind not in (*NUMBERS, "string", "timestamp", "bool", "unit"):
            raise SyntaxFault(f"{expr.name} needs a scalar, not a {value.kind}", position_of(expr.argument))
        function = func.min if expr.name == "min" else func.max
        return Value(value.kind, function(column))
