"""Compiling function calls (contract/hql.md, section 3.8)."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import BigInteger, Double, Integer, LargeBinary, Text, cast, collate, func, literal, select

from . import tree
from .kinds import common_kind, concatenated, number_kind, scalar_kind, untyped
from .terms import Terms
from .tokens import SyntaxFault
from .values import Value

_DATE_PARTS = {"year": "%Y", "month": "%m", "day": "%d", "hour": "%H", "minute": "%M", "second": "%S"}


class Functions(Terms):
    """Compiles the function calls of one scope."""

    def _call(self, expr: tree.Call) -> Value:
        name, arguments = expr.name, expr.arguments
        if name in ("trim", "ltrim", "rtrim"):
            return self._trim(expr)
        if name in ("lower", "upper"):
            self._count_arguments(expr, 1)
            return self._changed_case(getattr(func, name), self._text_argument(expr, 0))
        if name in ("index", "minindex", "maxindex"):
            return self._index(expr)
        if name in ("minelement", "maxelement"):
            self._count_arguments(expr, 1)
            inner = self._members(arguments[0]).subquery()
            function = func.min if name == "minelement" else func.max
            return Value("long", select(function(inner.c[0])).scalar_subquery())
        if name == "size":
            self._count_arguments(expr, 1)
            return self._size(arguments[0])
        if name == "type":
            self._count_arguments(expr, 1)
            return self._type_of(arguments[0])
        if name == "coalesce":
            return self._coalesce(expr)
        if name in _DATE_PARTS:
            self._count_arguments(expr, 1)
            return self._date_part(name, arguments[0], expr.position)
        if name.startswith("current_"):
            return self._now(name, expr.position)
        return self._library(expr)

    def _changed_case(self, function: Any, value: Value) -> Value:
        """lower or upper of any script: PostgreSQL needs a collation for that, texts are stored in byte order."""
        if self.compiler.dialect == "postgresql":
            return Value("string", collate(function(collate(value.column, "und-x-icu")), "C"))
        return Value("string", function(value.column))

    def _trim(self, expr: tree.Call) -> Value:
        """trim(x), or the long form, which the parser turns into a call with the character behind."""
        both = "btrim" if self.compiler.dialect == "postgresql" else "trim"
        function = getattr(func, both if expr.name == "trim" else expr.name)
        columns = [self._text_argument(expr, position).column for position in range(len(expr.arguments) or 1)]
        return Value("string", function(*columns))

    def _library(self, expr: tree.Call) -> Value:
        name = expr.name
        if name == "length":
            return Value("int", func.length(self._text_argument(expr, 0).column))
        if name == "bit_length":
            text = self._text_argument(expr, 0).column
            if self.compiler.dialect == "postgresql":
                return Value("int", func.bit_length(text))
            return Value("int", func.length(cast(text, LargeBinary())) * 8)
        if name == "substring":
            columns = [self._text_argument(expr, 0).column]
            columns += [self.value(argument, "int").column for argument in expr.arguments[1:]]
            return Value("string", func.substr(*columns))
        if name == "concat":
            self._argument(expr, 0)
            values = [self.value(argument, "string") for argument in expr.arguments]
            joined = values[0]
            for value in values[1:]:
                joined = Value("string", concatenated(joined, value))
            return joined
        if name == "str":
            return Value("string", cast(self._argument(expr, 0).column, Text()))
        if name == "abs":
            value = self._argument(expr, 0)
            return Value(scalar_kind(value.kind), func.abs(value.column))
        if name == "mod":
            left, right = self._argument(expr, 0), self._argument(expr, 1)
            return Value(number_kind(left), left.column.op("%")(right.column))
        if name == "sqrt":
            return Value("double", func.sqrt(self._argument(expr, 0, "double").column))
        if name == "nullif":
            left = self._argument(expr, 0)
            return Value(
                scalar_kind(left.kind), func.nullif(left.column, self._argument(expr, 1, left.kind).column)
            )
        if name == "locate":
            needle, text = self._text_argument(expr, 0).column, self._text_argument(expr, 1).column
            find = func.instr if self.compiler.dialect == "sqlite" else func.strpos
            return Value("int", find(text, needle))
        raise SyntaxFault(f"unknown function {name!r}", expr.position)

    def _text_argument(self, expr: tree.Call, position: int) -> Value:
        return self._text(self._argument_at(expr, position))

    def _argument_at(self, expr: tree.Call, position: int) -> tree.Expr:
        if position >= len(expr.arguments):
            raise SyntaxFault(f"{expr.name} needs more arguments", expr.position)
        return expr.arguments[position]

    def _argument(self, expr: tree.Call, position: int, hint: str | None = None) -> Value:
        return self.value(self._argument_at(expr, position), hint)

    def _coalesce(self, expr: tree.Call) -> Value:
        if not expr.arguments:
            raise SyntaxFault("coalesce needs arguments", expr.position)
        typed = [self.value(a) for a in expr.arguments if not untyped(a)]
        kind = next((value.kind for value in typed if value.kind != "null"), None)
        values = [self.value(argument, kind) for argument in expr.arguments]
        return Value(common_kind(values, expr.position), func.coalesce(*(value.column for value in values)))

    def _index(self, expr: tree.Call) -> Value:
        """Position of a list member; minIndex and maxIndex over an alias or a collection."""
        self._count_arguments(expr, 1)
        argument = expr.arguments[0]
        if not isinstance(argument, tree.Path):
            raise SyntaxFault(f"{expr.name} needs an alias", expr.position)
        function: Any = {"minindex": func.min, "maxindex": func.max}.get(expr.name)
        alias = self.scope.find(argument.parts[0]) if len(argument.parts) == 1 else None
        if alias is not None:
            self.scope.use(alias)
            column = alias.index_column
            if column is None:
                raise SyntaxFault(f"{argument} is no member of a list", argument.position)
            return Value("int", column if function is None else function(column))
        if function is None:
            raise SyntaxFault("index needs the alias of a list's member", argument.position)
        inner = self._members(argument, indices=True).subquery()
        return Value("int", select(function(inner.c[0])).scalar_subquery())

    def _date_part(self, part: str, argument: tree.Expr, position: int) -> Value:
        """Parts of a time, which is stored as milliseconds since 1970 UTC."""
        column = self.value(argument, "timestamp").column
        seconds = column.op("/")(literal(1000, BigInteger()))
        if part == "epoch":
            return Value("int", seconds)
        if part not in _DATE_PARTS:
            raise SyntaxFault(f"extract does not know {part!r}", position)
        if self.compiler.dialect == "sqlite":
            return Value("int", cast(func.strftime(_DATE_PARTS[part], seconds, "unixepoch"), Integer()))
        moment = func.timezone("UTC", func.to_timestamp(cast(seconds, Double())))
        return Value("int", cast(func.date_part(part, moment), Integer()))

    def _now(self, name: str, position: int) -> Value:
        if name not in ("current_timestamp", "current_date", "current_time"):
            raise SyntaxFault(f"{name!r} is neither an alias nor a property", position)
        moment = int(time.time() * 1000)
        if name == "current_date":
            moment -= moment % 86_400_000
        self.compiler.cacheable = False
        return Value("timestamp", literal(moment, BigInteger()))
