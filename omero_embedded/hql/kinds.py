"""Kinds of values: which meet, what literals become, and where in the text an expression stands (contract/hql.md, 3.6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from sqlalchemy import BigInteger, Boolean, ColumnElement, Double, Integer, Text, cast, literal, null

from . import tree
from .tokens import SyntaxFault
from .values import NUMBERS, Value

RANK = {"int": 0, "long": 1, "double": 2}
"""Kinds of numbers; what is made of two of them has the higher one."""


def common_kind(values: Sequence[Value], position: int) -> str:
    """Kind of what may be any of several values. Raises SyntaxFault when they have no kind in common."""
    kinds = [scalar_kind(value.kind) for value in values if value.kind != "null"]
    if not kinds:
        return "string"
    if all(kind in RANK for kind in kinds):
        return max(kinds, key=RANK.__getitem__)
    if any(kind != kinds[0] for kind in kinds):
        raise SyntaxFault(f"{' and '.join(sorted(set(kinds)))} cannot stand for one value", position)
    return kinds[0]


def concatenated(left: Value, right: Value) -> Any:
    return cast(left.column, Text()).op("||")(cast(right.column, Text()))


def scalar_kind(kind: str) -> str:
    """Kind of the result of a function or subquery that gives a value of `kind` back."""
    kinds = {"entity": "long", "pair": "long", "permissions": "long", "quantity": "double"}
    return kinds.get(kind, "string" if kind in ("unit", "class", "symbol", "strings") else kind)


def number_kind(value: Value) -> str:
    return value.kind if value.kind in RANK else "long"


def operate(operator: str, left: Any, right: Any) -> ColumnElement[bool]:
    return left.op(operator, is_comparison=True, return_type=Boolean())(right)  # type: ignore[no-any-return]


def untyped(expr: tree.Expr) -> bool:
    """Literals and parameters take the type of what they meet."""
    return isinstance(expr, (tree.Literal, tree.Param))


def bindable(kind: str | None) -> str | None:
    """Kind of a bound parameter that meets a value of `kind`."""
    if kind in ("int", "long", "double", "string", "bool", "timestamp"):
        return kind
    if kind in ("entity", "pair"):
        return "long"
    return "string" if kind in ("unit", "symbol") else None


def literal_value(expr: tree.Literal, hint: str | None) -> Value:
    value, kind = expr.value, expr.kind
    if kind == "null":
        return Value("null", null())
    if hint in NUMBERS and kind == "string":
        try:
            number = float(value)
        except ValueError:
            return Value("string", literal(value, Text()))
        return Value("double", literal(int(number) if number.is_integer() else number))
    if hint == "bool" and kind in ("int", "long"):
        return Value("bool", literal(bool(value), Boolean()))
    if hint == "string" and kind in NUMBERS:
        return Value("string", literal(str(value), Text()))
    if hint == "timestamp" and kind == "string":
        return Value("timestamp", literal(_moment(value, expr.position), BigInteger()))
    if hint in NUMBERS and kind == "bool":
        return Value("int", literal(int(value)))
    types: dict[str, Any] = {
        "string": Text(),
        "int": Integer(),
        "long": BigInteger(),
        "double": Double(),
        "bool": Boolean(),
    }
    return Value(kind, literal(value, types[kind]), nullable=False)


def _moment(text: str, position: int) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise SyntaxFault(f"{text!r} is no time", position) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return int(moment.timestamp() * 1000)


def position_of(expr: Any) -> int:
    """Offset of an expression in the text, as near as the tree knows it."""
    position = getattr(expr, "position", None)
    if position is not None:
        return int(position)
    for name in getattr(expr, "__dataclass_fields__", ()):
        inner = getattr(expr, name)
        for part in inner if isinstance(inner, tuple) else (inner,):
            if hasattr(part, "__dataclass_fields__"):
                found = position_of(part)
                if found:
                    return found
    return 0
