"""Compiling expressions and conditions of one query level (contract/hql.md, sections 3.3 and 3.6 to 3.8)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Double,
    Integer,
    LargeBinary,
    Text,
    and_,
    case,
    cast,
    collate,
    exists,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    true,
)  # fmt: skip

from ..model.entities import MODEL, Entity
from ..model.tables import map_table_of, table_of
from . import tree
from .parameters import LONG_LIST, convert, fitting
from .scope import Paths, Scope
from .tokens import SyntaxFault
from .values import NUMBERS, Value

if TYPE_CHECKING:
    from .statement import Compiler

_RANK = {"int": 0, "long": 1, "double": 2}
_DATE_PARTS = {"year": "%Y", "month": "%m", "day": "%d", "hour": "%H", "minute": "%M", "second": "%S"}
_CASTS: dict[str, tuple[str, Any]] = {
    "string": ("string", Text()), "text": ("string", Text()), "long": ("long", BigInteger()),
    "int": ("int", Integer()), "integer": ("int", Integer()), "double": ("double", Double()),
    "float": ("double", Double()), "boolean": ("bool", Boolean()), "bool": ("bool", Boolean()),
}  # fmt: skip


class Expressions:
    """Compiles the expressions of one scope."""

    def __init__(self, compiler: Compiler, scope: Scope) -> None:
        self.compiler = compiler
        self.scope = scope
        self.paths = Paths(scope)

    # -- conditions -----------------------------------------------------------------------------------------------

    def condition(self, expr: tree.Expr) -> ColumnElement[bool]:
        """A where, having or on clause."""
        if isinstance(expr, tree.Logic):
            joined = and_ if expr.operator == "and" else or_
            return joined(*(self.condition(term) for term in expr.terms))
        if isinstance(expr, tree.Not):
            return not_(self.condition(expr.expr))
        handler = self._conditions().get(type(expr))
        if handler is not None:
            return handler(expr)
        value = self.value(expr)
        if value.kind != "bool":
            raise SyntaxFault("a condition is expected", _position(expr))
        return value.column == true()

    def _conditions(self) -> dict[type, Callable[[Any], ColumnElement[bool]]]:
        return {
            tree.Compare: self._compare,
            tree.IsNull: lambda e: self.value(e.expr).column.is_(None),
            tree.IsEmpty: lambda e: not_(self._any_member(e.expr)),
            tree.In: self._in,
            tree.Like: self._like,
            tree.Between: self._between,
            tree.MemberOf: self._member_of,
            tree.Exists: self._exists,
        }

    def _compare(self, expr: tree.Compare) -> ColumnElement[bool]:
        of_class = self._class_comparison(expr)
        if of_class is not None:
            return of_class
        if isinstance(expr.left, tree.Tuple) and isinstance(expr.right, tree.Tuple):
            if len(expr.left.items) != len(expr.right.items):
                raise SyntaxFault("lists of different lengths cannot be compared", _position(expr.left))
            pairs = zip(expr.left.items, expr.right.items, strict=True)
            return and_(*(self._compare(tree.Compare("=", a, b)) for a, b in pairs))
        if isinstance(expr.right, tree.Quantified):
            return self._quantified(expr.operator, expr.left, expr.right)
        left, right = self._alike(expr.left, expr.right)
        return _operate(expr.operator, left, right)

    def _quantified(self, operator: str, left: tree.Expr, right: tree.Quantified) -> ColumnElement[bool]:
        """`x > all (…)` and `x > any (…)` by existence, which every store knows."""
        inner = self.compiler.subquery(right.query, self.scope).statement.subquery()
        holds = _operate(operator, self.value(left).column, inner.c[0])
        if right.kind == "all":
            return not_(exists(select(literal(1)).select_from(inner).where(holds.is_not(true()))))
        return exists(select(literal(1)).select_from(inner).where(holds))

    def _alike(self, first: tree.Expr, second: tree.Expr) -> tuple[Any, Any]:
        """Both sides in one type: literals and parameters take that of the other side."""
        if _untyped(first) and not _untyped(second):
            right = self.value(second)
            return self.value(first, right.kind).column, right.column
        left = self.value(first)
        right = self.value(second, left.kind)
        if left.kind in NUMBERS and right.kind == "string":
            return left.column, cast(right.column, Double())
        if right.kind in NUMBERS and left.kind == "string":
            return cast(left.column, Double()), right.column
        return left.column, right.column

    # -- classes --------------------------------------------------------------------------------------------------

    def _class_comparison(self, expr: tree.Compare) -> ColumnElement[bool] | None:
        for subject, other in ((expr.left, expr.right), (expr.right, expr.left)):
            value = self._class_value(subject)
            if value is None:
                continue
            if expr.operator not in ("=", "!="):
                raise SyntaxFault("classes compare with = and != only", _position(subject))
            if isinstance(other, tree.Path):
                inner = self._class_value(other)
                if inner is not None:
                    return _operate(expr.operator, value.column, inner.column)
                found = value.column == self._class_name(other)
            elif isinstance(other, (tree.Literal, tree.Param)):
                # Compared with the reference's stored discriminators, which no class name equals.
                if isinstance(other, tree.Param):
                    self.compiler.binder.value(other.name)
                found = false()
            else:
                raise SyntaxFault("a class compares with a class name", _position(other))
            return found if expr.operator == "=" else not_(found)
        return None

    def _class_value(self, expr: tree.Expr) -> Value | None:
        """The value of `x.class` or `type(x)`; None when the expression is something else."""
        if isinstance(expr, tree.Call) and expr.name == "type" and len(expr.arguments) == 1:
            return self._type_of(expr.arguments[0])
        if not isinstance(expr, tree.Path) or expr.parts[-1] != "class":
            return None
        if len(expr.parts) == 1 and self.scope.find("class") is not None:
            return None
        value = self.paths.value(expr)
        return value if value.kind == "class" else None

    def _type_of(self, argument: tree.Expr) -> Value:
        if isinstance(argument, tree.Path) and argument.parts[-1] == "class":
            return self.paths.value(argument)
        if not isinstance(argument, tree.Path):
            raise SyntaxFault("type() needs an entity", _position(argument))
        return self.paths.value(tree.Path((*argument.parts, "class"), argument.position))

    def _class_name(self, path: tree.Path) -> str:
        entity = MODEL.find(str(path))
        if entity is None:
            raise SyntaxFault(f"{path} is no class", path.position)
        return entity.name

    # -- lists, subqueries, collections ---------------------------------------------------------------------------

    def _in(self, expr: tree.In) -> ColumnElement[bool]:
        of_class = self._class_value(expr.expr)
        choice = expr.choice
        if of_class is not None and isinstance(choice, tuple):
            names = [self._class_name(item) if isinstance(item, tree.Path) else "" for item in choice]
            return of_class.column.in_(names)
        if isinstance(choice, tree.Query):
            value = self.value(expr.expr)
            inner = self.compiler.subquery(choice, self.scope)
            return value.column.in_(inner.statement)
        value = self.value(expr.expr)
        if isinstance(choice, tree.Param):
            return value.column.in_(self.compiler.binder.several(choice.name, _bindable(value.kind)))
        if isinstance(choice, tuple):
            if len(choice) == 1 and isinstance(choice[0], tree.Param):
                return value.column.in_(self.compiler.binder.several(choice[0].name, _bindable(value.kind)))
            constants = self._constants(choice, value)
            if constants is not None:
                return value.column.in_(constants)
            return value.column.in_([self.value(item, value.kind).column for item in choice])
        if isinstance(choice, tree.Call) and choice.name in ("elements", "indices"):
            self._count_arguments(choice, 1)
            return value.column.in_(self._members(choice.arguments[0], indices=choice.name == "indices"))
        if isinstance(choice, tree.Path):
            return value.column.in_(self._members(choice))
        raise SyntaxFault("a list, a subquery or a collection is expected behind in", _position(expr.expr))

    def _constants(self, choice: Sequence[tree.Expr], value: Value) -> Any:
        """A long list of plain literals, which some clients write into the text; None for any other list."""
        kind = _bindable(value.kind)
        if len(choice) <= LONG_LIST or kind is None:
            return None
        literals = [item for item in choice if isinstance(item, tree.Literal) and item.kind != "null"]
        if len(literals) < len(choice):
            return None
        kind = fitting(kind, [item.value for item in literals])
        return self.compiler.binder.constants([convert("in", item.value, kind) for item in literals], kind)

    def _like(self, expr: tree.Like) -> ColumnElement[bool]:
        subject, pattern = self._text(expr.expr).column, self._text(expr.pattern).column
        escape = "\\"
        if expr.escape is not None:
            if not isinstance(expr.escape, tree.Literal) or len(str(expr.escape.value)) != 1:
                raise SyntaxFault("escape needs one character", _position(expr.expr))
            escape = str(expr.escape.value)
        return subject.like(pattern, escape=escape)

    def _between(self, expr: tree.Between) -> ColumnElement[bool]:
        kind = self.value(expr.expr).kind
        low, high = self.value(expr.low, kind).column, self.value(expr.high, kind).column
        return self.value(expr.expr).column.between(low, high)

    def _member_of(self, expr: tree.MemberOf) -> ColumnElement[bool]:
        return self.value(expr.expr).column.in_(self._members(expr.collection))

    def _exists(self, expr: tree.Exists) -> ColumnElement[bool]:
        if isinstance(expr.choice, tree.Query):
            return exists(self.compiler.subquery(expr.choice, self.scope).statement)
        if isinstance(expr.choice, tree.Call):
            if expr.choice.name != "elements" or len(expr.choice.arguments) != 1:
                raise SyntaxFault("exists needs a subquery or elements(…)", expr.choice.position)
            return self._any_member(expr.choice.arguments[0])
        return self._any_member(expr.choice)

    def _collection(self, expr: tree.Expr) -> Value:
        value = self.paths.value(expr) if isinstance(expr, tree.Path) else None
        if value is None or value.kind != "collection":
            raise SyntaxFault("a collection is expected", _position(expr))
        return value

    def _member_table(self, value: Value) -> tuple[Any, list[ColumnElement[bool]], Entity | None]:
        """Table of a collection's visible members and the conditions that select them."""
        assert value.alias is not None
        assert value.prop is not None
        owner = self.scope.use(value.alias)
        if value.prop.kind == "map":
            pairs = self.scope.fresh(map_table_of(value.prop))
            return pairs, [pairs.c.owner_id == owner.c.id], None
        element = MODEL[value.prop.element]
        members = self.scope.fresh(table_of(element.name))
        inverse = element.properties[str(value.prop.inverse)]
        conditions = [members.c[inverse.column] == owner.c.id, *self.compiler.restriction(element, members)]
        return members, conditions, element

    def _any_member(self, expr: tree.Expr) -> ColumnElement[bool]:
        members, conditions, _ = self._member_table(self._collection(expr))
        return exists(select(literal(1)).select_from(members).where(*conditions).correlate_except(members))

    def _members(self, expr: tree.Expr, *, indices: bool = False) -> Any:
        value = self._collection(expr)
        members, conditions, element = self._member_table(value)
        column = members.c.value if element is None else members.c.id
        if indices and value.prop is not None and value.prop.index_column:
            column = members.c[value.prop.index_column]
        return select(column).select_from(members).where(*conditions).correlate_except(members)

    def _size(self, expr: tree.Expr) -> Value:
        members, conditions, _ = self._member_table(self._collection(expr))
        counted = select(func.count()).select_from(members).where(*conditions).correlate_except(members)
        return Value("int", counted.scalar_subquery(), nullable=False)

    # -- values ---------------------------------------------------------------------------------------------------

    def value(self, expr: tree.Expr, hint: str | None = None) -> Value:
        """The typed value of an expression; `hint` is the kind that literals and parameters should take."""
        if isinstance(expr, tree.Path):
            return self._path(expr)
        if isinstance(expr, tree.Literal):
            return _literal(expr, hint)
        if isinstance(expr, tree.Param):
            kind = _bindable(hint)
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

    def _now(self, name: str, position: int) -> Value:
        if name not in ("current_timestamp", "current_date", "current_time"):
            raise SyntaxFault(f"{name!r} is neither an alias nor a property", position)
        moment = int(time.time() * 1000)
        if name == "current_date":
            moment -= moment % 86_400_000
        self.compiler.cacheable = False
        return Value("timestamp", literal(moment, BigInteger()))

    def _no_tuple(self, expr: tree.Tuple) -> Value:
        raise SyntaxFault("a list is no value here", _position(expr.items[0]))

    def _negative(self, expr: tree.Negative) -> Value:
        inner = self.value(expr.expr)
        if inner.kind not in NUMBERS:
            raise SyntaxFault(f"- needs a number, not a {inner.kind}", _position(expr.expr))
        return Value(inner.kind, -inner.column)

    def _arithmetic(self, expr: tree.Arithmetic) -> Value:
        if expr.operator == "||":
            left, right = self.value(expr.left, "string"), self.value(expr.right, "string")
            return Value("string", _concat(left, right))
        left = self.value(expr.left)
        right = self.value(
            expr.right, left.kind if _untyped(expr.right) and isinstance(expr.right, tree.Param) else None
        )
        if isinstance(expr.left, tree.Param):
            left = self.value(expr.left, right.kind)
        for side in (left, right):
            if side.kind not in (*NUMBERS, "timestamp", "entity", "null"):
                raise SyntaxFault(f"{expr.operator} needs numbers, not a {side.kind}", _position(expr.left))
        kind = max((_number(left), _number(right)), key=_RANK.__getitem__)
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
            _common_kind(branches, _position(expr)),
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
            raise SyntaxFault(f"{expr.name} needs a scalar, not a {value.kind}", _position(expr.argument))
        function = func.min if expr.name == "min" else func.max
        return Value(value.kind, function(column))

    # -- functions ------------------------------------------------------------------------------------------------

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
                joined = Value("string", _concat(joined, value))
            return joined
        if name == "str":
            return Value("string", cast(self._argument(expr, 0).column, Text()))
        if name == "abs":
            value = self._argument(expr, 0)
            return Value(scalar_kind(value.kind), func.abs(value.column))
        if name == "mod":
            left, right = self._argument(expr, 0), self._argument(expr, 1)
            return Value(_number(left), left.column.op("%")(right.column))
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

    def _text(self, expr: tree.Expr) -> Value:
        """An expression where a text is expected; numbers and the like are written out."""
        value = self.value(expr, "string")
        if value.kind in ("string", "unit", "class"):
            return value
        return Value("string", cast(value.column, Text()))

    def _text_argument(self, expr: tree.Call, position: int) -> Value:
        return self._text(self._argument_at(expr, position))

    def _argument_at(self, expr: tree.Call, position: int) -> tree.Expr:
        if position >= len(expr.arguments):
            raise SyntaxFault(f"{expr.name} needs more arguments", expr.position)
        return expr.arguments[position]

    def _argument(self, expr: tree.Call, position: int, hint: str | None = None) -> Value:
        return self.value(self._argument_at(expr, position), hint)

    def _count_arguments(self, expr: tree.Call, count: int) -> None:
        if len(expr.arguments) != count:
            raise SyntaxFault(f"{expr.name} needs {count} argument", expr.position)

    def _coalesce(self, expr: tree.Call) -> Value:
        if not expr.arguments:
            raise SyntaxFault("coalesce needs arguments", expr.position)
        typed = [self.value(a) for a in expr.arguments if not _untyped(a)]
        kind = next((value.kind for value in typed if value.kind != "null"), None)
        values = [self.value(argument, kind) for argument in expr.arguments]
        return Value(_common_kind(values, expr.position), func.coalesce(*(value.column for value in values)))

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


def _common_kind(values: Sequence[Value], position: int) -> str:
    """Kind of what may be any of several values. Raises SyntaxFault when they have no kind in common."""
    kinds = [scalar_kind(value.kind) for value in values if value.kind != "null"]
    if not kinds:
        return "string"
    if all(kind in _RANK for kind in kinds):
        return max(kinds, key=_RANK.__getitem__)
    if any(kind != kinds[0] for kind in kinds):
        raise SyntaxFault(f"{' and '.join(sorted(set(kinds)))} cannot stand for one value", position)
    return kinds[0]


def _concat(left: Value, right: Value) -> Any:
    return cast(left.column, Text()).op("||")(cast(right.column, Text()))


def scalar_kind(kind: str) -> str:
    """Kind of the result of a function or subquery that gives a value of `kind` back."""
    kinds = {"entity": "long", "pair": "long", "permissions": "long", "quantity": "double"}
    return kinds.get(kind, "string" if kind in ("unit", "class", "symbol", "strings") else kind)


def _number(value: Value) -> str:
    return value.kind if value.kind in _RANK else "long"


def _operate(operator: str, left: Any, right: Any) -> ColumnElement[bool]:
    return left.op(operator, is_comparison=True, return_type=Boolean())(right)  # type: ignore[no-any-return]


def _untyped(expr: tree.Expr) -> bool:
    """Literals and parameters take the type of what they meet."""
    return isinstance(expr, (tree.Literal, tree.Param))


def _bindable(kind: str | None) -> str | None:
    """Kind of a bound parameter that meets a value of `kind`."""
    if kind in ("int", "long", "double", "string", "bool", "timestamp"):
        return kind
    if kind in ("entity", "pair"):
        return "long"
    return "string" if kind in ("unit", "symbol") else None


def _literal(expr: tree.Literal, hint: str | None) -> Value:
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
    from datetime import datetime, timezone

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise SyntaxFault(f"{text!r} is no time", position) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return int(moment.timestamp() * 1000)


def _position(expr: Any) -> int:
    """Offset of an expression in the text, as near as the tree knows it."""
    position = getattr(expr, "position", None)
    if position is not None:
        return int(position)
    for name in getattr(expr, "__dataclass_fields__", ()):
        inner = getattr(expr, name)
        for part in inner if isinstance(inner, tuple) else (inner,):
            if hasattr(part, "__dataclass_fields__"):
                found = _position(part)
                if found:
                    return found
    return 0
