"""Compiling conditions: where, having and on clauses (contract/hql.md, section 3.6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Double, and_, cast, exists, false, literal, not_, or_, select, true

from . import tree
from .kinds import bindable, operate, position_of, untyped
from .parameters import LONG_LIST, convert, fitting
from .terms import Terms
from .tokens import SyntaxFault
from .values import NUMBERS, Value


class Conditions(Terms):
    """Compiles the conditions of one scope."""

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
            raise SyntaxFault("a condition is expected", position_of(expr))
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
                raise SyntaxFault("lists of different lengths cannot be compared", position_of(expr.left))
            pairs = zip(expr.left.items, expr.right.items, strict=True)
            return and_(*(self._compare(tree.Compare("=", a, b)) for a, b in pairs))
        if isinstance(expr.right, tree.Quantified):
            return self._quantified(expr.operator, expr.left, expr.right)
        left, right = self._alike(expr.left, expr.right)
        return operate(expr.operator, left, right)

    def _quantified(self, operator: str, left: tree.Expr, right: tree.Quantified) -> ColumnElement[bool]:
        """`x > all (…)` and `x > any (…)` by existence, which every store knows."""
        inner = self.compiler.subquery(right.query, self.scope).statement.subquery()
        holds = operate(operator, self.value(left).column, inner.c[0])
        if right.kind == "all":
            return not_(exists(select(literal(1)).select_from(inner).where(holds.is_not(true()))))
        return exists(select(literal(1)).select_from(inner).where(holds))

    def _alike(self, first: tree.Expr, second: tree.Expr) -> tuple[Any, Any]:
        """Both sides in one type: literals and parameters take that of the other side."""
        if untyped(first) and not untyped(second):
            right = self.value(second)
            return self.value(first, right.kind).column, right.column
        left = self.value(first)
        right = self.value(second, left.kind)
        if left.kind in NUMBERS and right.kind == "string":
            return left.column, cast(right.column, Double())
        if right.kind in NUMBERS and left.kind == "string":
            return cast(left.column, Double()), right.column
        return left.column, right.column

    def _class_comparison(self, expr: tree.Compare) -> ColumnElement[bool] | None:
        for subject, other in ((expr.left, expr.right), (expr.right, expr.left)):
            value = self._class_value(subject)
            if value is None:
                continue
            if expr.operator not in ("=", "!="):
                raise SyntaxFault("classes compare with = and != only", position_of(subject))
            if isinstance(other, tree.Path):
                inner = self._class_value(other)
                if inner is not None:
                    return operate(expr.operator, value.column, inner.column)
                found = value.column == self._class_name(other)
            elif isinstance(other, (tree.Literal, tree.Param)):
                # Compared with the reference's stored discriminators, which no class name equals.
                if isinstance(other, tree.Param):
                    self.compiler.binder.value(other.name)
                found = false()
            else:
                raise SyntaxFault("a class compares with a class name", position_of(other))
            return found if expr.operator == "=" else not_(found)
        return None

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
            return value.column.in_(self.compiler.binder.several(choice.name, bindable(value.kind)))
        if isinstance(choice, tuple):
            if len(choice) == 1 and isinstance(choice[0], tree.Param):
                return value.column.in_(self.compiler.binder.several(choice[0].name, bindable(value.kind)))
            constants = self._constants(choice, value)
            if constants is not None:
                return value.column.in_(constants)
            return value.column.in_([self.value(item, value.kind).column for item in choice])
        if isinstance(choice, tree.Call) and choice.name in ("elements", "indices"):
            self._count_arguments(choice, 1)
            return value.column.in_(self._members(choice.arguments[0], indices=choice.name == "indices"))
        if isinstance(choice, tree.Path):
            return value.column.in_(self._members(choice))
        raise SyntaxFault("a list, a subquery or a collection is expected behind in", position_of(expr.expr))

    def _constants(self, choice: Sequence[tree.Expr], value: Value) -> Any:
        """A long list of plain literals, which some clients write into the text; None for any other list."""
        kind = bindable(value.kind)
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
                raise SyntaxFault("escape needs one character", position_of(expr.expr))
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
