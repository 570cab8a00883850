"""Splitting a query into tokens (contract/hql.md, section 2.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<number>(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?[lLdDfF]?(?![\w.]))
    |(?P<name>[^\W\d][\w$]*)
    |(?P<string>'(?:[^']|'')*')
    |(?P<parameter>:\s*[^\W\d]\w*)
    |(?P<operator><>|!=|\^=|<=|>=|\|\||[=<>+\-*/%(),.?])""",
    re.VERBOSE,
)


class SyntaxFault(Exception):
    """The text is no query; `position` is the offset of the offending token."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


@dataclass(frozen=True, slots=True)
class Token:
    """`kind`: name, number, string, parameter, operator or end; `word` is the text in lower case."""

    kind: str
    text: str
    word: str
    value: Any
    position: int


def _number(text: str) -> tuple[Any, str]:
    suffix = text[-1].lower()
    if suffix in "df":
        return float(text[:-1]), "double"
    if any(mark in text for mark in ".eE"):
        return float(text.rstrip("lL")), "double"
    digits = text.rstrip("lL").lstrip("0") or "0"
    if len(digits) > 19 or int(digits) >= 2**63:
        raise ValueError(text)
    value = int(digits)
    return value, "int" if value < 2**31 and suffix != "l" else "long"


def tokenize(text: str) -> list[Token]:
    """Tokens of a query, an end token last. Raises SyntaxFault at a character that belongs to none."""
    tokens = []
    position = text.find("\0")
    if position >= 0:
        raise SyntaxFault("unexpected null character", position)
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            shown = "an unfinished string" if text[position] == "'" else f"unexpected {text[position]!r}"
            raise SyntaxFault(shown, position)
        kind, found = str(match.lastgroup), match.group()
        value: Any = None
        if kind == "number":
            try:
                value = _number(found)
            except ValueError:
                raise SyntaxFault(f"{found!r} is no number", position) from None
        elif kind == "string":
            value = found[1:-1].replace("''", "'")
        elif kind == "parameter":
            value = found[1:].strip()
        if kind != "space":
            tokens.append(Token(kind, found, found.lower(), value, position))
        position = match.end()
    tokens.append(Token("end", "", "", None, len(text)))
    return tokens
