"""The login that answers in JSON. contract/json-api.md, section 3.4."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import path

from omeroweb.login import LoginView
from omeroweb.servers import all_servers

urlpatterns = [path("login/", LoginView.as_view())]
handler404 = "omeroweb.feedback.views.handler404"
handler500 = "omeroweb.feedback.views.handler500"

pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def user(make_user: Callable[..., Any]) -> Any:
    return make_user()


@pytest.fixture
def client(site: None) -> Iterator[Client]:
    yield Client(raise_request_exception=False)


def body(user: Any, **changes: Any) -> dict[str, Any]:
    return {"username": user.name, "password": user.password, "server": 1} | changes


def test_a_login_tells_the_event_context(client: Client, user: Any) -> None:
    found = client.post("/login/", body(user)).json()
    assert found["success"] is True
    context = found["eventContext"]
    assert (context["userId"], context["userName"], context["isAdmin"]) == (user.id, user.name, False)
    assert set(context) == {
        "sessionId",
        "sessionUuid",
        "userId",
        "userName",
        "groupId",
        "groupName",
        "isAdmin",
        "eventId",
        "eventType",
        "memberOfGroups",
        "leaderOfGroups",
    }


def test_a_login_may_be_json(client: Client, user: Any) -> None:
    text = json.dumps(body(user, server="1"))
    response = client.post("/login/", text, content_type="application/json; charset=utf-8")
    assert response.json()["success"] is True


def test_a_post_without_fields_confirms_the_login(client: Client, user: Any) -> None:
    assert client.post("/login/").status_code == 403
    client.post("/login/", body(user))
    assert client.post("/login/", {"csrfmiddlewaretoken": "x"}).json()["eventContext"]["userId"] == user.id


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"username": ""}, "Username: This field is required."),
        ({"password": ""}, "Password: This field is required."),
        ({"username": "guest"}, "Username: Guest account is not supported."),
        (
            {"server": 99},
            "Server: Select a valid choice. That choice is not one of the available choices.",
        ),
        ({"server": "x"}, "Server: Select a valid choice. That choice is not one of the available choices."),
        (
            {"username": "a" * 300},
            "Username: Ensure this value has at most 255 characters (it has 300).",
        ),
        ({"password": "wrong"}, "Connection not available, please check your user name and password."),
    ],
)
def test_a_refused_login_says_why(client: Client, user: Any, changes: dict[str, Any], message: str) -> None:
    response = client.post("/login/", body(user, **changes))
    assert (response.status_code, response.json()) == (403, {"message": message})
    assert "connector" not in client.session


@pytest.mark.parametrize("check_version", [True, False])
def test_a_server_that_does_not_answer_is_named(
    client: Client, user: Any, monkeypatch: pytest.MonkeyPatch, check_version: bool
) -> None:
    monkeypatch.setattr(settings, "SERVER_LIST", [["127.0.0.1", 1, "nobody"]])
    monkeypatch.setattr(settings, "CHECK_VERSION", check_version)
    all_servers.cache_clear()
    response = client.post("/login/", body(user))
    assert response.status_code == 403
    assert response.json()["message"] == "Server is not responding, please contact administrator."


def test_a_broken_body_is_refused(client: Client) -> None:
    for text in ("{", "[]", '"x"'):
        response = client.post("/login/", text, content_type="application/json")
        assert response.status_code == 400
        assert "not a JSON object" in response.json()["message"]


def test_only_posts_log_in(client: Client) -> None:
    response = client.get("/login/")
    assert response.status_code == 405
    assert response.json() == {"message": "POST only with username, password, server and csrftoken"}
    assert client.delete("/login/").status_code == 405
