"""Search: full text over names, descriptions, annotations and files (contract/server.md, section 2.18)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, select

from .. import errors
from ..model.entities import MODEL
from ..model.materialise import Materialiser
from ..model.tables import table_of
from ..search.builder import BuilderError, build
from ..search.documents import SEARCHED
from ..search.lucene import Clauses, QuerySyntaxError, parse, starts_with_wildcard
from ..search.query import Matcher, TooManyClauses
from ..security.rights import read_condition
from .base import Call, StatefulService

BATCH_SIZE = 1000


class SearchService(StatefulService):
    """One search: options, then a query, then its results page by page."""

    def __init__(self) -> None:
        self._batch = BATCH_SIZE
        self._type: str | None = None
        self._owner: int | None = None
        self._created: tuple[int | None, int | None] = (None, None)
        self._leading_wildcard = False
        self._case_sensitive = False
        self._query: Clauses | None = None
        self._offset = 0
        self._page: list[int] | None = None

    # -- options --------------------------------------------------------------------------------------------------

    def setBatchSize(self, call: Call, size: int) -> None:
        """Number of objects a page of results holds."""
        if size < 1:
            raise errors.api_usage("size: a page holds at least one object")
        self._batch = size

    def getBatchSize(self, call: Call) -> int:
        """Number of objects a page of results holds."""
        return self._batch

    def onlyType(self, call: Call, klass: str) -> None:
        """The type to search for. Raises ApiUsageException for types that cannot be searched."""
        entity = MODEL.find(klass)
        if entity is None or entity.name not in SEARCHED:
            raise errors.api_usage(f"klass: {klass!r} cannot be searched; there are {', '.join(SEARCHED)}")
        self._type = entity.name

    def onlyOwnedBy(self, call: Call, d: Any) -> None:
        """Objects of one owner only; null lifts the restriction."""
        self._owner = None if d is None or d._owner is None or d._owner._id is None else d._owner._id.val

    def onlyCreatedBetween(self, call: Call, start: Any, stop: Any) -> None:
        """Objects whose creation event lies in a period; null is an open end."""
        self._created = (None if start is None else start.val, None if stop is None else stop.val)

    def setAllowLeadingWildcard(self, call: Call, allowLeadingWildcard: bool) -> None:
        """Terms may begin with `*` or `?`."""
        self._leading_wildcard = allowLeadingWildcard

    def isAllowLeadingWildcard(self, call: Call) -> bool:
        """Terms may begin with `*` or `?`."""
        return self._leading_wildcard

    def setCaseSensitive(self, call: Call, caseSensitive: bool) -> None:
        """Kept for clients; words are always compared in lower case."""
        self._case_sensitive = caseSensitive

    def resetDefaults(self, call: Call) -> None:
        """All options as in a new search."""
        self.__init__()  # type: ignore[misc]

    # -- queries --------------------------------------------------------------------------------------------------

    def byFullText(self, call: Call, query: str) -> None:
        """Search by a query in Lucene's syntax. Raises ApiUsageException for bad syntax."""
        if not query.strip():
            raise errors.api_usage("query: the text to search for is empty")
        if not query.strip("*? "):
            raise errors.api_usage("query: a lone wildcard finds everything; name some letters")
        self._start(query)

    def byLuceneQueryBuilder(
        self, call: Call, fields: str, _from: str, to: str, dateType: str, query: str
    ) -> None:
        """Search by words in fields, within a period. Raises ApiUsageException for misplaced AND and bad dates."""
        wanted = [field.strip() for field in fields.split(",") if field.strip()]
        try:
            text = build(wanted, _from, to, dateType, query)
        except BuilderError as error:
            raise errors.api_usage(str(error)) from error
        if text:
            self._start(text)
        else:
            self._query, self._offset, self._page = Clauses((), (), ()), 0, None

    def _start(self, text: str) -> None:
        if self._type is None:
            raise errors.api_usage(
                "onlyType must be called before a full-text query: exactly one type is searched"
            )
        try:
            parsed = parse(text)
        except QuerySyntaxError as error:
            raise errors.api_usage(f"the query {text!r} caused a parse exception: {error}") from error
        if not self._leading_wildcard and starts_with_wildcard(parsed):
            raise errors.api_usage(
                "query: a term begins with a wildcard; setAllowLeadingWildcard(true) allows it"
            )
        self._query, self._offset, self._page = parsed, 0, None

    def clearQueries(self, call: Call) -> None:
        """Forget the query and its results."""
        self._query, self._offset, self._page = None, 0, None

    # -- results --------------------------------------------------------------------------------------------------

    def hasNext(self, call: Call) -> bool:
        """There is another page of results."""
        return bool(self._next_page(call))

    def results(self, call: Call) -> list[Any]:
        """The next page, best first. Raises ApiUsageException when there is none."""
        ids = self._next_page(call)
        if not ids:
            raise errors.api_usage("there are no more results")
        self._page = None
        self._offset += len(ids)
        found = Materialiser(call.read, call.context).objects(str(self._type), ids)
        return [found[row_id] for row_id in ids if row_id in found]

    def _next_page(self, call: Call) -> list[int]:
        if self._query is None:
            raise errors.api_usage("there is no query yet")
        if self._page is None:
            self._page = self._ids(call) if (self._query.must or self._query.should) and self._type else []
        return self._page

    def _ids(self, call: Call) -> list[int]:
        assert self._type is not None
        assert self._query is not None
        try:
            statement = Matcher(call.read, self._type).statement(self._query, self._conditions(call))
        except TooManyClauses as error:
            raise errors.api_usage(str(error)) from error
        except QuerySyntaxError as error:
            raise errors.api_usage(f"the query caused a parse exception: {error}") from error
        paged = statement.limit(self._batch).offset(self._offset)
        return [row[0] for row in call.read.execute(paged)]

    def _conditions(self, call: Call) -> Sequence[ColumnElement[bool]]:
        table, event = table_of(str(self._type)), table_of("Event")
        conditions = [read_condition(call.context, table)]
        if self._owner is not None:
            conditions.append(table.c.owner_id == self._owner)
        start, stop = self._created
        bounds = [] if start is None else [event.c.time >= start]
        bounds += [] if stop is None else [event.c.time <= stop]
        if bounds:
            conditions.append(table.c.creation_id.in_(select(event.c.id).where(*bounds)))
        return conditions
