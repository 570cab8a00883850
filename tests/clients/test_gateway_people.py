"""BlitzGateway: sessions, users, groups, privileges, enumerations, settings of the server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from omero.callbacks import CmdCallbackI
from omero.gateway import BlitzGateway


def test_connection_is_kept_alive_joined_and_closed(server: Any, conn: Any, member: Any) -> None:
    assert conn.isConnected()
    assert conn.keepAlive()
    assert conn.isSecure()
    context = conn.getEventContext()
    assert (context.userName, context.groupId) == (member.name, member.group)
    joined = BlitzGateway(host=server.host, port=server.tls_port)
    assert joined.connect(sUuid=conn.getSession().getUuid().val)
    assert joined.getUserId() == member.id
    joined.close(hard=False)
    assert conn.keepAlive()
    copy = conn.clone()
    assert copy.connect(sUuid=conn.getSession().getUuid().val)
    copy.close(hard=False)


def test_wrong_password_is_refused(server: Any, member: Any) -> None:
    conn = BlitzGateway(member.name, "wrong", host=server.host, port=server.tls_port)
    assert conn.connect() is False
    assert conn.getLastError() is not None
    conn.close()


def test_insecure_connection_works(conn: Any) -> None:
    conn.setSecure(False)
    assert not conn.isSecure()
    assert conn.keepAlive()
    assert list(conn.listProjects()) == []


def test_user_and_his_groups(conn: Any, member: Any) -> None:
    user = conn.getUser()
    assert (user.getName(), user.isAdmin(), user.isActive(), user.isGuest()) == (
        member.name, False, True, False,
    )  # fmt: skip
    assert user.is_self()
    assert user.getFullName().startswith("User")
    assert member.group in [g.getId() for g in conn.getGroupsMemberOf()]
    assert list(conn.getGroupsLeaderOf()) == []
    assert conn.getDefaultGroup(member.id).getId() == member.group
    assert conn.getGroupFromContext().getId() == member.group
    assert not conn.isAdmin()
    assert not conn.isLeader()
    assert conn.getCurrentAdminPrivileges() == []
    assert not conn.canBeAdmin()
    assert conn.canCreate()


def test_colleagues_and_summary_of_a_group(
    gateway: Callable[..., Any], make_user: Callable[..., Any], member: Any
) -> None:
    leader = make_user(member.group, owner_of=[member.group])
    conn = gateway(leader)
    assert conn.isLeader()
    assert [g.getId() for g in conn.listOwnedGroups()] == [member.group]
    leaders, colleagues = conn.getObject("ExperimenterGroup", member.group).groupSummary()
    assert [e.getId() for e in leaders] == [leader.id]
    assert member.id in [e.getId() for e in colleagues]
    assert member.id in [e.getId() for e in conn.listColleagues()]
    assert {e.getId() for e in conn.containedExperimenters(member.group)} == {leader.id, member.id}
    assert [e.getId() for e in conn.findExperimenters(member.name)] == [member.id]
    assert member.group in [g.getId() for g in conn.listGroups()]
    assert member.group in [g.getId() for g in conn.getOtherGroups(leader.id)]


def test_administrator_makes_and_changes_groups(
    root_gateway: Any, make_user: Callable[..., Any], member: Any
) -> None:
    other = make_user()
    group = root_gateway.createGroup(
        f"made-by-gateway-{member.id}", owner_Ids=[other.id], member_Ids=[member.id], perms="rwr---"
    )
    found = root_gateway.getObject("ExperimenterGroup", group)
    assert str(found.getDetails().getPermissions()).startswith("rwr-")
    leaders, colleagues = found.groupSummary()
    assert [e.getId() for e in leaders] == [other.id]
    assert [e.getId() for e in colleagues] == [member.id]
    handle = root_gateway.chmodGroup(group, "rwra--")
    CmdCallbackI(root_gateway.c, handle).loop(20, 250)
    changed = root_gateway.getObject("ExperimenterGroup", group)
    assert changed.getDetails().getPermissions().isGroupAnnotate()


def test_privileges_of_administrators_are_changed(root_gateway: Any, make_user: Callable[..., Any]) -> None:
    admin = make_user(admin=True)
    assert "Sudo" in root_gateway.getAdminPrivileges(admin.id)
    root_gateway.updateAdminPrivileges(admin.id, remove=["Sudo", "Chown"])
    left = root_gateway.getAdminPrivileges(admin.id)
    assert "Sudo" not in left
    assert "WriteOwned" in left
    assert admin.id in [e.getId() for e in root_gateway.getAdministrators()]
    assert root_gateway.isFullAdmin()


def test_administrator_acts_for_a_user(root_gateway: Any, member: Any) -> None:
    conn = root_gateway.suConn(member.name)
    assert conn.getUserId() == member.id
    conn.close()


def test_group_of_the_session_is_changed_and_reverted(
    gateway: Callable[..., Any], make_group: Callable[..., int], make_user: Callable[..., Any]
) -> None:
    one, two = make_group("rw----"), make_group("rwra--")
    conn = gateway(make_user(one, two))
    conn.setGroupForSession(two)
    assert conn.getEventContext().groupId == two
    conn.revertGroupForSession()
    assert conn.getEventContext().groupId == one


def test_enumerations_are_listed(conn: Any) -> None:
    assert conn.getEnumeration("PixelsType", "uint16").getValue() == "uint16"
    entries = list(conn.getEnumerationEntries("DimensionOrder"))
    assert "XYZCT" in [e.getValue() for e in entries]
    assert conn.getEnumerationById("DimensionOrder", entries[0].getId()).getValue()
    assert "PixelsType" in conn.getEnumerations()
    assert conn.getEnumerationsWithEntries()["PixelsTypeI"]
    assert conn.getOriginalEnumerations()


def test_settings_for_clients(conn: Any) -> None:
    assert conn.getMaxPlaneSize() == (3192, 3192)
    assert conn.getClientSettings()
    assert conn.getRoiLimitSetting() == 2000
    assert conn.getInitialZoomLevel() == "0"
    assert conn.getInterpolateSetting() is True
    assert conn.getDownloadAsMaxSizeSetting() == 144000000
    assert conn.getWebclientHost() is not None


def test_free_space_and_services(root_gateway: Any) -> None:
    assert root_gateway.getFreeSpace() > 0
    for name in (
        "Admin", "Query", "Container", "Pixels", "Metadata", "Roi", "Script", "RepositoryInfo",
        "Share", "Timeline", "Types", "Config", "RenderingSettings", "Update", "Session",
    ):  # fmt: skip
        assert getattr(root_gateway, f"get{name}Service")() is not None
    for name in ("RenderingEngine", "RawPixelsStore", "ThumbnailStore", "SearchService", "Exporter"):
        service = getattr(root_gateway, f"create{name}")()
        service.close()
