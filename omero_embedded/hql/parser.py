"""From tokens to the syntax tree: recursive descent, since most keywords are also names (contract/hql.md, section 2)."""

from __future__ import annotations

from functools import lru_cache

from . import tree
from .tokens import SyntaxFault, Token, tokenize

AGGREGATES = ("count", "sum", "avg", "min", "max")
COMPARISONS = {"=": "=", "!=": "!=", "<>": "!=", "^=": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">="}
_BULK = ("update", "delete", "insert")
_NO_ALIAS = frozenset(
    {"where", "group", "order", "having", "join", "inner", "left", "right", "full", "outer", "cross", "with", "fetch",
     "from", "on", "asc", "desc", "and", "or", "not", "is", "in", "like", "between", "then", "when", "else", "nulls"}
)  # fmt: skip
"""Words that never serve as an alias without `as`, unless what follows makes them one."""
_MAX_DEPTH = 80
LONG_TEXT = 20_000
"""Longer queries spell out lists of ids: they are not asked again and not worth keeping."""


class BulkStatement(Exception):
    """An update, delete or insert, which is refused."""


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = tokenize(text)
        self.index = 0
        self.depth = 0

    # -- tokens ---------------------------------------------------------------------------------------------------

    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    def ahead(self, count: int = 1) -> Token:
        return self.tokens[min(self.index + count, len(self.tokens) - 1)]

    def fault(self, message: str | None = None) -> SyntaxFault:
        token = self.token
        shown = f"unexpected {token.text!r}" if token.text else "unexpected end of the query"
        return SyntaxFault(message or shown, token.position)

    def is_word(self, *words: str) -> bool:
        return self.token.kind == "name" and self.token.word in words

    def is_op(self, *operators: str) -> bool:
        return self.token.kind == "operator" and self.token.text in operators

    def word(self, *words: str) -> bool:
        if self.is_word(*words):
            self.index += 1
            return True
        return False

    def op(self, *operators: str) -> bool:
        if self.is_op(*operators):
            self.index += 1
            return True
        return False

    def need_word(self, word: str) -> None:
        if not self.word(word):
            raise self.fault()

    def need_op(self, operator: str) -> None:
        if not self.op(operator):
            raise self.fault()

    def name(self) -> str:
        if self.token.kind != "name":
            raise self.fault()
        self.index += 1
        return self.tokens[self.index - 1].text

    def path(self) -> tree.Path:
        position = self.token.position
        parts = [self.name()]
        while self.op("."):
            parts.append(self.name())
        return tree.Path(tuple(parts), position)

    def alias(self) -> str | None:
        if self.word("as"):
            return self.name()
        if self.token.kind == "name" and self._may_be_alias():
            return self.name()
        return None

    def _may_be_alias(self) -> bool:
        word, after = self.token.word, self.ahead()
        if word not in _NO_ALIAS:
            return True
        if word in ("group", "order"):
            return after.word != "by"
        if word == "full":
            return after.word not in ("join", "outer")
        return False

    # -- queries --------------------------------------------------------------------------------------------------

    def statement(self) -> tree.Query:
        if self.is_word(*_BULK):
            raise BulkStatement(self.token.word)
        query = self.query()
        if self.token.kind != "end":
            raise self.fault()
        return query

    def query(self) -> tree.Query:
        self._deeper()
        items: tuple[tree.Item, ...] = ()
        distinct, instantiation = False, None
        if self.word("select"):
            distinct = self.word("distinct")
            if self.is_word("new") and self.ahead().kind == "name":
                self.index += 1
                instantiation = str(self.path()).lower()
                if instantiation not in ("map", "list"):
                    raise self.fault(f"select new {instantiation} is not supported, use map or list")
                self.need_op("(")
                items = self._items()
                self.need_op(")")
                self.alias()
            else:
                items = self._items()
        self.need_word("from")
        ranges = [self._range()]
        while self.op(","):
            ranges.append(self._range())
        where = self.expr() if self.word("where") else None
        group: tuple[tree.Expr, ...] = ()
        having = None
        if self.is_word("group") and self.ahead().word == "by":
            self.index += 2
            group = self._list()
        if self.word("having"):
            having = self.expr()
        order: tuple[tree.Order, ...] = ()
        if self.is_word("order") and self.ahead().word == "by":
            self.index += 2
            order = self._orders()
        self.depth -= 1
        return tree.Query(tuple(ranges), items, distinct, instantiation, where, group, having, order)

    def _deeper(self) -> None:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise self.fault("nested too deeply")

    def _items(self) -> tuple[tree.Item, ...]:
        items = [self._item()]
        while self.op(","):
            items.append(self._item())
        return tuple(items)

    def _item(self) -> tree.Item:
        expr = self.expr()
        return tree.Item(expr, self.alias())

    def _orders(self) -> tuple[tree.Order, ...]:
        orders = []
        while True:
            expr = self.expr()
            descending = self.word("desc")
            if not descending:
                self.word("asc")
            orders.append(tree.Order(expr, descending))
            if not self.op(","):
                return tuple(orders)

    def _list(self) -> tuple[tree.Expr, ...]:
        several = [self.expr()]
        while self.op(","):
            several.append(self.expr())
        return tuple(several)

    def _range(self) -> tree.Range:
        entity = self.path()
        alias = self.alias()
        joins = []
        while (kind := self._join_kind()) is not None:
            fetch = self.word("fetch")
            path = self.path()
            name = self.alias()
            condition = self.expr() if self.word("with") else None
            joins.append(tree.Join(kind, fetch, path, name, condition))
        return tree.Range(entity, alias, tuple(joins))

    def _join_kind(self) -> str | None:
        if self.word("join"):
            return "inner"
        if self.is_word("inner") and self.ahead().word == "join":
            self.index += 2
            return "inner"
        if self.is_word("left", "right", "full"):
            kind = self.token.word
            self.index += 1
            self.word("outer")
            self.need_word("join")
            return kind
        return None

    # -- expressions ----------------------------------------------------------------------------------------------

    def expr(self) -> tree.Expr:
        self._deeper()
        terms = [self._and()]
        while self.word("or"):
            terms.append(self._and())
        self.depth -= 1
        return terms[0] if len(terms) == 1 else tree.Logic("or", tuple(terms))

    def _and(self) -> tree.Expr:
        terms = [self._not()]
        while self.word("and"):
            terms.append(self._not())
        return terms[0] if len(terms) == 1 else tree.Logic("and", tuple(terms))

    def _not(self) -> tree.Expr:
        if self.is_word("not") and self.ahead().text != ".":
            self.index += 1
            self._deeper()
            inner = self._not()
            self.depth -= 1
            return tree.Not(inner)
        return self._predicate()

    def _predicate(self) -> tree.Expr:
        left = self._sum()
        if self.token.kind == "operator" and self.token.text in COMPARISONS:
            operator = COMPARISONS[self.token.text]
            self.index += 1
            return tree.Compare(operator, left, self._sum())
        if self.word("is"):
            negated = self.word("not")
            found: tree.Expr
            if self.word("null"):
                found = tree.IsNull(left)
            elif self.word("empty"):
                found = tree.IsEmpty(left)
            else:
                found = tree.Compare("=", left, self.path())
            return tree.Not(found) if negated else found
        negated = False
        if self.is_word("not") and self.ahead().word in ("in", "like", "between", "member"):
            self.index += 1
            negated = True
        found_rest = self._rest(left)
        if found_rest is None:
            if negated:
                raise self.fault()
            return left
        return tree.Not(found_rest) if negated else found_rest

    def _rest(self, left: tree.Expr) -> tree.Expr | None:
        if self.word("in"):
            return tree.In(left, self._choice())
        if self.word("like"):
            pattern = self._sum()
            return tree.Like(left, pattern, self._sum() if self.word("escape") else None)
        if self.word("between"):
            low = self._sum()
            self.need_word("and")
            return tree.Between(left, low, self._sum())
        if self.is_word("member"):
            self.index += 1
            self.word("of")
            return tree.MemberOf(left, self.path())
        return None

    def _choice(self) -> tuple[tree.Expr, ...] | tree.Query | tree.Expr:
        if self.op("("):
            if self._at_query():
                query = self.query()
                self.need_op(")")
                return query
            several = self._list()
            self.need_op(")")
            return several
        return self._primary()

    def _at_query(self) -> bool:
        if self.is_word("select"):
            return True
        return self.is_word("from") and self.ahead().kind == "name"

    def _sum(self) -> tree.Expr:
        left = self._product()
        while self.is_op("+", "-", "||"):
            operator = self.token.text
            self.index += 1
            left = tree.Arithmetic(operator, left, self._product())
        return left

    def _product(self) -> tree.Expr:
        left = self._unary()
        while self.is_op("*", "/", "%"):
            operator = self.token.text
            self.index += 1
            left = tree.Arithmetic(operator, left, self._unary())
        return left

    def _unary(self) -> tree.Expr:
        if self.op("-"):
            self._deeper()
            inner = self._unary()
            self.depth -= 1
            return tree.Negative(inner)
        if self.op("+"):
            return self._unary()
        return self._primary()

    def _primary(self) -> tree.Expr:
        token = self.token
        if token.kind == "number":
            self.index += 1
            return tree.Literal(token.value[0], token.value[1], token.position)
        if token.kind == "string":
            self.index += 1
            return tree.Literal(token.value, "string", token.position)
        if token.kind == "parameter":
            self.index += 1
            return tree.Param(token.value)
        if self.is_op("?"):
            raise self.fault("positional parameters are not supported, name them")
        if self.op("("):
            return self._parentheses()
        if token.kind != "name":
            raise self.fault()
        special = self._keyword(token)
        if special is not None:
            return special
        path = self.path()
        if self.op("("):
            return self._call(path)
        return path

    def _parentheses(self) -> tree.Expr:
        if self._at_query():
            query = self.query()
            self.need_op(")")
            return tree.Subquery(query)
        several = self._list()
        self.need_op(")")
        return several[0] if len(several) == 1 else tree.Tuple(several)

    def _call(self, path: tree.Path) -> tree.Expr:
        if len(path.parts) > 1:
            raise SyntaxFault(f"{path} is no function", path.position)
        name = path.parts[0].lower()
        if name in AGGREGATES:
            distinct = self.word("distinct")
            if self.op("*"):
                self.need_op(")")
                return tree.Aggregate(name, None, distinct)
            argument = self.expr()
            self.need_op(")")
            return tree.Aggregate(name, argument, distinct)
        arguments: tuple[tree.Expr, ...] = ()
        if not self.is_op(")"):
            arguments = self._list()
        self.need_op(")")
        return tree.Call(name, arguments, path.position)

    def _keyword(self, token: Token) -> tree.Expr | None:
        """Constructs that begin with a word; None when the word is a name here."""
        word, after = token.word, self.ahead()
        if after.text == ".":
            return None
        if word in ("true", "false", "null"):
            self.index += 1
            value = {"true": True, "false": False, "null": None}[word]
            return tree.Literal(value, "null" if value is None else "bool", token.position)
        if word == "case" and after.kind != "end" and after.text not in (")", ",", "="):
            self.index += 1
            return self._case()
        if word == "exists":
            self.index += 1
            return self._exists()
        if after.text != "(":
            if word in _NO_ALIAS | {"select", "distinct"} and word not in (
                "group",
                "order",
                "full",
                "left",
                "right",
            ):
                raise self.fault()
            return None
        if word == "cast":
            self.index += 2
            expr = self.expr()
            self.need_word("as")
            name = self.name()
            self.need_op(")")
            return tree.Cast(expr, name.lower(), token.position)
        if word == "extract":
            self.index += 2
            name = self.name()
            self.need_word("from")
            expr = self.expr()
            self.need_op(")")
            return tree.Extract(name.lower(), expr, token.position)
        if word == "trim":
            return self._trim()
        if word in ("all", "any", "some"):
            self.index += 2
            query = self.query()
            self.need_op(")")
            return tree.Quantified(word, query)
        return None

    def _trim(self) -> tree.Expr | None:
        """`trim([leading|trailing|both] ['c'] from x)`; None for a plain call."""
        start, side = self.index, "both"
        position = self.token.position
        self.index += 2
        if self.is_word("leading", "trailing", "both") and (
            self.ahead().kind == "string" or self.ahead().word == "from"
        ):
            side = self.token.word
            self.index += 1
        character = tree.Literal(" ", "string")
        if self.token.kind == "string" and self.ahead().word == "from":
            character = tree.Literal(self.token.value, "string", self.token.position)
            self.index += 1
        if not self.word("from"):
            self.index = start
            return None
        subject = self.expr()
        self.need_op(")")
        name = {"both": "trim", "leading": "ltrim", "trailing": "rtrim"}[side]
        return tree.Call(name, (subject, character), position)

    def _case(self) -> tree.Expr:
        operand = None if self.is_word("when") else self.expr()
        whens = []
        while self.word("when"):
            condition = self.expr()
            self.need_word("then")
            whens.append((condition, self.expr()))
        if not whens:
            raise self.fault()
        otherwise = self.expr() if self.word("else") else None
        self.need_word("end")
        return tree.Case(operand, tuple(whens), otherwise)

    def _exists(self) -> tree.Expr:
        if self.op("("):
            if self._at_query():
                query = self.query()
                self.need_op(")")
                return tree.Exists(query)
            inner = self.path()
            self.need_op(")")
            return tree.Exists(inner)
        path = self.path()
        if self.op("("):
            called = self._call(path)
            if not isinstance(called, tree.Call):
                raise SyntaxFault("exists needs a subquery or a collection", path.position)
            return tree.Exists(called)
        return tree.Exists(path)


def parse(text: str) -> tree.Query:
    """The syntax tree of a query. Raises SyntaxFault, or BulkStatement for a statement that would write."""
    return _remembered(text) if len(text) <= LONG_TEXT else _Parser(text).statement()


@lru_cache(maxsize=1000)
def _remembered(text: str) -> tree.Query:
    return _Parser(text).statement()
