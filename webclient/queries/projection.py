"""One way to run a projection: in a group, with the page's parameters, as plain Python rows."""

from __future__ import annotations

from typing import Any

import omero.sys
from omero.rtypes import unwrap


def context(conn: Any, group_id: int | None = None) -> Any:
    """The connection's call context, moved to a group when one is given (-1: every readable group)."""
    options = conn.SERVICE_OPTS.copy()
    if group_id is not None:
        options.setOmeroGroup(group_id)
    return options


def rows(
    conn: Any, hql: str, params: omero.sys.ParametersI | None = None, group_id: int | None = None
) -> list[list[Any]]:
    """Rows of a projection as lists of plain values."""
    found = conn.getQueryService().projection(hql, params or omero.sys.ParametersI(), context(conn, group_id))
    return [[unwrap(value) for value in row] for row in found]


def maps(
    conn: Any, hql: str, params: omero.sys.ParametersI | None = None, group_id: int | None = None
) -> list[dict[str, Any]]:
    """Rows of a `select new map(…)` as dictionaries."""
    return [row[0] for row in rows(conn, hql, params, group_id)]


def column(
    conn: Any, hql: str, params: omero.sys.ParametersI | None = None, group_id: int | None = None
) -> list[Any]:
    """A projection of one column as a list."""
    return [row[0] for row in rows(conn, hql, params, group_id)]


def build_clause(components: list[str], name: str = "", join: str = ",") -> str:
    """`" <name> a <join> b "`, or nothing when there are no components."""
    return f" {name} {f' {join} '.join(components)} " if components else ""


def where(*conditions: str | None) -> str:
    """The conditions that apply, as a where clause."""
    return build_clause([condition for condition in conditions if condition], "where", "and")
