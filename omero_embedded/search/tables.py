"""Where the index lives: a row per object and field, and the full-text index of the store over it.

SQLite has an FTS5 table beside the rows; PostgreSQL a tsvector column. Words are split here, not by the store, so that both
find the same. `search_word` lists all words that ever occurred, for wildcards, ranges and similar spellings.
"""

from __future__ import annotations

from sqlalchemy import DDL, BigInteger, Column, Index, Integer, Table, Text, event
from sqlalchemy.dialects.postgresql import TSVECTOR

from ..model.tables import ID, METADATA, TEXT

SEARCH_TEXT = Table(
    "search_text",
    METADATA,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("entity", TEXT, nullable=False),
    Column("object_id", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
    Column("field", TEXT, nullable=False),
    Column("words", TEXT, nullable=False),
    Column("vector", TSVECTOR().with_variant(Text(), "sqlite")),
    Index(None, "entity", "object_id"),
    Index("ix_search_text_vector", "vector", postgresql_using="gin").ddl_if(dialect="postgresql"),
    sqlite_autoincrement=True,
)

SEARCH_WORD = Table("search_word", METADATA, Column("word", TEXT, primary_key=True), sqlite_with_rowid=False)

_CREATE = DDL(  # type: ignore[no-untyped-call]
    "create virtual table search_fts using fts5(words, content='search_text', content_rowid='id', "
    'tokenize="unicode61 remove_diacritics 0")'
)
_DROP = DDL("drop table if exists search_fts")  # type: ignore[no-untyped-call]

event.listen(SEARCH_TEXT, "after_create", _CREATE.execute_if(dialect="sqlite"))
event.listen(SEARCH_TEXT, "before_drop", _DROP.execute_if(dialect="sqlite"))
