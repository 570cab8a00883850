"""Connections to OMERO sessions, against the embedded server. contract/webgateway.md, section 2.1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from omeroweb.connector import Connector
from omeroweb.errors import ServerUnavailable
from omeroweb.pool import POOL, ConnectionPool, PoolKey, is_alive
from omeroweb.servers import all_servers

AGENT = "OMERO.web tests"


@pytest.fixture
def user(make_user: Callable[..., Any]) -> Any:
    return make_user()


@pytest.fixture
def connector(site: None, server: Any) -> Connector:
    """A connector with a live OMERO session of root."""
    found = Connector(1, False)
    conn = found.create_connection(AGENT, "root", server.root_password)
    assert conn is not None
    POOL.release(conn)
    return found


def test_a_login_remembers_session_and_user(connector: Connector) -> None:
    assert connector.omero_session_key
    assert connector.user_id == 0


def test_wrong_credentials_give_no_connection(site: None) -> None:
    assert Connector(1, False).create_connection(AGENT, "root", "wrong") is None


def test_a_server_that_does_not_answer_is_an_error_of_its_own(
    site: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "SERVER_LIST", [["127.0.0.1", 1, "nobody"]])
    all_servers.cache_clear()
    with pytest.raises(ServerUnavailable):
        Connector(1, False).create_connection(AGENT, "root", "x")
    assert not Connector(1, False).is_server_up(AGENT)


def test_the_versions_of_web_and_server_fit(site: None) -> None:
    assert Connector(1, False).is_server_up(AGENT)
    assert Connector(1, False).check_version(AGENT)


def test_the_same_connection_serves_the_next_request(connector: Connector) -> None:
    first = connector.join_connection(AGENT)
    POOL.release(first)
    assert connector.join_connection(AGENT) is first
    POOL.release(first)


def test_a_connection_in_use_is_not_shared(connector: Connector) -> None:
    first, second = connector.join_connection(AGENT), connector.join_connection(AGENT)
    assert first is not second
    assert first._sessionUuid == second._sessionUuid
    POOL.release(first)
    POOL.release(second)


def test_a_connection_comes_back_without_its_group_context(connector: Connector) -> None:
    conn = connector.join_connection(AGENT)
    conn.SERVICE_OPTS.setOmeroGroup(0)
    conn.c.getImplicitContext().put("omero.group", "0")
    POOL.release(conn)
    conn = connector.join_connection(AGENT)
    assert conn.SERVICE_OPTS.getOmeroGroup() is None
    assert "omero.group" not in conn.c.getImplicitContext().getContext()
    POOL.release(conn)


def test_stateful_services_are_closed_when_a_connection_comes_back(connector: Connector) -> None:
    conn = connector.join_connection(AGENT)
    conn.createRawFileStore()._getObj()
    assert len(conn.c.getStatefulServices()) == 1
    POOL.release(conn)
    conn = connector.join_connection(AGENT)
    assert conn.c.getStatefulServices() == []
    POOL.release(conn)


def test_a_connection_is_given_back_once(connector: Connector) -> None:
    conn = connector.join_connection(AGENT)
    POOL.release(conn)
    count = len(POOL)
    POOL.release(conn)
    assert len(POOL) == count


def test_a_connection_that_a_view_closed_is_forgotten(connector: Connector) -> None:
    conn = connector.join_connection(AGENT)
    count = len(POOL)
    conn.close(hard=False)
    POOL.release(conn)
    assert len(POOL) == count
    assert connector.join_connection(AGENT) is not None


def test_the_omero_session_survives_the_connection(connector: Connector) -> None:
    POOL.clear()
    conn = connector.join_connection(AGENT)
    assert is_alive(conn)
    POOL.release(conn)


def test_a_session_that_ended_cannot_be_joined(connector: Connector, server: Any) -> None:
    pool = ConnectionPool(trust_seconds=0)
    key = PoolKey(1, connector.omero_session_key or "", AGENT)
    conn = pool.acquire(key, lambda: connector.join_connection(AGENT))
    pool.release(conn)
    POOL.clear()
    killer = connector.join_connection(AGENT)
    killer.close(hard=True)
    assert pool.acquire(key, lambda: connector.join_connection(AGENT)) is None


def test_the_pool_is_bounded(connector: Connector) -> None:
    pool = ConnectionPool(max_idle=1)
    key = PoolKey(1, connector.omero_session_key or "", AGENT)
    POOL.clear()
    conns = [pool.acquire(key, lambda: connector.join_connection(AGENT)) for _ in range(2)]
    for conn in conns:
        pool.release(conn)
    assert len(pool) == 1
    pool.clear()
    assert len(pool) == 0


def test_a_browser_stays_logged_in(log_in: Callable[..., Client]) -> None:
    client = log_in()
    assert client.get("/webclient/keepalive_ping/").content == b"OK"


def test_the_browser_session_holds_no_password(log_in: Callable[..., Client], server: Any) -> None:
    client = log_in()
    client.get("/webclient/keepalive_ping/")
    assert server.root_password not in repr(dict(client.session))
    assert set(client.session["connector"]) == {
        "server_id",
        "is_secure",
        "is_public",
        "omero_session_key",
        "user_id",
    }


def test_a_session_uuid_in_the_query_logs_in(connector: Connector) -> None:
    client = Client()
    path = f"/webclient/keepalive_ping/?bsession={connector.omero_session_key}"
    assert client.get(path).content == b"OK"
    assert client.session["connector"]["user_id"] == 0
    assert client.get("/webclient/keepalive_ping/").content == b"OK"


def test_credentials_in_the_query_log_in(site: None, make_user: Callable[..., Any]) -> None:
    user = make_user()
    client = Client()
    query = {"username": user.name, "password": user.password}
    assert client.get("/webclient/keepalive_ping/", query).content == b"OK"
    assert client.session["connector"]["user_id"] == user.id


def test_an_ended_session_leads_to_the_login_page(log_in: Callable[..., Client]) -> None:
    client = log_in()
    stored = Connector.from_dict(client.session["connector"])
    assert stored is not None
    POOL.clear()
    killer = stored.join_connection(AGENT)
    killer.close(hard=True)
    response = client.get("/webgateway/imgData/1/")
    assert response.status_code == 302
    assert response["Location"].startswith("/webclient/login/?url=")
    assert "connector" not in client.session


def test_a_session_that_ends_between_two_requests_leads_to_the_login_page(
    log_in: Callable[..., Client],
) -> None:
    client = log_in()
    client.get("/webclient/keepalive_ping/")
    stored = Connector.from_dict(client.session["connector"])
    assert stored is not None
    killer = stored.join_connection("another agent")
    killer.close(hard=True)
    # The pooled connection is still trusted; the view's own call finds out.
    response = client.get("/webgateway/imgData/1/")
    assert response.status_code == 302


def test_a_broken_connection_is_replaced(log_in: Callable[..., Client]) -> None:
    client = log_in()
    client.get("/webgateway/proj/list/")
    for conns in POOL._idle.values():
        for conn in conns:
            conn.c.ic.destroy()
    assert client.get("/webgateway/proj/list/").status_code == 200


def test_nobody_is_logged_out_while_the_server_does_not_answer(
    log_in: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = log_in()
    client.get("/webgateway/proj/list/")
    stored = client.session["connector"]
    for conns in POOL._idle.values():
        for conn in conns:
            conn.c.ic.destroy()
    monkeypatch.setattr(settings, "SERVER_LIST", [["127.0.0.1", 1, "tests"]])
    all_servers.cache_clear()
    response = client.get("/webgateway/proj/list/")
    assert response.status_code == 503
    assert response.json()["message"] == "Server is not responding, please contact administrator."
    assert client.session["connector"] == stored


def test_a_login_changes_the_key_of_the_browsers_session(log_in: Callable[..., Client], user: Any) -> None:
    client = log_in()
    before = client.session.session_key
    body = {"server": 1, "username": user.name, "password": user.password, "noredirect": "1"}
    client.post("/webclient/login/", body)
    assert client.session.session_key != before


def test_an_unknown_server_is_refused_by_name(site: None) -> None:
    response = Client().get("/webgateway/imgData/1/?server=99")
    assert response.status_code == 400
    assert b"server=99" in response.content
