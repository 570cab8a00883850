"""The database: one engine, read and write transactions.

SQLite runs in WAL mode with full synchronisation, so that readers never wait and an acknowledged write survives a killed
process. Source: contract/hql.md, section 5.5; contract/model.md, section 14.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import QueuePool

from .model.tables import TABLES

WRITE_TIMEOUT = 60.0
"""Seconds that a writer waits for another one on SQLite."""
QUERY_TIMEOUT = 1000.0
"""Seconds that a query may take (contract/hql.md, section 3.11)."""
_STEPS_BETWEEN_CLOCKS = 200_000
"""SQLite's virtual machine looks at the clock once in so many instructions."""


def _sqlite_lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _sqlite_upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


def is_timeout(error: DBAPIError) -> bool:
    """The database gave a statement up because of its time limit."""
    return "interrupted" in str(error.orig) or getattr(error.orig, "sqlstate", None) == "57014"


@contextmanager
def time_limit(connection: Connection) -> Iterator[None]:
    """Statements within take `Database.query_timeout` seconds at most; PostgreSQL limits every statement itself."""
    seconds = connection.info.get("query_timeout")
    if seconds is not None:
        connection.info["deadline"] = time.monotonic() + seconds
    try:
        yield
    finally:
        connection.info.pop("deadline", None)


def _prepare_sqlite(connection: sqlite3.Connection, record: Any) -> None:
    # SQLAlchemy, not the driver, begins transactions: the driver would begin them too late to be consistent.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "case_sensitive_like=ON",
        f"busy_timeout={int(WRITE_TIMEOUT * 1000)}",
        "cache_size=-65536",
        "mmap_size=268435456",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")
    info = record.info
    connection.set_progress_handler(
        lambda: "deadline" in info and time.monotonic() > info["deadline"], _STEPS_BETWEEN_CLOCKS
    )
    connection.create_function("lower", 1, _sqlite_lower, deterministic=True)
    connection.create_function("upper", 1, _sqlite_upper, deterministic=True)


class Database:
    """Connections to the store behind `url` (an SQLAlchemy URL; SQLite or PostgreSQL)."""

    def __init__(self, url: str, *, pool_size: int = 32, query_timeout: float = QUERY_TIMEOUT) -> None:
        self.url = make_url(url)
        backend = self.url.get_backend_name()
        if backend not in ("sqlite", "postgresql"):
            raise ValueError(f"omero.embedded.db.url: {backend} is not supported, use sqlite or postgresql")
        if backend == "postgresql" and self.url.drivername == "postgresql":
            self.url = self.url.set(drivername="postgresql+psycopg")
        options: dict[str, Any] = {"pool_size": pool_size, "max_overflow": 32, "poolclass": QueuePool}
        if backend == "sqlite":
            options["connect_args"] = {
                "check_same_thread": False,
                "timeout": WRITE_TIMEOUT,
                "cached_statements": 1024,
            }
        else:
            options["pool_pre_ping"] = True
        self.engine: Engine = create_engine(self.url, **options)
        if backend == "sqlite":
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        self.query_timeout = query_timeout
        event.listen(self.engine, "connect", self._limit_queries)

    def _limit_queries(self, connection: Any, record: Any) -> None:
        if self.dialect == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"set statement_timeout = {int(self.query_timeout * 1000)}")
            connection.commit()
        else:
            record.info["query_timeout"] = self.query_timeout

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.engine.dialect.name

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One read transaction: several statements see one consistent state."""
        with self.engine.connect() as connection:
            if self.dialect == "postgresql":
                connection = connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            with connection.begin():
                yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One write transaction, committed at the end and rolled back on any exception.

        On SQLite it takes the write lock at once, so that what it reads cannot be changed under it.
        """
        with self.engine.connect() as connection:
            if self.dialect == "sqlite":
                connection = connection.execution_options(write=True)
            with connection.begin():
                yield connection

    def check_integrity(self) -> list[str]:
        """Faults that the database finds in itself; empty when it is sound (SQLite; PostgreSQL has no such check)."""
        if self.dialect != "sqlite":
            return []
        with self.engine.connect() as connection:
            faults = [row[0] for row in connection.execute(text("PRAGMA integrity_check")) if row[0] != "ok"]
            faults += [
                f"foreign key: {tuple(row)}" for row in connection.execute(text("PRAGMA foreign_key_check"))
            ]
        return faults

    def continue_ids(self, connection: Connection) -> None:
        """Let generated ids go on after the largest present one, once rows with given ids were inserted."""
        if self.dialect != "postgresql":
            return
        for table in TABLES.values():
            largest = connection.scalar(select(func.max(table.c.id)))
            if largest is not None:
                sequence = text("select setval(pg_get_serial_sequence(:table, 'id'), :largest)")
                connection.execute(sequence, {"table": f'"{table.name}"', "largest": max(largest, 1)})

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()


def _begin_sqlite(connection: Connection) -> None:
    if not connection.get_execution_options().get("write"):
        connection.exec_driver_sql("BEGIN")
        return
    deadline = time.monotonic() + WRITE_TIMEOUT
    while True:
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            return
        except OperationalError as error:
            if "locked" not in str(error.orig) or time.monotonic() > deadline:
                raise
            time.sleep(0.005)
