"""What holds without an OMERO server: errors, addresses, headers. contract/config-cli-deploy.md, section 10."""

from __future__ import annotations

import json

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import NoReverseMatch, path

from omeroweb.connector import Connector, compatible
from omeroweb.decorators import get_client_ip, parse_url
from omeroweb.server_settings import nested
from omeroweb.utils import reverse_with_params


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


def test_webgateway_greets(client: Client) -> None:
    response = client.get("/webgateway/")
    assert (response.status_code, response.content) == (200, b"Welcome to webgateway")


def test_the_root_leads_to_the_webclient_and_is_never_cached(client: Client) -> None:
    response = client.get("/")
    assert (response.status_code, response["Location"]) == (301, "/webclient/")
    assert "no-store" in response["Cache-Control"]


def test_an_unknown_address_has_a_page(client: Client) -> None:
    response = client.get("/no/such/page/")
    assert response.status_code == 404
    assert b"<html" in response.content


def test_an_unknown_address_is_empty_for_scripts(client: Client) -> None:
    response = client.get("/no/such/page/", headers={"X-Requested-With": "XMLHttpRequest"})
    assert (response.status_code, response.content) == (404, b"")


def test_pages_may_only_be_framed_by_the_site(client: Client) -> None:
    response = client.get("/webgateway/")
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    for header in ("Strict-Transport-Security", "X-Content-Type-Options", "Referrer-Policy"):
        assert header not in response


def test_a_post_without_token_is_refused_as_json() -> None:
    response = Client(enforce_csrf_checks=True).post("/webgateway/saveImgRDef/1/")
    assert response.status_code == 403
    assert json.loads(response.content)["message"].startswith("CSRF Failed: ")


def test_a_get_of_a_post_only_view_is_405(client: Client) -> None:
    response = client.get("/webgateway/saveImgRDef/1/")
    assert (response.status_code, response["Allow"]) == (405, "POST")


@pytest.mark.parametrize("path", ["/webgateway/render_image/1/", "/webgateway/imgData/1/"])
def test_visitors_are_sent_to_the_login_page(client: Client, path: str) -> None:
    response = client.get(path + "?c=1")
    assert response.status_code == 302
    assert response["Location"] == f"/webclient/login/?url={path.replace('/', '%2F')}%3Fc%3D1"


def test_scripts_without_a_login_get_an_empty_403(client: Client) -> None:
    response = client.get("/webgateway/imgData/1/", headers={"X-Requested-With": "XMLHttpRequest"})
    assert (response.status_code, response.content) == (403, b"")


def test_the_last_forwarded_address_is_the_users() -> None:
    request = RequestFactory().get("/", headers={"X-Forwarded-For": "10.0.0.1, 192.0.2.7 "})
    assert get_client_ip(request) == "192.0.2.7"
    assert get_client_ip(RequestFactory().get("/")) == "127.0.0.1"


def test_parse_url_reverses_with_query() -> None:
    assert parse_url({"viewname": "webgateway", "query_string": "a=1"}) == "/webgateway/?a=1"


def test_parse_url_returns_known_paths() -> None:
    assert parse_url("/webgateway/") == "/webgateway/"


def test_parse_url_refuses_unknown_paths() -> None:
    with pytest.raises(NoReverseMatch):
        parse_url("/nowhere/")


@pytest.mark.parametrize("nothing", [{}, "", None])
def test_parse_url_refuses_nothing(nothing: object) -> None:
    with pytest.raises(ValueError, match="No lookup_view"):
        parse_url(nothing)  # type: ignore[arg-type]


def test_reverse_with_params_encodes_dictionaries() -> None:
    path = reverse_with_params(viewname="webgateway", query_string={"a": "x y", "b": ["1", "2"]})
    assert path == "/webgateway/?a=x+y&b=1&b=2"


@pytest.mark.parametrize(
    ("web", "server", "fits"),
    [
        ("5.33.2+local", "5.6.11", True),
        ("5.33.2", "5.5.0", True),
        ("5.33.2", "5.4.9", False),
        ("5.33.2", "6.0.0", False),
        ("5.4.0", "5.4.9", True),
        ("5.4.0", "5.5.0", False),
        ("5.33.2", "unknown", False),
    ],
)
def test_versions_fit(web: str, server: str, fits: bool) -> None:
    assert compatible(web, server) is fits


def test_a_connector_survives_the_session_store() -> None:
    connector = Connector(1, False, True, "uuid", 7)
    assert connector.to_dict() == {
        "server_id": 1,
        "is_secure": False,
        "is_public": True,
        "omero_session_key": "uuid",
        "user_id": 7,
    }
    assert Connector.from_dict(json.loads(json.dumps(connector.to_dict()))) == connector


@pytest.mark.parametrize("stored", [None, "text", {}, {"server_id": 99}])
def test_a_broken_connector_counts_as_none(stored: object) -> None:
    assert Connector.from_dict(stored) is None


def test_preferences_become_nested() -> None:
    assert nested(
        {
            "omero.client.ui.tree.orphans.enabled": "true",
            "omero.client.ui.tree.type_order": "tagset,tag",
            "omero.client.viewer.roi_limit": "2000",
            "omero.other": "x",
        }
    ) == {
        "ui": {"tree": {"orphans": {"enabled": True}, "type_order": "tagset,tag"}},
        "viewer": {"roi_limit": 2000},
    }


def failing(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a secret detail")


urlpatterns = [path("fail/", failing)]
handler500 = "omeroweb.feedback.views.handler500"


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("headers", [{}, {"X-Requested-With": "XMLHttpRequest"}])
def test_an_unexpected_error_tells_no_details(client: Client, headers: dict[str, str]) -> None:
    response = client.get("/fail/", headers=headers)
    assert response.status_code == 500
    assert b"Traceback" not in response.content
    assert b"a secret detail" not in response.content


def test_templates_of_plug_ins_come_before_the_built_in_ones() -> None:
    apps = settings.INSTALLED_APPS
    assert apps.index("omeroweb.webgateway") < apps.index("omeroweb.apps.OmeroWebConfig")


def test_a_short_link_leads_to_the_object(client: Client) -> None:
    response = client.get("/url/?show=image-1|image-2")
    assert (response.status_code, response["Location"]) == (302, "/webclient/?show=image-1%7Cimage-2")


def test_a_short_link_to_nothing_explains_itself(client: Client) -> None:
    response = client.get("/url/")
    assert response.status_code == 404
    assert "Path was not recognized. URL should follow the pattern:" in response.content.decode()


@pytest.mark.parametrize("show", ["a\r\nSet-Cookie: x=1", "//evil.example.org", "é"])
def test_a_short_link_stays_on_the_site(client: Client, show: str) -> None:
    response = client.get("/url/", {"show": show})
    assert response["Location"].startswith("/webclient/?show=")
    assert "\n" not in response["Location"]
    assert "Set-Cookie" not in response
