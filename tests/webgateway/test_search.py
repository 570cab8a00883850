"""Full-text search over HTTP. contract/webgateway.md, section 11."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.test import Client
from omero.model import DatasetI, ProjectDatasetLinkI, ProjectI
from omero.rtypes import rstring


@pytest.fixture
def found(gateway: Callable[..., Any], user: Any, make_image: Callable[..., Any], samples: np.ndarray) -> Any:
    """A project, a dataset and an image whose names have a word in common."""
    conn = gateway(user)
    link = ProjectDatasetLinkI()
    link.parent, link.child = ProjectI(), DatasetI()
    link.parent.name, link.child.name = rstring("zebrafish project"), rstring("zebrafish dataset")
    link = conn.getUpdateService().saveAndReturnObject(link, conn.SERVICE_OPTS)
    dataset = conn.getObject("Dataset", link.child.id.val)
    image = make_image(user, samples[:1, :, :1], "zebrafish embryo", dataset=dataset)
    return {"Project": link.parent.id.val, "Dataset": link.child.id.val, "Image": image.id}


def test_names_are_found(browser: Client, found: dict[str, int]) -> None:
    results = browser.get("/webgateway/search/", {"text": "zebrafish"}).json()
    assert [(one["type"], one["id"]) for one in results] == list(found.items())
    assert results[2]["thumb_url"] == f"/webgateway/render_thumbnail/{found['Image']}/"


def test_images_only_with_their_parents(browser: Client, found: dict[str, int]) -> None:
    query = {"text": "embry*", "ctx": "imgs", "parents": "1"}
    (image,) = browser.get("/webgateway/search/", query).json()
    assert [(parent["type"], parent["id"]) for parent in image["parents"]] == [
        ("Dataset", found["Dataset"]),
        ("Project", found["Project"]),
    ]


def test_whole_documents_of_images(browser: Client, found: dict[str, int]) -> None:
    query = {"text": "zebrafish", "ctx": "imgs", "grabData": "1", "key": "meta.imageName"}
    assert browser.get("/webgateway/search/", query).json() == ["zebrafish embryo"]
    assert browser.get("/webgateway/search/", {**query, "start": "1"}).json() == []


def test_an_empty_search_finds_nothing(browser: Client) -> None:
    assert browser.get("/webgateway/search/").json() == []
    assert browser.get("/webgateway/search/", {"text": "nosuchwordanywhere"}).json() == []


@pytest.mark.parametrize("text", ["(", '"', "*", "AND OR"])
def test_what_is_no_query_is_refused(browser: Client, text: str) -> None:
    response = browser.get("/webgateway/search/", {"text": text})
    assert response.status_code in (200, 400)
    assert response.content in (b"[]", b'"parse exception"')


def test_foreign_images_are_not_found(
    found: dict[str, int], make_user: Callable[..., Any], log_in: Callable[..., Client]
) -> None:
    assert log_in(make_user()).get("/webgateway/search/", {"text": "zebrafish"}).json() == []
