"""IQuery over Ice (contract/server.md, section 2.10)."""

from __future__ import annotations

from typing import Any

import omero
import omero.model as model
import pytest
from omero.rtypes import rint, rlist, rlong, rstring, unwrap
from omero.sys import ParametersI


def dataset(name: str) -> Any:
    made = model.DatasetI()
    made.name = rstring(name)
    return made


@pytest.fixture
def group(make_group: Any) -> int:
    return int(make_group("rwr---"))


@pytest.fixture
def client(login: Any, make_user: Any, group: int) -> Any:
    return login(make_user(group))


@pytest.fixture
def query(client: Any) -> Any:
    return client.sf.getQueryService()


@pytest.fixture
def ids(client: Any) -> list[int]:
    made = client.sf.getUpdateService().saveAndReturnArray([dataset(name) for name in ("a", "b", "c")])
    return [one.id.val for one in made]


@pytest.mark.parametrize(
    "klass", ["Dataset", "omero.model.Dataset", "omero.model.DatasetI", "ome.model.containers.Dataset"]
)
def test_get_accepts_every_form_of_a_class_name(query: Any, ids: list[int], klass: str) -> None:
    found = query.get(klass, ids[0])
    assert (found.id.val, found.name.val) == (ids[0], "a")
    assert not found.isImageLinksLoaded()
    assert not found.details.owner.isLoaded()
    assert found.details.permissions.canEdit()


def test_an_unknown_class_is_refused(query: Any) -> None:
    with pytest.raises(omero.ApiUsageException, match="klass: 'NoClass'"):
        query.get("NoClass", 1)


def test_an_absent_object_is_an_error_for_get_and_null_for_find(query: Any) -> None:
    with pytest.raises(omero.ApiUsageException):
        query.get("Dataset", 999_999)
    assert query.find("Dataset", 999_999) is None


def test_an_unreadable_object_is_a_security_violation(
    login: Any, make_user: Any, make_group: Any, ids: list[int]
) -> None:
    stranger = login(make_user(make_group("rw----"))).sf.getQueryService()
    for operation in (stranger.get, stranger.find):
        with pytest.raises(omero.SecurityViolation, match="Cannot read"):
            operation("Dataset", ids[0])


def test_another_member_of_a_read_only_group_reads_but_may_not_edit(
    login: Any, make_user: Any, group: int, ids: list[int]
) -> None:
    found = login(make_user(group)).sf.getQueryService().get("Dataset", ids[0])
    permissions = found.details.permissions
    assert not permissions.canEdit()
    assert not permissions.canAnnotate()
    assert not permissions.canDelete()


def test_objects_are_found_by_parameters_of_every_kind(query: Any, ids: list[int]) -> None:
    text = "select d from Dataset d where d.id in (:ids) and d.name != :name order by d.id desc"
    for value in (rlist([rlong(i) for i in ids]), rlist([rint(i) for i in ids])):
        parameters = ParametersI().add("ids", value).addString("name", "b")
        assert [d.name.val for d in query.findAllByQuery(text, parameters)] == ["c", "a"]


def test_the_filter_pages_results(query: Any, ids: list[int]) -> None:
    parameters = ParametersI().addIds(ids).page(1, 1)
    found = query.projection("select d.name from Dataset d where d.id in (:ids) order by d.id", parameters)
    assert unwrap(found) == [["b"]]


def test_one_object_is_found_none_is_null_several_are_refused(query: Any, ids: list[int]) -> None:
    text = "select d from Dataset d where d.id >= :id"
    assert query.findByQuery(text, ParametersI().addId(ids[2])).name.val == "c"
    assert query.findByQuery(text, ParametersI().addId(999_999)) is None
    with pytest.raises(omero.ApiUsageException) as refused:
        query.findByQuery(text, ParametersI().addId(ids[0]))
    assert refused.value.message.startswith("Query named:")


def test_a_query_without_parameters_needs_none(query: Any, ids: list[int]) -> None:
    assert unwrap(query.projection("select count(d) from Dataset d", None)) == [[3]]


def test_an_object_is_found_by_a_text(query: Any, ids: list[int]) -> None:
    assert query.findByString("Dataset", "name", "b").id.val == ids[1]
    assert query.findByString("Dataset", "name", "nothing") is None
    with pytest.raises(omero.ApiUsageException, match="nothing"):
        query.findByString("Dataset", "nothing", "b")


def test_all_objects_of_a_class_are_found_page_by_page(query: Any, ids: list[int]) -> None:
    assert [d.id.val for d in query.findAll("Dataset", None)] == ids
    page = omero.sys.Filter()
    page.offset, page.limit = rint(2), rint(5)
    assert [d.id.val for d in query.findAll("Dataset", page)] == ids[2:]


def test_a_wrong_query_is_quoted_with_line_and_column(query: Any) -> None:
    with pytest.raises(omero.QueryException) as refused:
        query.findAllByQuery("select d from Dataset d where d.nme = 'x'", None)
    assert refused.value.message.startswith("Illegal query: select d from")
    assert "line 1, column 31" in refused.value.message
    assert refused.value.serverExceptionClass == "ome.conditions.QueryException"


def test_a_member_of_a_fetched_collection_refers_to_its_loaded_owner(
    client: Any, query: Any, ids: list[int]
) -> None:
    image = model.ImageI()
    image.name = rstring("image")
    link = model.DatasetImageLinkI()
    link.parent, link.child = model.DatasetI(ids[0], False), image
    client.sf.getUpdateService().saveObject(link)
    text = "select d from Dataset d join fetch d.imageLinks l join fetch l.child where d.id = :id"
    found = query.findByQuery(text, ParametersI().addId(ids[0]))
    (member,) = found.copyImageLinks()
    assert member.parent is found
    assert member.child.name.val == "image"


def test_a_map_annotation_keeps_its_pairs_in_order(client: Any, query: Any) -> None:
    annotation = model.MapAnnotationI()
    annotation.setMapValue(
        [model.NamedValue(name, value) for name, value in (("b", "1"), ("a", "2"), ("b", "3"))]
    )
    saved = client.sf.getUpdateService().saveAndReturnObject(annotation)
    found = query.get("MapAnnotation", saved.id.val)
    assert [(pair.name, pair.value) for pair in found.getMapValue()] == [("b", "1"), ("a", "2"), ("b", "3")]
    assert query.get("Annotation", saved.id.val).getMapValue()[0].name == "b"


def test_the_gateway_lists_objects(gateway: Any, make_user: Any, group: int) -> None:
    user = make_user(group)
    connection = gateway(user.name, user.password)
    made = connection.getUpdateService().saveAndReturnObject(dataset("listed"))
    assert [d.getName() for d in connection.getObjects("Dataset")] == ["listed"]
    assert connection.getObject("Dataset", made.id.val).getOwner().getName() == user.name
