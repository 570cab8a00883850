"""From a Lucene query to one SQL statement that gives ids in order of relevance."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Double,
    Integer,
    Select,
    and_,
    bindparam,
    cast,
    column,
    false,
    func,
    not_,
    or_,
    select,
    text,
    true,
    union_all,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import TSQUERY

from ..model.tables import table_of
from .lucene import Between, Clauses, Node, Phrase, QuerySyntaxError, Term, is_pattern, unescape
from .tables import SEARCH_TEXT, SEARCH_WORD
from .words import words

MOST_WORDS = 1024
_PEOPLE = {
    "details.owner.omeName": ("owner_id", "Experimenter", "omename"),
    "details.owner.firstName": ("owner_id", "Experimenter", "firstname"),
    "details.owner.lastName": ("owner_id", "Experimenter", "lastname"),
    "details.group.name": ("group_id", "ExperimenterGroup", "name"),
}
_EVENTS = {"details.creationEvent": "creation_id", "details.updateEvent": "update_id"}


class TooManyClauses(Exception):
    """A pattern stands for more words than one query may have."""


class Matcher:
    """Translates the queries for objects of one type."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self._name = name
        self._table = table_of(name)
        self._leaves: list[Any] = []

    def statement(self, query: Node, conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
        """Ids of the objects that match, the best first. Raises TooManyClauses."""
        matches = self._condition(query, positive=True)
        table = self._table
        found = select(table.c.id).where(matches, *conditions)
        if not self._leaves:
            return found.order_by(table.c.id.desc())
        scores = union_all(*self._leaves).subquery("leaves")
        score = (
            select(scores.c.object_id, func.sum(scores.c.score).label("score"))
            .group_by(scores.c.object_id)
            .subquery("scores")
        )
        return found.join(score, score.c.object_id == table.c.id, isouter=True).order_by(
            func.coalesce(score.c.score, 0).desc(), table.c.id.desc()
        )

    def _condition(self, node: Node, *, positive: bool) -> ColumnElement[bool]:
        if isinstance(node, Clauses):
            return self._clauses(node, positive=positive)
        field = node.field
        if field is not None:
            special = self._special(node, field)
            if special is not None:
                return special
        if isinstance(node, Between):
            return self._any_of(field, self._between_words(node), positive=positive)
        found = words(unescape(node.text))
        if isinstance(node, Term) and (is_pattern(node.text) or node.distance):
            return self._any_of(field, self._expanded(node), positive=positive)
        if not found:
            return false()
        return self._match(field, _phrase(found), positive=positive)

    def _clauses(self, node: Clauses, *, positive: bool) -> ColumnElement[bool]:
        parts = [self._condition(part, positive=positive) for part in node.must]
        should = [self._condition(part, positive=positive) for part in node.should]
        if should and not parts:
            parts.append(or_(*should))
        if not parts:
            # Only exclusions find nothing, as in Lucene.
            return false()
        return and_(*parts, *(not_(self._condition(part, positive=False)) for part in node.never))

    # -- words ----------------------------------------------------------------------------------------------------

    def _any_of(self, field: str | None, found: Sequence[str], *, positive: bool) -> ColumnElement[bool]:
        if not found:
            return false()
        return self._match(field, " OR ".join(_phrase([word]) for word in found), positive=positive)

    def _match(self, field: str | None, expression: str, *, positive: bool) -> ColumnElement[bool]:
        leaf = self._leaf(field, expression)
        if positive:
            self._leaves.append(leaf)
        matched = leaf.subquery()
        return self._table.c.id.in_(select(matched.c.object_id))

    def _leaf(self, field: str | None, expression: str) -> Select[Any]:
        """Objects with a text that matches, and how well it does. expression: FTS5 syntax of quoted words."""
        mine = [SEARCH_TEXT.c.entity == self._name]
        if field is not None:
            mine.append(SEARCH_TEXT.c.field == field)
        if self._connection.dialect.name == "sqlite":
            hits = (
                text("select rowid as id, -rank as score from search_fts where search_fts match :expression")
                .bindparams(bindparam("expression", expression, unique=True))
                .columns(column("id", Integer), column("score", Double))
                .subquery()
            )
            joined = select(SEARCH_TEXT.c.object_id, hits.c.score).join(hits, hits.c.id == SEARCH_TEXT.c.id)
            return joined.where(*mine)
        wanted = cast(_tsquery(expression), TSQUERY)
        score = func.ts_rank(SEARCH_TEXT.c.vector, wanted).label("score")
        return select(SEARCH_TEXT.c.object_id, score).where(SEARCH_TEXT.c.vector.op("@@")(wanted), *mine)

    def _expanded(self, term: Term) -> list[str]:
        """Words that a pattern or a fuzzy term stands for."""
        if term.distance:
            exact = "".join(words(unescape(term.text)))
            low, high = max(1, len(exact) - term.distance), len(exact) + term.distance
            statement = select(SEARCH_WORD.c.word).where(
                func.length(SEARCH_WORD.c.word).between(low, high), SEARCH_WORD.c.word.like(f"{exact[:1]}%")
            )
            rows = self._connection.execute(statement)
            return self._limited([row[0] for row in rows if _distance(row[0], exact, term.distance)])
        pattern = "".join(_like(piece) for piece in re.findall(r"\\.|.", term.text.lower()))
        statement = (
            select(SEARCH_WORD.c.word)
            .where(SEARCH_WORD.c.word.like(pattern, escape="\\"))
            .limit(MOST_WORDS + 1)
        )
        return self._limited([row[0] for row in self._connection.execute(statement)])

    def _between_words(self, node: Between) -> list[str]:
        word = SEARCH_WORD.c.word
        conditions = []
        if node.low is not None:
            conditions.append(word >= node.low.lower() if node.with_low else word > node.low.lower())
        if node.high is not None:
            conditions.append(word <= node.high.lower() if node.with_high else word < node.high.lower())
        rows = self._connection.execute(select(word).where(*conditions).limit(MOST_WORDS + 1))
        return self._limited([row[0] for row in rows])

    def _limited(self, found: list[str]) -> list[str]:
        if len(found) > MOST_WORDS:
            raise TooManyClauses(f"TooManyClauses: a pattern stands for more than {MOST_WORDS} words")
        return found

    # -- fields that are not words --------------------------------------------------------------------------------

    def _special(self, node: Node, field: str) -> ColumnElement[bool] | None:
        """Owners, groups, events, times and ids are looked up, not indexed."""
        if field in _PEOPLE and isinstance(node, (Term, Phrase)):
            column, name, attribute = _PEOPLE[field]
            people = table_of(name)
            wanted = func.lower(people.c[attribute]) == unescape(node.text).lower()
            return self._table.c[column].in_(select(people.c.id).where(wanted))
        if field == "id" and isinstance(node, (Term, Phrase)):
            return self._table.c.id == int(node.text) if node.text.isdigit() else false()
        if field == "acquisitionDate":
            if "acquisitiondate" not in self._table.c:
                return false()
            return _in_time(self._table.c.acquisitiondate, node)
        holder, _, part = field.rpartition(".")
        if holder in _EVENTS and _EVENTS[holder] in self._table.c:
            return self._event(self._table.c[_EVENTS[holder]], part, node)
        return None

    def _event(self, reference: ColumnElement[Any], part: str, node: Node) -> ColumnElement[bool]:
        if part == "id" and isinstance(node, (Term, Phrase)):
            return reference == int(node.text) if node.text.isdigit() else false()
        if part != "time":
            return false()
        event = table_of("Event")
        return reference.in_(select(event.c.id).where(_in_time(event.c.time, node)))


def _phrase(found: Sequence[str]) -> str:
    """Words in a row, in FTS5 syntax; words hold letters and digits only."""
    return '"' + " ".join(found) + '"'


def _tsquery(expression: str) -> str:
    """The same expression in PostgreSQL's syntax."""
    alternatives = []
    for phrase in re.findall(r'"([^"]*)"', expression):
        alternatives.append("(" + " <-> ".join(f"'{word}'" for word in phrase.split(" ")) + ")")
    return " | ".join(alternatives)


def _like(piece: str) -> str:
    if piece == "*":
        return "%"
    if piece == "?":
        return "_"
    character = piece[-1]
    return f"\\{character}" if character in "%_\\" else character


def _distance(word: str, other: str, most: int) -> bool:
    """The edit distance of two words is at most `most`."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(word, 1):
        above, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (a != b))
        if min(row) > most:
            return False
    return row[-1] <= most


def _in_time(moment: ColumnElement[Any], node: Node) -> ColumnElement[bool]:
    """Times written as `yyyyMMdd` with or without `HHmmss`; a day at the end of a range counts."""
    if isinstance(node, Between):
        low = None if node.low is None else _moment(node.low)
        high = None if node.high is None else _moment(node.high, after=True)
        conditions: list[ColumnElement[bool]] = [true()]
        if low is not None:
            conditions.append(moment >= low)
        if high is not None:
            conditions.append(moment < high)
        return and_(*conditions)
    if isinstance(node, (Term, Phrase)):
        return and_(moment >= _moment(node.text), moment < _moment(node.text, after=True))
    return false()


def _moment(written: str, *, after: bool = False) -> int:
    """Milliseconds since 1970 UTC of a written time, or of the moment after the day or second it names."""
    form, length = (
        ("%Y%m%d", timedelta(days=1)) if len(written) == 8 else ("%Y%m%d%H%M%S", timedelta(seconds=1))
    )
    try:
        moment = datetime.strptime(written, form).replace(tzinfo=timezone.utc)
    except ValueError:
        raise QuerySyntaxError(f"{written!r} is no time of the form yyyyMMdd") from None
    return int((moment + length if after else moment).timestamp() * 1000)
