"""Writing the index: the documents of changed objects are replaced in the transaction that changes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import Connection, delete, insert, select, text
from sqlalchemy.dialects import postgresql, sqlite

from .documents import Document, documents
from .tables import SEARCH_TEXT, SEARCH_WORD
from .words import words

_CHUNK = 500


def reindex(connection: Connection, name: str, ids: Iterable[int]) -> None:
    """Replace the documents of objects of one type; those that no longer exist lose theirs."""
    several = sorted(set(ids))
    forget(connection, name, several)
    rows: list[dict[str, object]] = []
    for object_id, document in documents(connection, name, several):
        rows += _rows(name, object_id, document)
        if len(rows) > _CHUNK:
            _insert(connection, rows)
            rows = []
    _insert(connection, rows)


def forget(connection: Connection, name: str, ids: Sequence[int]) -> None:
    """Remove the documents of objects."""
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        mine = (SEARCH_TEXT.c.entity == name) & SEARCH_TEXT.c.object_id.in_(chunk)
        if connection.dialect.name == "sqlite":
            gone = connection.execute(select(SEARCH_TEXT.c.id, SEARCH_TEXT.c.words).where(mine)).all()
            if gone:
                # An FTS5 table with outside content must be told what it forgets.
                statement = text(
                    "insert into search_fts(search_fts, rowid, words) values ('delete', :id, :words)"
                )
                connection.execute(statement, [{"id": row.id, "words": row.words} for row in gone])
        connection.execute(delete(SEARCH_TEXT).where(mine))


def _rows(
    name: str, object_id: int, document: Mapping[str, Document | list[str]]
) -> Iterator[dict[str, object]]:
    for field, texts in document.items():
        found = [word for one in texts for word in words(str(one))]
        if found:
            yield {"entity": name, "object_id": object_id, "field": field, "words": " ".join(found)}


def _insert(connection: Connection, rows: Sequence[dict[str, object]]) -> None:
    if not rows:
        return
    vocabulary = sorted({word for row in rows for word in str(row["words"]).split(" ")})
    if connection.dialect.name == "sqlite":
        statement = insert(SEARCH_TEXT).returning(SEARCH_TEXT.c.id, sort_by_parameter_order=True)
        ids = [row[0] for row in connection.execute(statement, rows)]
        connection.execute(
            text("insert into search_fts(rowid, words) values (:id, :words)"),
            [{"id": row_id, "words": row["words"]} for row_id, row in zip(ids, rows, strict=True)],
        )
        known = sqlite.insert(SEARCH_WORD).on_conflict_do_nothing()
        connection.execute(known, [{"word": word} for word in vocabulary])
        return
    vectors = [{**row, "vector": _vector(str(row["words"]).split(" "))} for row in rows]
    connection.execute(insert(SEARCH_TEXT), vectors)
    known_too = postgresql.insert(SEARCH_WORD).on_conflict_do_nothing()
    connection.execute(known_too, [{"word": word} for word in vocabulary])


_LAST_POSITION = 16_383


def _vector(found: Sequence[str]) -> str:
    """A tsvector literal with positions, which end at 16383 in PostgreSQL."""
    positions: dict[str, list[int]] = {}
    for position, word in enumerate(found, 1):
        places = positions.setdefault(word, [])
        if len(places) < 255:
            places.append(min(position, _LAST_POSITION))
    return " ".join(
        f"'{word}':{','.join(map(str, sorted(set(places))))}" for word, places in positions.items()
    )
