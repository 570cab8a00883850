"""Every query that omero-py's gateway builds, over its classes and options, is accepted (contract/hql.md, section 1)."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import omero.gateway
import pytest

from omero_embedded.database import Database
from omero_embedded.hql import Engine
from omero_embedded.security.context import CallContext

OPTIONS: dict[str, Any] = {
    "load_pixels": True, "load_channels": True, "load_thumbs": True, "load_images": True, "order_by": "lower(obj.name)",
    "owner": 2, "group": 3, "limit": 5, "offset": 1, "dataset": 1, "project": 1, "plate": 1, "screen": 1,
    "plateacquisition": 1, "wellsample_index": 0, "image": 1, "orphaned": True, "tagset": 3, "child_count": True,
    "load_experimentergroups": True, "experimentergroup": 3, "experimenter": 2, "load_experimenters": True,
}  # fmt: skip


def gateway_queries() -> dict[str, Any]:
    """Parameters by query text."""
    omero.gateway.refreshWrappers()
    # Building a query needs the call's options only, no server.
    connection = omero.gateway.BlitzGateway.__new__(omero.gateway.BlitzGateway)
    connection.SERVICE_OPTS = omero.gateway.ServiceOptsDict({})
    chosen = [(), *((name,) for name in OPTIONS), *itertools.combinations(OPTIONS, 2)]
    queries: dict[str, Any] = {}
    for kind, names, ids in itertools.product(omero.gateway.KNOWN_WRAPPERS, chosen, (None, [1, 2])):
        if "wellsample_index" in names and "load_images" not in names:
            continue  # the gateway then leaves out the join that its own condition needs
        if "order_by" in names and kind not in ("project", "dataset", "image", "screen", "plate"):
            continue
        options = {name: OPTIONS[name] for name in names}
        try:
            text, parameters, _ = connection.buildQuery(kind, ids, None, None, options)
        except AttributeError:
            continue  # wrappers without a class of the model, such as shares
        queries[text] = parameters.map
    return queries


@pytest.fixture(scope="module")
def queries() -> dict[str, Any]:
    return gateway_queries()


def test_queries_of_the_gateway_are_accepted(
    database: Database, context: Callable[..., CallContext], queries: dict[str, Any]
) -> None:
    engine, caller = Engine(database), context("alice", "labA")
    assert len(queries) > 200
    for text, parameters in queries.items():
        with database.read() as connection:
            engine.find_all(connection, caller, text, parameters, 0, 5)
