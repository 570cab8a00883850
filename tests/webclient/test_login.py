"""Login, logout and what is only for people who are logged in."""

import pytest
from django.test import Client


@pytest.fixture
def credentials(server):
    return {"server": "1", "username": "root", "password": server.root_password}


def test_the_login_page_is_shown_to_everyone(browse):
    response = Client().get("/webclient/login/?url=/webclient/%3Fshow%3Dimage-1")
    assert response.status_code == 200
    assert response.context["url"] == "url=%2Fwebclient%2F%3Fshow%3Dimage-1"
    assert response.context["error"] is None


def test_a_login_leads_to_where_one_came_from(browse, credentials):
    response = Client().post("/webclient/login/?url=/webclient/usertags/", credentials)
    assert (response.status_code, response["Location"]) == (302, "/webclient/usertags/")


def test_a_login_never_leads_to_another_site(browse, credentials):
    response = Client().post("/webclient/login/?url=//evil.example/", credentials)
    assert response["Location"] == "/webclient/"


def test_a_wrong_password_shows_the_page_again(browse, credentials):
    response = Client().post("/webclient/login/", {**credentials, "password": "wrong"})
    assert response.status_code == 200
    assert "Connection not available" in response.context["error"]


def test_the_guest_account_is_refused(browse, credentials):
    response = Client().post("/webclient/login/", {**credentials, "username": "guest"})
    assert response.context["form"].errors["username"] == ["Guest account is not supported."]


def test_a_login_needs_a_token(browse, credentials):
    response = Client(enforce_csrf_checks=True).post("/webclient/login/", credentials)
    assert response.status_code == 403
    assert response.json()["message"].startswith("CSRF Failed: ")


def test_strangers_are_sent_to_the_login_page(browse):
    response = Client().get("/webclient/usertags/?show=tag-1")
    assert response.status_code == 302
    assert response["Location"] == "/webclient/login/?url=%2Fwebclient%2Fusertags%2F%3Fshow%3Dtag-1"


def test_background_requests_of_strangers_get_an_empty_403(browse):
    response = Client().get("/webclient/api/groups/", headers={"X-Requested-With": "XMLHttpRequest"})
    assert (response.status_code, response.content) == (403, b"")


def test_the_keep_alive_never_redirects(browse):
    assert Client().get("/webclient/keepalive_ping/").content == b"Connection Failed"
    assert browse().get("keepalive_ping/").content == b"OK"


def test_logging_out_takes_a_post(browse):
    browser = browse()
    assert b"log out" in browser.get("logout/").content
    assert browser.get("keepalive_ping/").content == b"OK"
    assert browser.post("logout/")["Location"] == "/webclient/login/"
    assert browser.get("keepalive_ping/").content == b"Connection Failed"
