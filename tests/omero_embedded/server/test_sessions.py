"""Sessions shared by clients, sudo, environment, service factory (contract/server.md, sections 2.3 to 2.5)."""

import time
from concurrent.futures import ThreadPoolExecutor

import Ice
import omero
import omero.cmd
import pytest
from omero.api import IAdminPrx, IConfigPrx
from omero.model import ExperimenterGroupI, ExperimenterI, SessionI
from omero.rtypes import rlong, rstring
from omero.sys import Principal


def _join(server, session: str):
    client = server.client()
    client.joinSession(session)
    return client


def test_twenty_clients_share_a_session_and_leave_it_alive(server, login):
    owner = login()
    session = owner.getSessionId()
    live = server.server.sessions.get(session)
    owner.sf.getConfigService().getVersion()
    before = set(owner.sf.activeServices())

    def one_client(_):
        client = _join(server, session)
        client.sf.detachOnDestroy()
        for _ in range(5):
            client.sf.getConfigService().getVersion()
            client.sf.getAdminService().getEventContext()
        client.closeSession()

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(one_client, range(20), timeout=60))
    assert live.references == 1
    assert owner.sf.getAdminService().getEventContext().sessionUuid == session
    assert set(owner.sf.activeServices()) - before <= {f"{_client_uuid(owner)}omero.api.IAdmin"}


def _client_uuid(client) -> str:
    return client.getImplicitContext().get("omero.client.uuid")


def test_stateful_service_outlives_the_client_that_made_it(server, login):
    owner = login()
    other = _join(server, owner.getSessionId())
    other.sf.detachOnDestroy()
    store = other.sf.createRawFileStore()
    name = store.ice_getIdentity().name
    other.closeSession()
    found = omero.api.RawFileStorePrx.checkedCast(owner.sf.getByName(name))
    found.close()
    with pytest.raises(Ice.ObjectNotExistException):
        found.close()
    assert name not in owner.sf.activeServices()


def test_services_are_found_by_name(login):
    client = login()
    by_constant = client.sf.getByName("omero.api.IConfig")
    assert IConfigPrx.checkedCast(by_constant).getVersion() == "5.6.17"
    assert IAdminPrx.checkedCast(by_constant) is None
    assert client.sf.getConfigService().ice_getIdentity() == by_constant.ice_getIdentity()
    with pytest.raises(omero.ApiUsageException):
        client.sf.getByName("omero.api.Nothing")


def test_active_services_lists_names_that_get_by_name_accepts(login):
    client = login()
    client.sf.getConfigService()
    client.sf.createRawFileStore()
    names = client.sf.activeServices()
    assert len(names) == 2
    for name in names:
        client.sf.getByName(name).ice_ping()
    assert len(client.getStatefulServices()) == 1


def test_identities_are_built_as_clients_expect(login):
    client = login()
    identity = client.sf.ice_getIdentity()
    assert identity.name == client.getSessionId()
    assert identity.category == f"session-{_client_uuid(client)}"
    service = client.sf.getConfigService().ice_getIdentity()
    assert (service.category, service.name) == (identity.name, f"{_client_uuid(client)}omero.api.IConfig")


def test_keep_alive_tells_which_services_live(login):
    client = login()
    config = client.sf.getConfigService()
    store = client.sf.createRawFileStore()
    assert client.sf.keepAlive(config)
    assert not client.sf.keepAlive(None)
    store.close()
    assert not client.sf.keepAlive(store)
    assert client.sf.keepAllAlive([]) == -1
    assert client.sf.keepAllAlive([config, store, store]) == 0b110


def test_calls_reset_the_idle_clock_but_quiet_look_ups_do_not(server, login):
    client, other = login(), login()
    live = server.server.sessions.get(client.getSessionId())
    live.last_access = 1
    live.time_to_idle = 0
    other.sf.getSessionService().getSession(client.getSessionId())
    assert live.last_access == 1
    service = client.sf.getSessionService()
    live.last_access = 1
    service.getSession(client.getSessionId(), {"quietly": "true"})
    assert live.last_access == 1
    service.getSession(client.getSessionId())
    assert live.last_access > 1


def test_group_is_switched_only_without_stateful_services(login, make_group, make_user):
    one, two = make_group(), make_group()
    user = make_user(one, two)
    client = login(user)
    store = client.sf.createRawFileStore()
    with pytest.raises(omero.SecurityViolation) as refusal:
        client.sf.setSecurityContext(ExperimenterGroupI(two, False))
    assert store.ice_getIdentity().name in refusal.value.message
    store.close()
    previous = client.sf.setSecurityContext(ExperimenterGroupI(two, False))
    assert previous.id.val == one
    assert client.sf.getAdminService().getEventContext().groupId == two


def test_foreign_group_cannot_be_switched_to(login, make_group, make_user):
    foreign = make_group()
    client = login(make_user())
    with pytest.raises(omero.SecurityViolation):
        client.sf.setSecurityContext(ExperimenterGroupI(foreign, False))
    with pytest.raises(omero.SecurityViolation):
        client.sf.setSecurityContext(ExperimenterGroupI(999999, False))


def test_context_of_a_call_names_group_and_user(login, make_group, make_user):
    one, two = make_group(), make_group("rwra--")
    user = make_user(one, two)
    admin = login(user).sf.getAdminService()
    assert admin.getEventContext({"omero.group": str(two)}).groupId == two
    assert admin.getEventContext({"omero.group": "-1"}).groupId == -1
    assert admin.getEventContext({"omero.group": "nonsense"}).groupId == one
    assert str(admin.getEventContext({"omero.group": str(two)}).groupPermissions) == "rwra--"
    with pytest.raises(omero.SecurityViolation):
        admin.getEventContext({"omero.group": "0"})
    with pytest.raises(omero.SecurityViolation):
        admin.getEventContext({"omero.user": "0"})
    assert admin.getEventContext({"omero.user": str(user.id)}).userId == user.id
    as_user = (
        login().sf.getAdminService().getEventContext({"omero.user": str(user.id), "omero.group": str(one)})
    )
    assert (as_user.userId, as_user.userName, as_user.isAdmin) == (user.id, user.name, False)


def test_admin_opens_a_session_for_another_user(server, login, make_user):
    user = make_user()
    session = (
        login().sf.getSessionService().createSessionWithTimeouts(Principal(user.name, "", "User"), 0, 60000)
    )
    assert (session.timeToIdle.val, session.timeToLive.val) == (60000, 0)
    client = _join(server, session.uuid.val)
    context = client.sf.getAdminService().getEventContext()
    assert (context.userId, context.sudoerId.val, context.sudoerName.val) == (user.id, 0, "root")
    assert not context.isAdmin
    assert session.details.group.id.val == user.group
    client.killSession()


def test_ordinary_user_may_not_open_sessions_for_others(login, make_group, make_user):
    group = make_group("rwra--")
    one, two = make_user(group), make_user(group)
    service = login(one).sf.getSessionService()
    with pytest.raises(omero.SecurityViolation):
        service.createSessionWithTimeout(Principal(two.name, "", "User"), 60000)
    with pytest.raises(omero.SecurityViolation):
        service.createSessionWithTimeout(Principal("nobody at all", "", "User"), 60000)


def test_group_owner_opens_sessions_tied_to_that_group(server, login, make_group, make_user):
    led, other = make_group("rwra--", name="led"), make_group()
    user = make_user(led, other)
    owner = make_user(led, owner_of=[led])
    service = login(owner).sf.getSessionService()
    session = service.createSessionWithTimeout(Principal(user.name, "led", "User"), 60000)
    client = _join(server, session.uuid.val)
    admin = client.sf.getAdminService()
    assert admin.getEventContext().groupId == led
    with pytest.raises(omero.SecurityViolation):
        admin.getEventContext({"omero.group": str(other)})
    with pytest.raises(omero.SecurityViolation):
        client.sf.setSecurityContext(ExperimenterGroupI(other, False))
    client.killSession()


def test_restricted_admin_stays_restricted_as_somebody_else(server, login, make_user, root):
    admin = make_user(admin=True)
    service = root.sf.getAdminService()
    kept = [p for p in _privileges(server, root) if p.value.val in ("Sudo", "WriteOwned")]
    service.setAdminPrivileges(ExperimenterI(admin.id, False), kept)
    session = (
        login(admin).sf.getSessionService().createSessionWithTimeout(Principal("root", "", "User"), 60000)
    )
    client = _join(server, session.uuid.val)
    context = client.sf.getAdminService().getEventContext()
    assert context.userName == "root"
    assert sorted(context.adminPrivileges) == ["Sudo", "WriteOwned"]
    client.killSession()


def _privileges(server, client):
    from omero.model import AdminPrivilegeI

    found = []
    for name in ("Sudo", "WriteOwned"):
        privilege = AdminPrivilegeI()
        privilege.value = rstring(name)
        found.append(privilege)
    return found


def test_unlimited_and_negative_times(login, make_user):
    service = login().sf.getSessionService()
    principal = Principal(make_user().name, "", "User")
    session = service.createSessionWithTimeouts(principal, 0, 0)
    assert (session.timeToIdle.val, session.timeToLive.val) == (0, 0)
    assert service.closeSession(session) == -2
    with pytest.raises(omero.ApiUsageException):
        service.createSessionWithTimeouts(principal, -1, 0)


def test_close_session_counts_down(server, login):
    client = login()
    other = server.login()
    uuid = other.getSessionId()
    joined = _join(server, uuid)
    service = client.sf.getSessionService()
    session = SessionI()
    session.uuid = rstring(uuid)
    assert service.closeSession(session) == 1
    assert service.closeSession(session) == -2
    assert service.closeSession(session) == -1
    for one in (other, joined):
        one.closeSession()


def test_sessions_of_others_are_hidden(login, make_user):
    user = login(make_user())
    with pytest.raises(omero.SecurityViolation):
        user.sf.getSessionService().getSession(login().getSessionId())
    with pytest.raises(omero.RemovedSessionException):
        user.sf.getSessionService().getSession("no such session")


def test_environment_keeps_any_value(server, login):
    client = login()
    client.setInput("number", rlong(5))
    client.setInput("list", omero.rtypes.rlist([rstring("a"), omero.rtypes.robject(SessionI(1, False))]))
    other = _join(server, client.getSessionId())
    assert other.getInput("number").val == 5
    assert other.getInput("list").val[1].val.id.val == 1
    assert sorted(other.getInputKeys()) == ["list", "number"]
    assert other.getInput("nothing") is None
    client.setInput("number", None)
    assert other.getInputKeys() == ["list"]
    other.setOutput("done", rstring("yes"))
    assert client.getOutput("done").val == "yes"
    assert client.getOutputKeys() == ["done"]
    other.closeSession()


def test_membership_changes_reach_live_sessions(login, make_group, make_user, root):
    user = make_user()
    admin = login(user).sf.getAdminService()
    group = make_group()
    assert group not in admin.getEventContext().memberOfGroups
    root.sf.getAdminService().addGroups(ExperimenterI(user.id, False), [ExperimenterGroupI(group, False)])
    assert admin.getEventContext({"omero.group": str(group)}).groupId == group
    root.sf.getAdminService().removeGroups(ExperimenterI(user.id, False), [ExperimenterGroupI(group, False)])
    with pytest.raises(omero.SecurityViolation):
        admin.getEventContext({"omero.group": str(group)})


def test_opening_a_session_is_quick(server, login):
    owner = login()
    session = owner.getSessionId()
    owner.sf.detachOnDestroy()
    times = []
    for _ in range(20):
        client = server.client()
        begin = time.perf_counter()
        client.joinSession(session).detachOnDestroy()
        times.append(time.perf_counter() - begin)
        client.closeSession()
    assert sorted(times)[len(times) // 2] < 0.05


def test_factory_of_an_ended_session_is_gone(server):
    one, two = server.login(), server.client()
    two.joinSession(one.getSessionId())
    factory = two.sf
    one.killSession()
    with pytest.raises((omero.RemovedSessionException, Ice.ObjectNotExistException)):
        factory.keepAlive(None)
    with pytest.raises(Ice.ObjectNotExistException):
        factory.submit(omero.cmd.Timing(1, 1))
    two.closeSession()


def test_session_does_not_idle_out_during_a_call(server, login):
    client = login()
    live = server.server.sessions.get(client.getSessionId())
    server.server.sessions.enter(live)
    live.time_to_idle, live.last_access = 1, 1
    server.server.sessions.sweep()
    assert not live.closed
    live.time_to_idle = 600_000
    server.server.sessions.leave(live)
    assert live.last_access > 1
    assert client.sf.keepAlive(client.sf.getConfigService())
