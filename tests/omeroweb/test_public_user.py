"""Visitors without a login. contract/config-cli-deploy.md, section 10.6; contract/webgateway.md, section 2.2."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from omeroweb import public


@pytest.fixture
def visitor(site: None, make_user: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A browser without a login, on a site that lets visitors see everything below `/webgateway/`."""
    user = make_user()
    monkeypatch.setattr(settings, "PUBLIC_ENABLED", True)
    monkeypatch.setattr(settings, "PUBLIC_USER", user.name, raising=False)
    monkeypatch.setattr(settings, "PUBLIC_PASSWORD", user.password, raising=False)
    monkeypatch.setattr(settings, "PUBLIC_URL_FILTER", re.compile(r"^/webgateway/(?!download_as)"))
    public.enabled.cache_clear()
    yield Client()
    public.enabled.cache_clear()


def test_visitors_see_what_the_filter_allows(visitor: Client) -> None:
    assert visitor.get("/webgateway/proj/list/").json() == []
    assert visitor.session["connector"]["is_public"] is True


def test_visitors_are_sent_to_the_login_page_elsewhere(visitor: Client) -> None:
    assert visitor.get("/webclient/userdata/").status_code == 302
    assert visitor.get("/webgateway/download_as/?image=1").status_code == 302


def test_a_public_session_counts_as_no_login_elsewhere(visitor: Client) -> None:
    visitor.get("/webgateway/proj/list/")
    assert visitor.get("/webgateway/download_as/?image=1").status_code == 302
    response = visitor.get("/webclient/api/groups/", headers={"X-Requested-With": "XMLHttpRequest"})
    assert (response.status_code, response.content) == (403, b"")


def test_visitors_only_get(visitor: Client) -> None:
    assert visitor.post("/webgateway/resetRDef/", {"toids": 1}).status_code == 302


def test_visitors_may_post_where_it_is_configured(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "PUBLIC_GET_ONLY", False)
    assert visitor.post("/webgateway/resetRDef/", {"toids": 999999}).status_code == 404


def test_an_unknown_image_is_forbidden_to_visitors(visitor: Client) -> None:
    response = visitor.get("/webgateway/imgData/999999/")
    assert (response.status_code, response.content) == (403, b"")


def test_a_login_replaces_the_public_session(visitor: Client, make_user: Callable[..., Any]) -> None:
    visitor.get("/webgateway/proj/list/")
    user = make_user()
    visitor.post("/webclient/login/", {"server": 1, "username": user.name, "password": user.password})
    assert visitor.session["connector"]["user_id"] == user.id
    assert visitor.session["connector"]["is_public"] is False


def test_visitors_can_share_a_session(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.core.cache.backends.locmem import LocMemCache

    monkeypatch.setattr(settings, "PUBLIC_CACHE_ENABLED", True)
    monkeypatch.setattr(public, "django_cache", LocMemCache("visitors", {}))
    visitor.get("/webgateway/proj/list/")
    other = Client()
    other.get("/webgateway/proj/list/")
    keys = {client.session["connector"]["omero_session_key"] for client in (visitor, other)}
    assert len(keys) == 1


def test_a_missing_password_switches_visitors_off(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(settings, "PUBLIC_PASSWORD")
    public.enabled.cache_clear()
    assert visitor.get("/webgateway/proj/list/").status_code == 302
