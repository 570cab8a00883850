"""What plug-ins call and no page does. contract/plugins.md, sections 5.1 and 5.2; contract/webgateway.md, 16.1."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client, RequestFactory
from omero.model import FileAnnotationI, OriginalFileI, ProjectAnnotationLinkI, ProjectI
from omero.rtypes import rlong, rstring

from omeroweb.connector import Connector
from omeroweb.pool import POOL
from omeroweb.webgateway import marshal
from omeroweb.webgateway.views import _bulk_file_annotations, _get_prepared_image


@pytest.fixture
def conn(site: None, user: Any) -> Iterator[Any]:
    """A connection as views get it."""
    found = Connector(1, False).create_connection("tests", user.name, user.password)
    assert found is not None
    found.SERVICE_OPTS.setOmeroGroup("-1")
    yield found
    POOL.release(found)


SETTINGS = "c=1|100:3000$FF00FF,-2|100:2000$00FF00,3|10:900$fire.lut&m=c"
MAPS = '&maps=[{"inverted":{"enabled":true}},{},{"quantization":{"family":"polynomial","coefficient":0.5}}]'


@pytest.mark.parametrize("query", ["", SETTINGS, SETTINGS + MAPS, "c=2|0:4000$FFFFFF&m=g", "p=intmax|0:1"])
def test_a_prepared_image_renders_as_the_page_does(
    conn: Any, browser: Client, image: Any, query: str
) -> None:
    prepared = _get_prepared_image(RequestFactory().get(f"/?{query}"), image.id, conn=conn)
    assert prepared is not None
    wrapper, quality = prepared
    assert quality is None
    page = browser.get(f"/webgateway/render_image/{image.id}/1/1/?{query}")
    assert wrapper.renderJpeg(1, 1, compression=0.85) == page.content


def test_no_image_is_prepared_when_there_is_none(conn: Any) -> None:
    assert _get_prepared_image(RequestFactory().get("/?q=0.5"), 999999, conn=conn) is None


def test_images_and_channels_become_dictionaries(conn: Any, browser: Client, image: Any) -> None:
    wrapper = conn.getObject("Image", image.id)
    document = marshal.imageMarshal(wrapper)
    assert document == browser.get(f"/webgateway/imgData/{image.id}/").json() | {
        "channels": document["channels"],
    }
    assert marshal.imageMarshal(wrapper, key="size.width") == 80
    document["added"] = 1
    assert "added" not in marshal.imageMarshal(wrapper)
    channel = marshal.channelMarshal(wrapper.getChannels()[0])
    assert channel["window"] == document["channels"][0]["window"]
    assert channel["color"] == "FF0000"
    assert channel["family"] == "linear"


def test_event_contexts_become_dictionaries(conn: Any, user: Any) -> None:
    found = marshal.eventContextMarshal(conn.getEventContext())
    assert (found["userName"], found["isAdmin"]) == (user.name, False)
    assert found["groupPermissions"]


@pytest.fixture
def table(conn: Any, user: Any) -> dict[str, int]:
    """A project with a table attached."""
    update = conn.getUpdateService()
    context = conn.SERVICE_OPTS.copy()
    context.setOmeroGroup(user.group)
    project = ProjectI()
    project.name = rstring("with a table")
    file = OriginalFileI()
    file.name, file.path, file.mimetype = rstring("bulk.h5"), rstring("/"), rstring("OMERO.tables")
    file.size = rlong(0)
    annotation = FileAnnotationI()
    annotation.file = file
    link = ProjectAnnotationLinkI()
    link.parent, link.child = project, annotation
    link = update.saveAndReturnObject(link, context)
    return {
        "project": link.parent.id.val,
        "annotation": link.child.id.val,
        "file": link.child.file.id.val,
    }


def test_attached_tables_are_found(conn: Any, browser: Client, table: dict[str, int], user: Any) -> None:
    found = browser.get(f"/webgateway/annotations/Project/{table['project']}/").json()["data"]
    assert len(found) == 1
    row = found[0]
    assert (row["id"], row["file"], row["name"]) == (table["annotation"], table["file"], "bulk.h5")
    assert (row["parentType"], row["parentId"], row["ns"]) == ("Project", table["project"], None)
    assert isinstance(row["addedOn"], int)
    assert _bulk_file_annotations(None, "Project", table["project"], conn=conn) == {"data": found}
    assert browser.get("/webgateway/annotations/Project.datasetLinks.child/1/").json() == {"data": []}


def test_paths_that_lead_nowhere_are_an_error(browser: Client, make_user: Callable[..., Any]) -> None:
    found = browser.get("/webgateway/annotations/Foo.bar/1/").json()
    assert found["error"] == "['Foo', 'bar'] cannot be queried"
    assert "query" in found
