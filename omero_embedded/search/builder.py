"""Building query texts from fields, dates and words, as `Search.byLuceneQueryBuilder` does.

Source: contract/server.md, section 2.18.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_UNWANTED = re.compile(r"[^\w\s*?~\-:]", re.UNICODE)
_PIECE = re.compile(r'"[^"]*"|[^\s"]+')
DATE_TYPES = ("details.creationEvent.time", "acquisitionDate")


class BuilderError(Exception):
    """The words cannot be made a query; the message says why."""


def build(fields: Sequence[str], start: str, end: str, date_type: str, text: str) -> str:
    """A query in Lucene's syntax; empty when nothing is left to search for.

    fields: empty for all. start, end: `yyyyMMdd` or empty, the end day counts. Raises BuilderError.
    """
    dates = _dates(start, end, date_type)
    pieces = _pieces(text)
    if pieces and (pieces[0] == "AND" or pieces[-1] == "AND"):
        raise BuilderError("query: AND must stand between two words")
    groups: list[list[str]] = []
    joined = False
    for piece in pieces:
        if piece == "AND":
            joined = True
            continue
        if piece == "OR":
            joined = False
            continue
        if joined:
            groups[-1].append(piece)
        else:
            groups.append([piece])
        joined = False
    words = " OR ".join(_group([_in_fields(word, fields) for word in group]) for group in groups)
    if not words:
        return ""
    return f"({words}) AND {dates}" if dates else words


def _group(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"({' AND '.join(words)})"


def _pieces(text: str) -> list[str]:
    """Words and quoted phrases; other characters become blanks, lone wildcards go."""
    pieces: list[str] = []
    for piece in _PIECE.findall(text):
        if piece.startswith('"'):
            if piece.strip('" '):
                pieces.append(piece)
            continue
        for word in _UNWANTED.sub(" ", piece).split():
            kept = word.strip("-:")
            if kept.strip("*?~_"):
                pieces.append(kept)
    return pieces


def _in_fields(word: str, fields: Sequence[str]) -> str:
    if not fields or re.match(r"[\w.]+:.", word):
        return word
    return f"({' OR '.join(f'{field}:{word}' for field in fields)})"


def _dates(start: str, end: str, date_type: str) -> str:
    if not start and not end:
        return ""
    if date_type not in DATE_TYPES:
        raise BuilderError(f"dateType: {date_type!r} is none of {', '.join(DATE_TYPES)}")
    for name, value in (("from", start), ("to", end)):
        if value and not re.fullmatch(r"\d{8}", value):
            raise BuilderError(f"{name}: {value!r} is no date of the form yyyyMMdd")
    return f"{date_type}:[{start or '*'} TO {end or '*'}]"
