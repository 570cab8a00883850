"""One opened table: checked access to the HDF5 file through omero-py's storage class.

All who open the same file share one `HdfStorage`, kept by omero-py's `HDFLIST`; its lock guards every use of libhdf5,
which is not thread-safe. What the storage class would accept and store wrongly is refused here, before the first
change. Source: contract/server.md, section 2.19.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import omero
import omero.columns
import omero.grid
import omero.rtypes
import tables
from omero.hdfstorageV2 import HDFLIST, internal_attr

from .. import errors
from .conditions import check_condition
from .inspection import inspect

LOCK = HDFLIST._lock
REPLY_LIMIT = 240_000_000
"""Bytes of the largest answer; clients take messages of 256 MB."""

_METADATA = (omero.RString, omero.RLong, omero.RInt, omero.RFloat)
_BYTES = {omero.grid.BoolColumn: 1, omero.grid.FloatArrayColumn: 4, omero.grid.MaskColumn: 48}


class TableStorage:
    """A hold on the table file at `path`, until `release`."""

    def __init__(self, path: Path, adapter: Any) -> None:
        self._adapter = adapter
        with LOCK:
            if not _is_open(path):
                inspect(path)
            self._storage = HDFLIST.getOrCreate(str(path), self)
            self._stamp = time.time()

    @property
    def modified(self) -> bool:
        """The file was changed since it was opened, by whomever."""
        return bool(self._storage.modified())

    def release(self) -> bool:
        """Give the hold back; true when it was the last and the file is closed."""
        return int(self._storage.decr(self)) == 0

    def initialize(self, columns: Sequence[Any]) -> None:
        """Create the columns. Raises ApiUsageException for bad ones and when there are some already."""
        with LOCK:
            if self._is_initialized():
                raise errors.api_usage("the table is initialized already")
            _check_definition(columns)
            self._storage.initialize(columns)

    def headers(self) -> list[Any]:
        """The columns without values."""
        return list(self._storage.cols(None, self._current({})))

    def rows(self) -> int:
        """Number of rows."""
        return int(self._storage.rows())

    def append(self, columns: Sequence[Any]) -> None:
        """Add rows: every column of the table once, all equally long."""
        with LOCK:
            headers = self.headers()
            named = _by_name(columns)
            missing = [header.name for header in headers if header.name not in named]
            if missing or len(named) != len(headers):
                expected = ", ".join(header.name for header in headers)
                raise errors.api_usage(f"cols: every column of the table is needed, and no other: {expected}")
            ordered = [_fitting(header, named[header.name]) for header in headers]
            if len({column.getsize() for column in ordered}) != 1:
                raise errors.api_usage("cols: all columns must be equally long")
            for column in ordered:
                # Raises for texts and arrays that do not fit, before anything is stored.
                column.arrays()
            self._storage.append(ordered)

    def update(self, data: Any) -> None:
        """Overwrite the values of some columns in the rows `data.rowNumbers`."""
        with LOCK:
            self._check_rows(data.rowNumbers)
            headers = {header.name: header for header in self.headers()}
            for name, column in _by_name(data.columns).items():
                if name not in headers:
                    raise errors.api_usage(f"columns: the table has no column {name!r}")
                if isinstance(column, omero.grid.MaskColumn):
                    raise errors.api_usage(f"columns: {name!r} holds masks, which cannot be overwritten")
                fitting = _fitting(headers[name], column)
                if fitting.getsize() != len(data.rowNumbers):
                    raise errors.api_usage(f"columns: {name!r} must have one value for each row number")
                fitting.arrays()
            if data.rowNumbers:
                self._storage.update(self._stamp, data)

    def read(self, columns: Sequence[int], start: int, stop: int, ctx: Mapping[str, str]) -> Any:
        """Rows `start` up to, not including, `stop`; 0 and 0 are all rows."""
        with LOCK:
            count = self.rows()
            if start == 0 and stop == 0:
                stop = count
            if not 0 <= start <= stop <= count:
                raise errors.api_usage(f"start, stop: {start} to {stop} is no range of the {count} rows")
            self._check_columns(columns)
            self._check_size(columns, stop - start)
            return self._storage.read(self._stamp, list(columns), start, stop, self._current(ctx))

    def slice(self, columns: Sequence[int], rows: Sequence[int], ctx: Mapping[str, str]) -> Any:
        """Some rows of some columns; none named are all."""
        with LOCK:
            chosen = list(columns) or list(range(len(self.headers())))
            count = self.rows()
            self._check_columns(chosen)
            self._check_rows(rows)
            self._check_size(chosen, len(rows) or count)
            if not rows:
                return self._storage.read(self._stamp, chosen, 0, count, self._current(ctx))
            return self._storage.slice(self._stamp, chosen, list(rows), self._current(ctx))

    def read_coordinates(self, rows: Sequence[int], ctx: Mapping[str, str]) -> Any:
        """All columns of some rows."""
        if not rows:
            raise errors.api_usage("rowNumbers: must not be empty")
        return self.slice((), rows, ctx)

    def where(
        self, condition: str, variables: Mapping[str, Any] | None, start: int, stop: int, step: int
    ) -> list[int]:
        """Numbers of the rows that fulfil a condition; a `stop` or `step` of 0 is the default.

        start, stop: as in a slice of Python, so that negative numbers count from the end.
        variables: values used in the condition by name; a text names a column.
        """
        check_condition(condition)
        with LOCK:
            names = {header.name for header in self.headers()}
            plain = omero.rtypes.unwrap(variables) or {}
            for name, value in plain.items():
                if isinstance(value, str) and value not in names:
                    raise errors.api_usage(f"variables: {name!r} names the unknown column {value!r}")
                if not isinstance(value, (str, bool, int, float)):
                    raise errors.api_usage(f"variables: {name!r} must be a number or the name of a column")
            if step < 0:
                raise errors.api_usage("step: must not be negative")
            try:
                found = self._storage.getWhereList(
                    self._stamp, condition, plain, None, start, stop or self.rows(), step or None
                )
            except (NotImplementedError, KeyError, AttributeError, RecursionError) as error:
                raise errors.api_usage(f"condition: Bad condition: {condition[:200]}: {error}") from error
            return list(found)

    def metadata(self) -> dict[str, Any]:
        """All metadata of the table."""
        return dict(self._storage.get_meta_map())

    def set_metadata(self, values: Mapping[str, Any], *, replace: bool = False) -> None:
        """Set metadata: texts, whole numbers and single-precision numbers; `replace` drops the others."""
        for key, value in values.items():
            if not key or internal_attr(key) or tables.attributeset.issysattrname(key):
                raise errors.api_usage(f"key: {key!r} is reserved")
            if not isinstance(value, _METADATA):
                raise errors.validation(f"value: {key!r} must be an RString, RLong, RInt or RFloat")
        self._storage.add_meta_map(dict(values), replace=replace)

    def _current(self, ctx: Mapping[str, str]) -> Any:
        """What the storage class reads of an Ice `Current`."""
        return SimpleNamespace(adapter=self._adapter, ctx=dict(ctx))

    def _is_initialized(self) -> bool:
        try:
            self._storage.rows()
        except omero.ApiUsageException:
            return False
        return True

    def _check_columns(self, columns: Sequence[int]) -> None:
        width = len(self.headers())
        if not columns:
            raise errors.api_usage("colNumbers: must not be empty")
        for number in columns:
            if not 0 <= number < width:
                raise errors.api_usage(f"colNumbers: there is no column {number}; the table has {width}")

    def _check_rows(self, rows: Sequence[int]) -> None:
        count = self.rows()
        if rows and not (min(rows) >= 0 and max(rows) < count):
            raise errors.api_usage(f"rowNumbers: {min(rows)} to {max(rows)} is not within the {count} rows")

    def _check_size(self, columns: Sequence[int], rows: int) -> None:
        headers = self.headers()
        expected = rows * (8 + sum(_width(headers[number]) for number in columns))
        if expected > REPLY_LIMIT:
            raise errors.api_usage(f"{rows} rows are too many for one answer; read the table in pieces")


def _is_open(path: Path) -> bool:
    return str(path) in HDFLIST._HdfList__paths


def _check_definition(columns: Sequence[Any]) -> None:
    """Raises ApiUsageException for columns that PyTables could not create: nothing must be left half made."""
    if not columns:
        raise errors.api_usage("cols: at least one column is needed")
    named = _by_name(columns)
    for name in named:
        if not name or internal_attr(name):
            raise errors.api_usage(f"cols: {name!r} is no name for a column")
    if len(named) != len(columns):
        raise errors.api_usage("cols: two columns have the same name")
    try:
        tables.Description(omero.columns.columns2definition(columns))
    except (ValueError, TypeError, NameError) as error:
        raise errors.api_usage(f"cols: {error}") from error


def _by_name(columns: Sequence[Any]) -> dict[str, Any]:
    if any(not isinstance(column, omero.columns.AbstractColumn) for column in columns):
        raise errors.api_usage("cols: must be columns of one of the types that hold values")
    return {column.name: column for column in columns}


def _fitting(header: Any, column: Any) -> Any:
    """The client's column, of the table's own width. Raises ApiUsageException when its type is another."""
    if type(column) is not type(header):
        kind = header.ice_id().rpartition("::")[2]
        raise errors.api_usage(f"cols: {column.name!r} must be a {kind}")
    if hasattr(header, "size"):
        column.size = header.size
    return column


def _width(header: Any) -> int:
    """Least bytes that one value takes in an answer."""
    if isinstance(header, omero.grid.StringColumn):
        return 1
    for kind, size in _BYTES.items():
        if isinstance(header, kind):
            return size * int(getattr(header, "size", 1))
    return 8 * int(getattr(header, "size", 1))
