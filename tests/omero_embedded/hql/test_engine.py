"""What the conformance cases leave open: paging, long lists, masked names, refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import omero
import omero.clients
import pytest

from omero_embedded.database import Database
from omero_embedded.hql import Engine, unrestricted
from omero_embedded.security.context import CallContext

Make = Callable[..., CallContext]
Ask = Callable[..., Any]


@pytest.fixture
def rows(database: Database, context: Make) -> Ask:
    """Rows of plain values that a user gets in a group."""
    engine = Engine(database)

    def ask(
        text: str, user: str = "alice", group: str | int = "labA", **params: Any
    ) -> list[tuple[Any, ...]]:
        page = (params.pop("offset", None), params.pop("limit", None))
        with database.read() as connection:
            return engine.rows(connection, context(user, group), text, params, *page)

    return ask


@pytest.fixture
def objects(database: Database, context: Make) -> Ask:
    """Objects that a user gets in a group."""
    engine = Engine(database)

    def ask(text: str, user: str = "alice", group: str | int = "labA", **params: Any) -> list[Any]:
        page = (params.pop("offset", None), params.pop("limit", None))
        with database.read() as connection:
            return engine.find_all(connection, context(user, group), text, params, *page)

    return ask


@pytest.fixture
def shown(database: Database, context: Make) -> Ask:
    """Unwrapped projection that a user gets in a group."""
    engine = Engine(database)

    def ask(text: str, user: str = "alice", group: str | int = "labA") -> Any:
        with database.read() as connection:
            found = engine.projection(connection, context(user, group), text, {})
        return omero.rtypes.unwrap(found)

    return ask


def test_distinct_merges_rows_that_differ_in_their_order_only(rows: Ask) -> None:
    text = "select distinct d.id from Dataset d join d.imageLinks l order by l.id"
    assert rows(text) == [(1,), (2,), (3,)]
    assert rows(text, offset=1, limit=1) == [(2,)]


def test_distinct_objects_are_ordered_by_an_unselected_property(objects: Ask) -> None:
    found = objects("select distinct d from Dataset d join d.imageLinks l order by lower(d.name) desc")
    assert [d.id.val for d in found] == [2, 3, 1]


@pytest.mark.parametrize("limit", [0, 1, 2, 3, 9])
@pytest.mark.parametrize("offset", [0, 1, 3, 9])
def test_pages_of_roots_are_slices_of_all_roots(objects: Ask, offset: int, limit: int) -> None:
    text = "select d from Dataset d left outer join fetch d.imageLinks l order by d.name desc, l.id"
    everything = objects(text)
    page = objects(text, offset=offset, limit=limit)
    wanted = everything[offset : offset + limit]
    assert [d.id.val for d in page] == [d.id.val for d in wanted]
    assert [len(d.copyImageLinks()) for d in page] == [len(d.copyImageLinks()) for d in wanted]


def test_a_parameter_may_hold_fifty_thousand_ids(rows: Ask) -> None:
    text = "select i.id from Image i where i.id {} (:ids) order by i.id"
    assert rows(text.format("in"), ids=list(range(2, 50_000))) == [(2,), (3,), (4,)]
    assert rows(text.format("not in"), ids=list(range(2, 50_000))) == [(1,)]


def test_a_parameter_may_hold_ten_thousand_texts(rows: Ask) -> None:
    names = [f"a{number}.tif" for number in range(10_000)]
    assert rows("select i.id from Image i where i.name in (:names) order by i.id", names=names) == [
        (1,),
        (2,),
    ]


def test_a_text_may_spell_out_ten_thousand_ids(rows: Ask) -> None:
    ids = ", ".join(map(str, range(2, 10_000)))
    assert rows(f"select i.id from Image i where i.id in ({ids}) order by i.id") == [(2,), (3,), (4,)]


def test_an_empty_list_matches_nothing(rows: Ask) -> None:
    assert rows("select i.id from Image i where i.id in (:ids)", ids=[]) == []
    assert len(rows("select i.id from Image i where i.id not in (:ids)", ids=[])) == 4


def test_a_list_of_one_serves_where_one_value_is_expected(rows: Ask) -> None:
    assert rows("select i.id from Image i where i.id = :id", id=[2]) == [(2,)]
    with pytest.raises(omero.ApiUsageException, match="id"):
        rows("select i.id from Image i where i.id = :id", id=[1, 2])


@pytest.mark.parametrize("value", ["one", 2**70, "\ud800"])
def test_a_value_that_does_not_fit_is_refused_by_name(rows: Ask, value: Any) -> None:
    column = "name" if value == "\ud800" else "id"
    with pytest.raises(omero.ApiUsageException) as refused:
        rows(f"select i.id from Image i where i.{column} = :wrong", wrong=value)
    assert "wrong" in refused.value.message


def test_the_same_text_with_other_values_is_answered_anew(rows: Ask) -> None:
    text = "select i.id from Image i where i.name = :name"
    assert rows(text, name="a1.tif") == [(1,)]
    assert rows(text, name="a2.tif") == [(2,)]


def test_compiled_queries_are_kept_apart_by_caller(database: Database, context: Make) -> None:
    engine = Engine(database)
    with database.read() as connection:
        found = [
            engine.rows(connection, context(user, "labB"), "select i.id from Image i order by i.id")
            for user in ("alice", "bob", "root", "alice")
        ]
    assert found == [[(6,)], [(5,)], [(5,), (6,)], [(6,)]]


def test_the_server_itself_sees_everything(database: Database, context: Make) -> None:
    with database.read() as connection:
        found = Engine(database).rows(
            connection, unrestricted(context("carol", "labA")), "select count(*) from Image"
        )
    assert found == [(6,)]


def test_names_of_unrelated_users_are_hidden_wherever_they_are_selected(
    database: Database, context: Make
) -> None:
    from dataclasses import replace

    # A user who is in the common group only has nothing to do with anybody.
    stranger = replace(context("carol", "labA"), member_of=(1,), group_id=1)
    engine = Engine(database)

    def ask(text: str) -> Any:
        with database.read() as connection:
            return omero.rtypes.unwrap(engine.projection(connection, stranger, text, {}))

    assert ask("select e.lastName, e.email from Experimenter e where e.id = 2") == [["<hidden>", None]]
    assert ask("select lower(e.lastName) from Experimenter e where e.id = 2") == [["<hidden>"]]
    assert ask("select max(e.email) from Experimenter e") == [[None]]
    assert ask("select e.lastName from Experimenter e where e.id = 4") == [["Clark"]]
    assert ask("select distinct e.lastName from Experimenter e where e.id in (2, 3)") == [["<hidden>"]]
    grouped = "select e.lastName, count(*) from Experimenter e where e.id = 2 group by e.lastName"
    assert ask(grouped) == [["<hidden>", 1]]
    grouped = "select lower(e.lastName), max(e.email), count(*) from Experimenter e where e.id = 2 group by e.lastName"
    assert ask(grouped) == [["<hidden>", None, 1]]
    with database.read() as connection:
        (hidden,) = engine.find_all(connection, stranger, "from Experimenter e where e.id = 2", {})
    assert (hidden.lastName.val, hidden.email) == ("<hidden>", None)


def test_a_fetched_object_that_may_not_be_read_is_refused(database: Database, context: Make) -> None:
    from sqlalchemy import update

    from omero_embedded.model.tables import table_of

    files = table_of("Fileset")
    with database.write() as connection:
        connection.execute(update(files).values(group_id=4, owner_id=3))
    try:
        with database.read() as connection, pytest.raises(omero.SecurityViolation, match="Cannot read"):
            Engine(database).find_all(
                connection, context("carol", "labA"), "select i from Image i join fetch i.fileset", {}
            )
    finally:
        with database.write() as connection:
            connection.execute(update(files).values(group_id=3, owner_id=2))


def test_counts_per_owner_can_be_fetched(objects: Ask) -> None:
    (image,) = objects(
        "select i from Image i left outer join fetch i.annotationLinksCountPerOwner where i.id = 1"
    )
    assert image.getAnnotationLinksCountPerOwner() == {2: 3, 3: 1}


def test_fetching_through_several_references_loads_all_of_them(objects: Ask) -> None:
    (link,) = objects("select l from ImageAnnotationLink l join fetch l.child.file")
    assert link.child.file.name.val == "notes.txt"


def test_owner_group_and_events_are_loaded_when_fetched(objects: Ask) -> None:
    (image,) = objects(
        "select i from Image i join fetch i.details.owner join fetch i.details.group"
        " join fetch i.details.creationEvent e left outer join fetch e.type where i.id = 2"
    )
    details = image.details
    assert (details.owner.omeName.val, details.group.name.val) == ("alice", "labA")
    assert (details.creationEvent.time.val, details.creationEvent.type.value.val) == (1700000002000, "User")
    assert details.updateEvent is details.creationEvent


def test_objects_of_one_reply_share_their_details(objects: Ask) -> None:
    first, second = objects("from Image i where i.id in (1, 4) order by i.id")
    assert first.details.owner is second.details.owner
    assert first.details.permissions is second.details.permissions
    assert first.details.permissions._restrictions == [False, False, False, False, False, True]


def test_a_query_that_takes_too_long_is_given_up(database: Database, context: Make) -> None:
    impatient = Database(database.url.render_as_string(hide_password=False), query_timeout=0.2)
    many = ", ".join(f"EventLog l{number}, GroupExperimenterMap m{number}" for number in range(6))
    text = f"select count(*) from {many.replace('EventLog', 'Experimenter')}"
    try:
        with impatient.read() as connection, pytest.raises(omero.OverUsageException) as refused:
            Engine(impatient).rows(connection, context("alice", "labA"), text)
        assert refused.value.message.startswith("query failed, probable timeout")
        with impatient.read() as connection:
            assert Engine(impatient).rows(
                connection, context("alice", "labA"), "select count(*) from Image"
            ) == [(4,)]
    finally:
        impatient.close()


def test_the_only_object_is_found_and_several_are_refused(database: Database, context: Make) -> None:
    engine, caller = Engine(database), context("alice", "labA")
    with database.read() as connection:
        assert engine.find_one(connection, caller, "from Image i where i.id = 1").name.val == "a1.tif"
        assert engine.find_one(connection, caller, "from Image i where i.id = 5") is None
        assert (
            engine.find_one(connection, caller, "select i from Image i join i.pixels where i.id = 3").id.val
            == 3
        )
        with pytest.raises(omero.ApiUsageException, match="Query named:"):
            engine.find_one(connection, caller, "from Image")


def test_case_is_changed_in_every_script(rows: Ask) -> None:
    text = "select lower('ÄΩ'), upper('äω'), length('äω'), bit_length('äω') from Image i where i.id = 1"
    assert rows(text) == [("äω", "ÄΩ", 2, 32)]
    assert rows("select i.id from Image i where lower(i.name) = lower(:name)", name="A1.TIF") == [(1,)]
    assert rows("select i.id from Image i where lower(i.name) like 'a%' order by upper(i.name) desc") == [
        (2,),
        (1,),
    ]
    grouped = (
        "select lower(mv.name), count(*) from MapAnnotation a join a.mapValue mv group by lower(mv.name)"
    )
    assert rows(f"{grouped} order by lower(mv.name)") == [("dose", 1), ("stain", 3)]


def test_products_of_sizes_may_exceed_32_bits(database: Database, context: Make) -> None:
    text = "select p.sizeX * 1, p.sizeX * p.sizeY * 100000, p.sizeX / 5 from Pixels p where p.id = 11"
    with database.read() as connection:
        ((small, large, divided),) = Engine(database).projection(connection, context("alice", "labA"), text)
    assert (small, large, divided) == (
        omero.rtypes.rint(512),
        omero.rtypes.rlong(512 * 512 * 100_000),
        omero.rtypes.rint(102),
    )


def test_a_fraction_equals_no_whole_number(rows: Ask) -> None:
    text = "select i.id from Image i where i.id = :id"
    assert rows(text, id=1.0) == [(1,)]
    assert rows(text, id=1.5) == []
    assert rows("select i.id from Image i where i.id in (:ids)", ids=[1, 2.5]) == [(1,)]
    assert rows("select i.id from Image i where i.id > 1.5 and i.id < :top order by i.id", top=3.5) == [
        (2,),
        (3,),
    ]


def test_rows_are_grouped_by_objects_and_quantities(rows: Ask, shown: Ask) -> None:
    by_type = "select p.pixelsType, count(p) from Pixels p group by p.pixelsType order by count(p)"
    assert rows(by_type) == [(6, 2), (5, 3)]
    by_size = "select p.physicalSizeX, count(*) from Pixels p where p.id in (11, 12) group by p.physicalSizeX"
    found = shown(f"{by_size} order by p.physicalSizeX.value")
    assert [(size["value"], size["unit"], count) for size, count in found] == [
        (0.5, "MICROMETER", 1),
        (500.0, "NANOMETER", 1),
    ]


def test_trim_takes_a_character_and_a_side(rows: Ask) -> None:
    text = "select trim(both 'a' from i.name), trim(leading 'a' from i.name), trim(i.name) from Image i where i.id = 1"
    assert rows(text) == [("1.tif", "1.tif", "a1.tif")]


def test_size_counts_only_what_the_caller_may_read(shown: Ask) -> None:
    text = "select d.id, size(d.imageLinks) from Dataset d order by d.id"
    assert shown(text, "bob", "labB") == [[4, 1]]
    assert shown(text, "alice", -1) == [[1, 2], [2, 1], [3, 1]]


def test_a_joined_quantity_is_a_part_of_its_row(rows: Ask) -> None:
    joined = (
        "select p.id, size.value from Pixels p join fetch p.physicalSizeX as size order by size.value, p.id"
    )
    plain = "select p.id, p.physicalSizeX.value from Pixels p order by p.physicalSizeX.value, p.id"
    assert rows(joined) == rows(plain) != []
