"""Linking and unlinking."""

import pytest


@pytest.fixture
def own(lab, ada):
    return lab(ada)


@pytest.fixture
def browser(browse, ada):
    return browse(ada)


def children(own, dataset):
    return sorted(
        row[0]
        for row in own.find("select l.child.id from DatasetImageLink l where l.parent.id = :id", id=dataset)
    )


def test_images_are_put_into_a_dataset(browser, own):
    dataset, images = own.dataset(), [own.image("a"), own.image("b")]
    response = browser.send("POST", "api/links/", {"dataset": {str(dataset): {"image": images}}})
    assert (response.status_code, response.json()) == (200, {"success": True})
    assert children(own, dataset) == images


def test_a_duplicate_does_not_hinder_the_others(browser, own):
    dataset = own.dataset()
    first, second = own.image("a", dataset), own.image("b")
    response = browser.send("POST", "api/links/", {"dataset": {str(dataset): {"image": [first, second]}}})
    assert response.json() == {"success": True}
    assert children(own, dataset) == [first, second]


@pytest.mark.parametrize(
    "body", [{}, {"experimenter": {"1": {"dataset": [1]}}}, {"orphaned": {"1": {"image": [1]}}}]
)
def test_nothing_to_link(browser, body):
    assert browser.send("POST", "api/links/", body).json() == {"success": False}


def test_an_unknown_parent_is_not_found(browser, own):
    response = browser.send("POST", "api/links/", {"dataset": {"999999": {"image": [own.image()]}}})
    assert (response.status_code, response.json()) == (
        404,
        {"error": "Object of type Dataset and ID 999999 not found"},
    )


def test_unlinking_tells_the_parents_that_remain(browser, own):
    first, second = own.dataset("1"), own.dataset("2")
    image = own.image(dataset=first)
    own.link("DatasetImageLink", "Dataset", second, "Image", image)
    response = browser.send("DELETE", "api/links/", {"dataset": {str(first): {"image": [image]}}})
    assert response.json() == {"success": True, "dataset": {str(second): {"image": [image]}}}
    assert children(own, first) == []


def test_tags_leave_their_set(browser, own):
    tagset = own.tagset("s")
    tag = own.tag("t", tagset=tagset)
    response = browser.send("DELETE", "api/links/", {"tagset": {str(tagset): {"tag": [tag]}}})
    assert response.json() == {"success": True}


@pytest.mark.parametrize("parent", ["dataset", "screen", "experimenter"])
def test_links_that_do_not_exist_are_not_found(browser, own, parent):
    body = {parent: {str(own.dataset()): {"image": [own.image()]}}}
    assert browser.send("DELETE", "api/links/", body).status_code == 404


def test_other_methods_are_not_allowed(browser):
    response = browser.get("api/links/")
    assert (response.status_code, response.json()) == (
        405,
        {"Error": "Need to POST or DELETE JSON data to update links"},
    )


def test_a_body_that_is_no_json_is_refused(browser):
    response = browser.client.post("/webclient/api/links/", "{", content_type="application/json")
    assert response.status_code == 400


def test_links_need_a_token(browser, own):
    browser.client.handler.enforce_csrf_checks = True
    assert browser.send("POST", "api/links/", {}).status_code == 403
