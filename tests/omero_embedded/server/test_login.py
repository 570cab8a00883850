"""Logging in and out over tcp and TLS (contract/server.md, sections 2.1 to 2.3; check 1 of section 5.4)."""

import time
import uuid

import Glacier2
import Ice
import omero
import pytest
from sqlalchemy import select

from omero_embedded.model.tables import table_of


@pytest.mark.parametrize("secure", [True, False], ids=["tls", "tcp"])
def test_root_logs_in(server, login, secure):
    client = login(secure=secure)
    context = client.sf.getAdminService().getEventContext()
    assert (context.userName, context.userId, context.groupName, context.isAdmin) == (
        "root",
        0,
        "system",
        True,
    )
    assert context.sessionUuid == client.getSessionId()
    assert list(context.memberOfGroups) == [0, 1]
    assert len(context.adminPrivileges) == 15


def test_guest_logs_in_with_any_password(login):
    assert login("guest", "guest").sf.getConfigService().getVersion() == "5.6.17"
    assert login("guest", "whatever").sf.getAdminService().getEventContext().userId == 1


def test_guest_gets_three_services_only(login):
    factory = login("guest", "guest").sf
    factory.getSessionService()
    with pytest.raises(omero.SecurityViolation):
        factory.getQueryService()
    with pytest.raises(omero.SecurityViolation):
        factory.createRawFileStore()


@pytest.mark.parametrize("user, password", [("root", "wrong"), ("nobody", "wrong"), ("root", "")])
def test_wrong_credentials_are_refused(server, user, password):
    client = server.client()
    with pytest.raises((Glacier2.PermissionDeniedException, omero.ClientError)):
        client.createSession(user, password)


def test_repeated_failures_are_answered_late_and_success_forgets_them(server, make_user):
    user = make_user()
    waits = []
    for _ in range(3):
        begin = time.monotonic()
        with pytest.raises(Glacier2.PermissionDeniedException):
            server.client().createSession(user.name, "wrong")
        waits.append(time.monotonic() - begin)
    assert waits[0] < 0.25
    assert min(waits[1:]) >= 0.3
    server.login(user.name, user.password).closeSession()
    begin = time.monotonic()
    with pytest.raises(Glacier2.PermissionDeniedException):
        server.client().createSession(user.name, "wrong")
    assert time.monotonic() - begin < 0.25


def test_unknown_group_is_refused(server):
    with pytest.raises(Glacier2.PermissionDeniedException):
        server.login(group="no such group")


def test_foreign_group_is_refused_on_the_first_call(server, make_user, make_group, closing):
    make_group(name="somebody else's")
    user = make_user()
    client = server.login(user.name, user.password, group="somebody else's")
    closing.callback(client.closeSession)
    with pytest.raises(omero.SecurityViolation):
        client.sf.getAdminService().getEventContext()


def test_client_without_uuid_is_refused(server):
    communicator = Ice.initialize()
    try:
        proxy = communicator.stringToProxy(f"OMERO.Glacier2/router:tcp -h 127.0.0.1 -p {server.tcp_port}")
        router = Glacier2.RouterPrx.uncheckedCast(proxy)
        with pytest.raises(omero.WrappedCreateSessionException) as refusal:
            router.createSession("root", server.root_password)
        assert refusal.value.type == "ApiUsageException"
        assert not refusal.value.concurrency
        with pytest.raises(Glacier2.SessionNotExistException):
            router.destroySession()
        with pytest.raises(Glacier2.SessionNotExistException):
            router.refreshSession()
        with pytest.raises(Glacier2.PermissionDeniedException):
            router.createSessionFromSecureConnection()
    finally:
        communicator.destroy()


def test_session_is_joined_by_its_id(server, login):
    first = login()
    second = server.client(secure=False)
    second.joinSession(first.getSessionId())
    assert second.getSessionId() == first.getSessionId()
    assert second.sf.getSessionService().getReferenceCount(first.getSessionId()) == 2
    second.closeSession()
    assert first.sf.getSessionService().getReferenceCount(first.getSessionId()) == 1


def test_session_id_as_password_of_somebody_is_refused(server, login):
    session = login().getSessionId()
    for user, password in ((session, "x"), ("root", session)):
        with pytest.raises(Glacier2.PermissionDeniedException):
            server.client().createSession(user, password)


def test_unknown_session_is_refused(server):
    with pytest.raises(Glacier2.PermissionDeniedException):
        server.client().joinSession(str(uuid.uuid4()))


def test_session_ends_with_its_last_client(server):
    client = server.login()
    session = client.getSessionId()
    client.closeSession()
    with pytest.raises(Glacier2.PermissionDeniedException):
        server.client().joinSession(session)


def test_session_survives_clients_that_detach(server):
    client = server.login()
    session = client.getSessionId()
    client.sf.detachOnDestroy()
    client.closeSession()
    for _ in range(5):
        joined = server.client()
        joined.joinSession(session).detachOnDestroy()
        joined.closeSession()
    last = server.client()
    assert last.joinSession(session).getSessionService().getReferenceCount(session) == 1
    last.killSession()


def test_killed_session_is_gone_for_all_clients(server):
    one, two = server.login(), server.client()
    two.joinSession(one.getSessionId())
    service = two.sf.getConfigService()
    one.killSession()
    with pytest.raises(Ice.ObjectNotExistException):
        service.getVersion()
    two.closeSession()


def test_lost_connection_counts_as_leaving(server, login):
    watcher = login()
    client = server.client()
    client.joinSession(watcher.getSessionId())
    client.sf.ice_getConnection().close(True)
    service = watcher.sf.getSessionService()
    deadline = time.monotonic() + 5
    while service.getReferenceCount(watcher.getSessionId()) > 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert service.getReferenceCount(watcher.getSessionId()) == 1


def test_idle_session_expires(server, login):
    client = server.login()
    uuid_ = client.getSessionId()
    live = server.server.sessions.get(uuid_)
    live.time_to_idle = 1
    service = client.sf.getConfigService
    time.sleep(0.05)
    with pytest.raises((omero.SessionTimeoutException, Ice.ObjectNotExistException)):
        service()
    with pytest.raises(omero.RemovedSessionException):
        login().sf.getSessionService().getSession(uuid_)
    client.closeSession()


def test_sweep_removes_expired_sessions_and_marks_their_rows(server):
    client = server.login()
    live = server.server.sessions.get(client.getSessionId())
    live.time_to_live = 1
    rows = table_of("Session")
    deadline = time.monotonic() + 10
    closed = None
    while closed is None and time.monotonic() < deadline:
        time.sleep(0.1)
        with server.server.database.read() as connection:
            closed = connection.scalar(select(rows.c.closed).where(rows.c.id == live.id))
    assert closed is not None
    client.closeSession()


def test_gateway_connects_and_switches_to_the_insecure_endpoint(server):
    from omero.gateway import BlitzGateway

    connection = BlitzGateway(
        "root", server.root_password, host="127.0.0.1", port=server.tls_port, secure=False
    )
    try:
        assert connection.connect()
        assert not connection.isSecure()
        assert connection.getEventContext().userName == "root"
        assert connection.keepAlive()
    finally:
        connection.close()


def test_log_in_is_recorded_as_a_session_row(server, login):
    client = login()
    context = client.sf.getAdminService().getEventContext()
    rows = table_of("Session")
    with server.server.database.read() as connection:
        row = connection.execute(select(rows).where(rows.c.id == context.sessionId)).one()
    assert (row.uuid, row.owner, row.closed) == (client.getSessionId(), 0, None)
    assert (row.timetoidle, row.timetolive, row.useragent) == (600000, 0, "OMERO.py")
    assert row.userip == "127.0.0.1"
