"""What a member may do with another member's data in a read-only group. ui.md, section 18."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from .pages import DataPage, log_in

MEMBER, OWNER, PASSWORD = "onlooker", "maker", "only looking"


@contextmanager
def connected(site, name: str, password: str) -> Iterator[Any]:
    """A session of that user over Ice."""
    import omero.clients

    client = omero.client("127.0.0.1", site.tls_port)
    try:
        yield client.createSession(name, password)
    finally:
        client.closeSession()


@pytest.fixture(scope="module")
def foreign_dataset(site) -> str:
    """Key of the dataset "Look at me" in a read-only group; `onlooker` is a member, its owner another one."""
    from omero.model import DatasetI, ExperimenterGroupI, ExperimenterI, PermissionsI
    from omero.rtypes import rbool, rstring

    with connected(site, "root", site.password) as session:
        admin = session.getAdminService()
        group = ExperimenterGroupI()
        group.name, group.ldap = rstring("Readers"), rbool(False)
        group.details.permissions = PermissionsI("rwr---")
        groups = [ExperimenterGroupI(admin.createGroup(group), False), ExperimenterGroupI(1, False)]
        for name, last_name in ((MEMBER, "Looking"), (OWNER, "Making")):
            user = ExperimenterI()
            user.omeName, user.ldap = rstring(name), rbool(False)
            user.firstName, user.lastName = rstring("Only"), rstring(last_name)
            admin.createExperimenterWithPassword(user, rstring(PASSWORD), groups[0], groups[1:])
    with connected(site, OWNER, PASSWORD) as session:
        dataset = DatasetI()
        dataset.name = rstring("Look at me")
        saved = session.getUpdateService().saveAndReturnObject(dataset)
        return f"dataset-{saved.id.val}"


@pytest.fixture
def page(browser, site, foreign_dataset) -> DataPage:
    """The data page of the member, with the other's dataset selected."""
    browser.get(site.url)
    log_in(browser, MEMBER, PASSWORD)
    page = DataPage(browser, site.url)
    page.open(foreign_dataset)
    page.until(lambda: "Look at me" in page.find(".object-name").text, "no details")
    return page


def test_other_peoples_data_can_be_seen_but_not_changed(page):
    assert not page.find("#delete_selected").is_enabled()
    assert not page.find_all(".object-name [data-start-edit]")
    assert not page.find_all("[data-add=tag]")


def test_the_chooser_names_group_and_user_and_offers_the_members(page):
    assert "Readers" in page.find("#show_groups").text

    page.find("#show_groups").click()

    names = page.until(lambda: page.find(".chooser .users").text, "no users")
    assert "All Members" in names and "Only Looking" in names


def test_own_data_can_be_made(page):
    page.find("#show_groups").click()
    page.until(lambda: page.find_all(".chooser .users a"), "no users")
    next(link for link in page.find_all(".chooser .users a") if "Only Looking" in link.text).click()
    page.node("Only Looking")

    page.find("#create_project").click()
    page.find("dialog[open] input[name=name]").send_keys("My own\n")

    page.until(lambda: "My own" in page.find("#dataTree").text, "not made")
    assert page.find("#delete_selected").is_enabled()
