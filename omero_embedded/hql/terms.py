"""What conditions and functions both need: classes of entities, and members of collections (contract/hql.md, 3.6, 3.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Text, cast, exists, func, literal, select

from ..model.entities import MODEL, Entity
from ..model.tables import map_table_of, table_of
from . import tree
from .kinds import position_of
from .scope import Paths, Scope
from .tokens import SyntaxFault
from .values import Value

if TYPE_CHECKING:
    from .statement import Compiler


class Terms:
    """The ground on which `Conditions`, `Functions` and `Expressions` stand, for one scope."""

    def __init__(self, compiler: Compiler, scope: Scope) -> None:
        self.compiler = compiler
        self.scope = scope
        self.paths = Paths(scope)

    def value(self, expr: tree.Expr, hint: str | None = None) -> Value:
        """The typed value of an expression; `hint` is the kind that literals and parameters should take."""
        raise NotImplementedError

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
            raise SyntaxFault("type() needs an entity", position_of(argument))
        return self.paths.value(tree.Path((*argument.parts, "class"), argument.position))

    def _class_name(self, path: tree.Path) -> str:
        entity = MODEL.find(str(path))
        if entity is None:
            raise SyntaxFault(f"{path} is no class", path.position)
        return entity.name

    def _collection(self, expr: tree.Expr) -> Value:
        value = self.paths.value(expr) if isinstance(expr, tree.Path) else None
        if value is None or value.kind != "collection":
            raise SyntaxFault("a collection is expected", position_of(expr))
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

    def _text(self, expr: tree.Expr) -> Value:
        """An expression where a text is expected; numbers and the like are written out."""
        value = self.value(expr, "string")
        if value.kind in ("string", "unit", "class"):
            return value
        return Value("string", cast(value.column, Text()))

    def _count_arguments(self, expr: tree.Call, count: int) -> None:
        if len(expr.arguments) != count:
            raise SyntaxFault(f"{expr.name} needs {count} argument", expr.position)
