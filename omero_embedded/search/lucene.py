"""Lucene's classic query syntax as a small tree (contract/server.md, section 2.18)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<and>AND(?=[\s()]|$)|&&)|(?P<or>OR(?=[\s()]|$)|\|\|)|(?P<not>NOT(?=[\s()]|$)|!)
    |(?P<open>\()|(?P<close>\))|(?P<plus>\+)|(?P<minus>-)
    |(?P<phrase>"(?:\\.|[^"\\])*")
    |(?P<range>[\[{][^\]}]*[\]}])
    |(?P<boost>\^\d+(?:\.\d+)?)
    |(?P<fuzzy>~\d*(?:\.\d+)?)
    |(?P<term>(?:\\.|[^\s()+\-!"\[\]{}^~:\\])(?:\\.|[^\s()"\[\]{}^~:\\])*)
    |(?P<colon>:)""",
    re.VERBOSE,
)


class QuerySyntaxError(Exception):
    """The text is no query."""


@dataclass(frozen=True, slots=True)
class Term:
    """One word or pattern in a field (None: any); `distance` is that of a fuzzy term."""

    field: str | None
    text: str
    distance: int = 0


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that follow each other."""

    field: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Between:
    """A range of words or times; None is an open end."""

    field: str | None
    low: str | None
    high: str | None
    with_low: bool
    with_high: bool


@dataclass(frozen=True, slots=True)
class Clauses:
    """What must, should and must not be found; without anything that must, one of `should` has to be."""

    must: tuple[Node, ...]
    should: tuple[Node, ...]
    never: tuple[Node, ...]


Node: TypeAlias = "Term | Phrase | Between | Clauses"


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def _tokens(text: str) -> list[_Token]:
    tokens = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise QuerySyntaxError(f"unexpected {text[position]!r} at position {position + 1}")
        kind = str(match.lastgroup)
        if kind != "space":
            tokens.append(_Token(kind, match.group()))
        position = match.end()
    tokens.append(_Token("end", ""))
    return tokens


def unescape(text: str) -> str:
    """A term without the backslashes that protect its characters."""
    return re.sub(r"\\(.)", r"\1", text)


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.index = 0

    @property
    def kind(self) -> str:
        return self.tokens[self.index].kind

    def take(self) -> _Token:
        token = self.tokens[self.index]
        self.index += 1
        return token

    def clauses(self, field: str | None, depth: int = 0) -> Clauses:
        if depth > 50:
            raise QuerySyntaxError("nested too deeply")
        parts: list[tuple[str, Node]] = []
        joiner = ""
        while self.kind not in ("end", "close"):
            if self.kind in ("and", "or"):
                if not parts or joiner:
                    raise QuerySyntaxError(f"unexpected {self.take().text}")
                joiner = self.take().kind
                continue
            sign = {"plus": "must", "minus": "never", "not": "never"}.get(self.kind, "")
            if sign:
                self.take()
            node = self.clause(field, depth)
            parts.append((self.place(parts, joiner, sign), node))
            joiner = ""
        if joiner:
            raise QuerySyntaxError("nothing follows the last operator")
        places: dict[str, list[Node]] = {"must": [], "should": [], "never": []}
        for place, node in parts:
            places[place].append(node)
        return Clauses(*(tuple(places[place]) for place in ("must", "should", "never")))

    def place(self, parts: list[tuple[str, Node]], joiner: str, sign: str) -> str:
        """Where a clause goes; AND makes its left neighbour obligatory too."""
        if joiner == "and" and parts and parts[-1][0] == "should":
            parts[-1] = ("must", parts[-1][1])
        if sign:
            return sign
        return "must" if joiner == "and" else "should"

    def clause(self, field: str | None, depth: int) -> Node:
        token = self.take()
        if token.kind == "term" and self.kind == "colon":
            self.take()
            if self.kind in ("end", "close", "colon"):
                raise QuerySyntaxError(f"nothing follows {token.text}:")
            return self.clause(unescape(token.text), depth)
        node: Node
        if token.kind == "open":
            node = self.clauses(field, depth + 1)
            if self.kind != "close":
                raise QuerySyntaxError("a parenthesis is not closed")
            self.take()
        elif token.kind == "phrase":
            node = Phrase(field, unescape(token.text[1:-1]))
        elif token.kind == "range":
            node = self.between(field, token.text)
        elif token.kind == "term":
            node = Term(field, token.text)
        else:
            raise QuerySyntaxError(f"unexpected {token.text or 'end of the query'}")
        if self.kind == "fuzzy":
            fuzzy = self.take().text[1:]
            if isinstance(node, Term):
                distance = 2 if not fuzzy or float(fuzzy) < 1 else min(int(float(fuzzy)), 2)
                node = Term(node.field, node.text, distance)
        if self.kind == "boost":
            self.take()
        return node

    def between(self, field: str | None, text: str) -> Between:
        ends = text[1:-1].split(" TO ")
        if len(ends) != 2 or not all(end.strip() for end in ends):
            raise QuerySyntaxError(f"{text} is no range: write [a TO b]")
        low, high = (None if end.strip() == "*" else end.strip().strip('"') for end in ends)
        return Between(field, low, high, text[0] == "[", text[-1] == "]")


def parse(text: str) -> Clauses:
    """The tree of a query. Raises QuerySyntaxError."""
    parser = _Parser(text)
    found = parser.clauses(None)
    if parser.kind != "end":
        raise QuerySyntaxError("unexpected )")
    return found


def is_pattern(text: str) -> bool:
    """The term has wildcards."""
    return bool(re.search(r"(?<!\\)[*?]", text))


def starts_with_wildcard(node: Node) -> bool:
    """Some term of the query begins with a wildcard."""
    if isinstance(node, Clauses):
        return any(starts_with_wildcard(part) for part in (*node.must, *node.should, *node.never))
    return isinstance(node, Term) and node.text[:1] in ("*", "?")
