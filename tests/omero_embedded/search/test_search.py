"""Search over Ice: contract/server.md, section 2.18."""

from __future__ import annotations

from typing import Any

import omero
import omero.model as model
import pytest
from omero.rtypes import rstring, rtime


@pytest.fixture
def user(make_user: Any, make_group: Any) -> Any:
    return make_user(make_group("rwra--"))


@pytest.fixture
def client(login: Any, user: Any) -> Any:
    return login(user)


@pytest.fixture
def find(client: Any) -> Any:
    """`find("query")`: names of the images found, best first."""

    def search(query: str, kind: str = "Image", leading: bool = False) -> list[str]:
        service = client.sf.createSearchService()
        try:
            service.setAllowLeadingWildcard(leading)
            service.onlyType(kind)
            service.byFullText(query)
            return [obj.name.val for obj in service.results()] if service.hasNext() else []
        finally:
            service.close()

    return search


def image(client: Any, name: str, description: str | None = None) -> Any:
    made = model.ImageI()
    made.name = rstring(name)
    if description is not None:
        made.description = rstring(description)
    return client.sf.getUpdateService().saveAndReturnObject(made)


def annotate(client: Any, target: Any, annotation: Any) -> Any:
    link = model.ImageAnnotationLinkI()
    link.parent, link.child = model.ImageI(target.id.val, False), annotation
    return client.sf.getUpdateService().saveAndReturnObject(link)


def tag(text: str) -> Any:
    made = model.TagAnnotationI()
    made.textValue = rstring(text)
    return made


def test_words_of_name_and_description_are_found(client: Any, find: Any) -> None:
    image(client, "HeLa_GFP-tubulin.dv", "mitotic spindle, metaphase")
    image(client, "U2OS.dv", "interphase")
    assert find("gfp") == ["HeLa_GFP-tubulin.dv"]
    assert find("SPINDLE") == ["HeLa_GFP-tubulin.dv"]
    assert find("name:interphase") == []
    assert find("description:interphase") == ["U2OS.dv"]
    assert find("nothing") == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("alpha beta", {"both", "first", "second"}),
        ("alpha AND beta", {"both"}),
        ("+alpha -beta", {"first"}),
        ("alpha NOT beta", {"first"}),
        ('"alpha beta"', {"both"}),
        ('"beta alpha"', set()),
        ("(alpha OR beta) AND gamma", {"second"}),
        ("alph*", {"both", "first"}),
        ("b?ta", {"both", "second"}),
        ("alpa~1", {"both", "first"}),
        ("[beta TO delta]", {"both", "second"}),
        ("-alpha", set()),
    ],
)
def test_lucene_syntax(client: Any, find: Any, query: str, expected: set[str]) -> None:
    image(client, "both", "alpha beta")
    image(client, "first", "alpha")
    image(client, "second", "beta gamma")
    assert set(find(query)) == expected


def test_best_match_comes_first(client: Any, find: Any) -> None:
    image(client, "one word", "tubulin")
    image(client, "two words", "tubulin actin")
    assert find("tubulin actin")[0] == "two words"


def test_annotations_count_for_what_they_are_on(client: Any, find: Any) -> None:
    target = image(client, "annotated")
    link = annotate(client, target, tag("mitosis"))
    pairs = model.MapAnnotationI()
    pairs.mapValue = [model.NamedValue("stain", "phalloidin")]
    annotate(client, target, pairs)
    assert (
        find("mitosis")
        == find("tag:mitosis")
        == find("stain:phalloidin")
        == find("has_key:stain")
        == ["annotated"]
    )
    client.sf.getUpdateService().deleteObject(model.ImageAnnotationLinkI(link.id.val, False))
    assert find("mitosis") == []


def test_changed_and_deleted_objects_are_found_as_they_are(client: Any, find: Any) -> None:
    made = image(client, "before")
    linked = annotate(client, made, tag("unripe"))
    made = client.sf.getQueryService().get("Image", made.id.val)
    made.name = rstring("after")
    client.sf.getUpdateService().saveObject(made)
    assert find("before") == []
    assert find("after") == ["after"]
    changed = client.sf.getQueryService().get("TagAnnotation", linked.child.id.val)
    changed.textValue = rstring("ripe")
    client.sf.getUpdateService().saveObject(changed)
    assert find("ripe") == ["after"]
    client.submit(omero.cmd.Delete2(targetObjects={"Image": [made.id.val]}))
    assert find("after") == []


def test_tag_set_counts_for_images_of_its_tags(client: Any, find: Any) -> None:
    made = image(client, "in the set")
    child = annotate(client, made, tag("child")).child
    link = model.AnnotationAnnotationLinkI()
    link.parent, link.child = tag("umbrella"), model.TagAnnotationI(child.id.val, False)
    client.sf.getUpdateService().saveObject(link)
    assert find("umbrella") == ["in the set"]


def test_others_data_are_found_where_they_may_be_read(
    client: Any, login: Any, make_user: Any, user: Any, make_group: Any
) -> None:
    image(client, "shared secret")
    colleague, stranger = login(make_user(user.group)), login(make_user(make_group()))

    def count(who: Any) -> int:
        service = who.sf.createSearchService()
        service.onlyType("Image", {"omero.group": "-1"})
        service.byFullText("secret", {"omero.group": "-1"})
        found = service.results({"omero.group": "-1"}) if service.hasNext({"omero.group": "-1"}) else []
        return len(found)

    assert count(colleague) == 1
    assert count(stranger) == 0


def test_results_are_paged_and_end(client: Any) -> None:
    for number in range(5):
        image(client, f"paged {number}")
    service = client.sf.createSearchService()
    service.onlyType("Image")
    service.setBatchSize(2)
    service.byFullText("paged")
    sizes = []
    while service.hasNext():
        sizes.append(len(service.results()))
    assert sizes == [2, 2, 1]
    with pytest.raises(omero.ApiUsageException):
        service.results()


def test_owner_and_period_restrict_the_results(client: Any, user: Any) -> None:
    image(client, "restricted")
    service = client.sf.createSearchService()

    def hits() -> bool:
        service.byFullText("restricted")
        return bool(service.hasNext())

    service.onlyType("Image")
    details = model.DetailsI()
    details._owner = model.ExperimenterI(user.id, False)
    service.onlyOwnedBy(details)
    assert hits()
    details._owner = model.ExperimenterI(0, False)
    service.onlyOwnedBy(details)
    assert not hits()
    service.onlyOwnedBy(None)
    service.onlyCreatedBetween(rtime(0), rtime(1000))
    assert not hits()


@pytest.mark.parametrize(
    ("query", "fragment"),
    [
        ("", "empty"),
        ("*", "wildcard"),
        ("*phase", "wildcard"),
        ("(open", "caused a parse exception"),
        ("a AND", "caused a parse exception"),
    ],
)
def test_bad_queries_are_explained(client: Any, query: str, fragment: str) -> None:
    service = client.sf.createSearchService()
    service.onlyType("Image")
    with pytest.raises(omero.ApiUsageException) as refused:
        service.byFullText(query)
    assert fragment in refused.value.message


def test_type_must_be_named_and_searchable(client: Any) -> None:
    service = client.sf.createSearchService()
    with pytest.raises(omero.ApiUsageException, match="onlyType"):
        service.byFullText("x")
    with pytest.raises(omero.ApiUsageException, match="Roi"):
        service.onlyType("Roi")


def test_leading_wildcard_is_found_when_allowed(client: Any, find: Any) -> None:
    image(client, "prophase")
    assert find("*phase", leading=True) == ["prophase"]


def test_query_builder_looks_into_fields_and_dates(client: Any) -> None:
    made = image(client, "built", "in description")
    made.acquisitionDate = rtime(1_700_000_000_000)
    client.sf.getUpdateService().saveObject(made)
    service = client.sf.createSearchService()
    service.onlyType("Image")

    def hits(fields: str, start: str, end: str, kind: str, text: str) -> bool:
        service.byLuceneQueryBuilder(fields, start, end, kind, text)
        return bool(service.hasNext())

    assert hits("name", "", "", "", "built")
    assert not hits("name", "", "", "", "description")
    assert hits("name,description", "", "", "", "built AND description")
    assert hits("", "20231114", "20231114", "acquisitionDate", "built")
    assert not hits("", "20231115", "20231116", "acquisitionDate", "built")
    assert not hits("name", "", "", "", "***")
    with pytest.raises(omero.ApiUsageException, match="AND"):
        hits("name", "", "", "", "AND built")


def test_gateway_searches(gateway: Any, user: Any) -> None:
    connection = gateway(user)
    project = model.ProjectI()
    project.name = rstring("Gateway project")
    connection.getUpdateService().saveObject(project)
    assert [found.getName() for found in connection.searchObjects(["Project"], "gateway")] == [
        "Gateway project"
    ]
