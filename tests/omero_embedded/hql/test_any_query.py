"""Whatever is asked, the answer is a result or a ServerError of the right class; never another exception."""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any

import omero
import omero.clients
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omero_embedded.database import Database
from omero_embedded.hql import Engine
from omero_embedded.security.context import CallContext

from .conftest import DOCUMENT

PARAMETERS: dict[str, Any] = {
    "id": 1,
    "ids": [1, 2, 3],
    "name": "a1.tif",
    "none": [],
    "time": 5,
    "big": 2**70,
}
SETTINGS = settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

paths = st.sampled_from(
    [
        "i",
        "i.id",
        "i.name",
        "i.archived",
        "i.series",
        "i.fileset",
        "i.fileset.id",
        "i.fileset.templatePrefix",
        "i.pixels",
        "i.pixels.sizeX",
        "i.details",
        "i.details.owner",
        "i.details.owner.id",
        "i.details.owner.lastName",
        "i.details.creationEvent.time",
        "i.class",
        "i.details.permissions",
        "i.acquisitionDate",
        "i.nothing",
        "p",
        "p.physicalSizeX",
        "p.physicalSizeX.value",
        "p.physicalSizeX.unit",
        "p.sizeX",
        "p.pixelsType.value",
        "l",
        "l.child",
        "l.child.textValue",
        "l.child.mapValue",
        "l.parent.name",
        "x.id",
        "name",
        "id",
        "sizeX",
    ]
)
literals = st.one_of(
    st.sampled_from(
        ["1", "2.5", "-3", "0", "'a1.tif'", "'it''s'", "true", "null", "1e3", "7L", "99999999999999999999"]
    ),
    st.sampled_from([f":{name}" for name in (*PARAMETERS, "missing")]),
)
leaves = st.one_of(paths, literals)


def _inside(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    one = st.sampled_from(
        [
            "lower",
            "upper",
            "length",
            "size",
            "index",
            "maxIndex",
            "abs",
            "str",
            "type",
            "year",
            "trim",
            "elements",
            "sqrt",
            "bogus",
        ]
    )
    two = st.sampled_from(["coalesce", "nullif", "concat", "substring", "locate", "mod", "minElement"])
    aggregate = st.sampled_from(["count(", "count(distinct ", "sum(", "max(", "avg("])
    return st.one_of(
        st.builds("{}({})".format, one, inner),
        st.builds("{}({}, {})".format, two, inner, inner),
        st.builds("{}{})".format, aggregate, inner),
        st.builds("{} {} {}".format, inner, st.sampled_from(["+", "-", "*", "/", "%", "||"]), inner),
        st.builds(
            "cast({} as {})".format, inner, st.sampled_from(["string", "long", "double", "text", "thing"])
        ),
        st.builds("case when {} = 1 then {} else {} end".format, inner, inner, inner),
        st.builds("(select {} from Pixels q where q.image = {})".format, st.just("count(q)"), inner),
        st.builds("({})".format, inner),
    )


values = st.recursive(leaves, _inside, max_leaves=5)
predicates = st.recursive(
    st.one_of(
        st.builds("{} {} {}".format, values, st.sampled_from(["=", "!=", "<", ">=", "<>"]), values),
        st.builds("{} is {}null".format, values, st.sampled_from(["", "not "])),
        st.builds("{} is empty".format, values),
        st.builds("{} {}in ({})".format, values, st.sampled_from(["", "not "]), values),
        st.builds("{} in (select q.id from Pixels q where q.sizeX > {})".format, values, values),
        st.builds("{} like {}".format, values, values),
        st.builds("{} between {} and {}".format, values, values, values),
        st.builds("exists ({})".format, paths),
        st.builds("{} member of i.pixels".format, values),
        st.builds("{}.class = TagAnnotation".format, st.sampled_from(["i", "l.child", "p"])),
    ),
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("{} or {}".format, inner, inner),
        st.builds("not ({})".format, inner),
    ),
    max_leaves=4,
)
joins = st.lists(
    st.sampled_from(
        [
            "join i.pixels p",
            "left outer join fetch i.pixels p",
            "left join i.annotationLinks l",
            "left outer join fetch i.annotationLinks l",
            "left outer join fetch l.child",
            "join fetch i.details.owner",
            "left join i.datasetLinks.parent d",
            "left join fetch i.annotationLinksCountPerOwner",
            "join nowhere",
        ]
    ),
    max_size=3,
).map(" ".join)


@st.composite
def queries(draw: st.DrawFn) -> str:
    """A query over images that is well formed more often than not, and meaningful now and then."""
    items = draw(st.lists(values, max_size=3))
    text = ""
    if items:
        text = f"select {draw(st.sampled_from(['', 'distinct ']))}{', '.join(items)} "
    elif draw(st.booleans()):
        text = draw(
            st.sampled_from(
                ["select i ", "select distinct i ", "select new map(i as x_details_permissions) "]
            )
        )
    text += f"from Image i {draw(joins)} "
    if draw(st.booleans()):
        text += f"where {draw(predicates)} "
    if draw(st.integers(0, 4)) == 0:
        text += f"group by {draw(values)} "
    if draw(st.booleans()):
        text += f"order by {draw(values)} {draw(st.sampled_from(['', 'asc', 'desc', 'nulls last']))}"
    return text


def answer(database: Database, caller: CallContext, text: str, limit: int | None) -> None:
    engine = Engine(database)
    for ask in (engine.projection, engine.find_all, engine.rows):
        try:
            with database.read() as connection:
                ask(connection, caller, text, PARAMETERS, None, limit)
        except omero.QueryException as refused:
            assert refused.message.startswith("Illegal query: "), text
            assert ", line " in refused.message, text
            assert ", column " in refused.message, text
        except (omero.ApiUsageException, omero.SecurityViolation) as refused:
            assert refused.message, text


@SETTINGS
@given(text=queries(), limit=st.sampled_from([None, 0, 1, 2]))
def test_a_made_up_query_is_answered_or_refused(
    database: Database, context: Callable[..., CallContext], text: str, limit: int | None
) -> None:
    answer(database, context("alice", "labA"), text, limit)


@SETTINGS
@given(st.data())
def test_a_damaged_query_is_answered_or_refused(
    database: Database, context: Callable[..., CallContext], data: st.DataObject
) -> None:
    text = data.draw(st.sampled_from([case["hql"] for case in DOCUMENT["cases"]]))
    start = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 6))
    inserted = data.draw(st.text(string.printable + "µ\0'", max_size=4))
    answer(database, context("carol", -1), text[:start] + inserted + text[start + length :], None)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("select i from Imag i", "line 1, column 15"),
        ("select i\nfrom Image i\nwhere i.nme = 1", "line 3, column 7"),
        ("select i from Image i where i.id = = 1", "line 1, column 36"),
        ("select i.id from Image i where i.pixels = 1", "line 1, column 32"),
        ("select i from Image i where i.acquisitionDate > 'soon'", "line 1, column 49"),
        ("select l.child from Dataset d join fetch d.imageLinks l", "line 1, column 42"),
    ],
)
def test_the_message_says_where_a_query_is_wrong(
    database: Database, context: Callable[..., CallContext], text: str, place: str
) -> None:
    with database.read() as connection, pytest.raises(omero.QueryException) as refused:
        Engine(database).projection(connection, context("alice", "labA"), text, {})
    assert place in refused.value.message
