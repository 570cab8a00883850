"""IAdmin: looking up and changing users, groups, privileges, passwords (contract/server.md, section 2.8)."""

import Glacier2
import omero
import pytest
from omero.model import AdminPrivilegeI, ExperimenterGroupI, ExperimenterI, PermissionsI
from omero.rtypes import rbool, rstring


def _group(group_id: int):
    return ExperimenterGroupI(group_id, False)


def _user(user_id: int):
    return ExperimenterI(user_id, False)


def _privileges(*names: str):
    found = []
    for name in names:
        privilege = AdminPrivilegeI()
        privilege.value = rstring(name)
        found.append(privilege)
    return found


def _named_group(name: str):
    group = ExperimenterGroupI()
    group.name, group.ldap = rstring(name), rbool(False)
    return group


def _named_user(name: str):
    user = ExperimenterI()
    user.omeName, user.firstName, user.lastName, user.ldap = (
        rstring(name),
        rstring("F"),
        rstring("L"),
        rbool(False),
    )
    return user


@pytest.fixture
def admin(root):
    """IAdmin of root."""
    return root.sf.getAdminService()


def test_roles_have_the_fixed_ids(admin):
    roles = admin.getSecurityRoles()
    assert (roles.rootId, roles.guestId) == (0, 1)
    assert (roles.systemGroupId, roles.userGroupId, roles.guestGroupId) == (0, 1, 2)
    assert (roles.rootName, roles.userGroupName) == ("root", "user")


def test_user_comes_with_memberships_and_groups(admin, make_user, make_group):
    one, two = make_group(name="first of two"), make_group()
    user = make_user(one, two)
    found = admin.getExperimenter(user.id)
    links = found.copyGroupExperimenterMap()
    assert [link.parent.id.val for link in links] == [one, two, 1]
    assert links[0].parent.name.val == "first of two"
    assert admin.lookupExperimenter(user.name).id.val == user.id
    assert user.id in [one.id.val for one in admin.lookupExperimenters()]


def test_group_comes_with_its_members_and_level(admin, make_user, make_group):
    group = make_group("rwra--", name="with members")
    user = make_user(group)
    found = admin.lookupGroup("with members")
    assert found.id.val == group
    assert str(found.details.permissions) == "rwra--"
    assert [link.child.omeName.val for link in found.copyGroupExperimenterMap()] == [user.name]
    assert admin.getGroup(group).name.val == "with members"
    assert group in [one.id.val for one in admin.lookupGroups()]
    assert [one.id.val for one in admin.containedExperimenters(group)] == [user.id]
    assert sorted(one.id.val for one in admin.containedGroups(user.id)) == [1, group]
    assert admin.getDefaultGroup(user.id).id.val == group


@pytest.mark.parametrize(
    "ask",
    [
        lambda a: a.getExperimenter(987654),
        lambda a: a.lookupExperimenter("nobody"),
        lambda a: a.getGroup(987654),
        lambda a: a.lookupGroup("no group"),
        lambda a: a.createUser(_named_user("x"), "no group"),
        lambda a: a.addGroups(_user(987654), [_group(0)]),
        lambda a: a.setDefaultGroup(_user(0), _group(987654)),
        lambda a: a.getAdminPrivileges(None),
    ],
)
def test_absent_user_or_group_is_a_usage_error(admin, ask):
    with pytest.raises(omero.ApiUsageException):
        ask(admin)


def test_users_without_default_group_are_a_validation_error(admin):
    with pytest.raises(omero.ValidationException):
        admin.getDefaultGroup(987654)


def test_names_are_unique(admin, make_user, make_group):
    make_group(name="taken")
    user = make_user()
    with pytest.raises(omero.ValidationException):
        admin.createGroup(_named_group("taken"))
    with pytest.raises(omero.ValidationException):
        admin.createExperimenter(_named_user(user.name), _group(user.group), [])
    with pytest.raises(omero.ValidationException):
        admin.createGroup(_named_group(""))


def test_new_group_is_private_and_empty_unless_told_otherwise(admin):
    group = admin.createGroup(_named_group("plain new group"))
    found = admin.getGroup(group)
    assert str(found.details.permissions) == "rw----"
    assert found.copyGroupExperimenterMap() == []


def test_account_without_password_is_locked(server, admin, make_group):
    admin.createExperimenter(_named_user("without password"), _group(make_group()), [_group(1)])
    with pytest.raises(Glacier2.PermissionDeniedException):
        server.client().createSession("without password", " ")


def test_user_outside_the_user_group_cannot_log_in(server, admin, make_group):
    admin.createExperimenterWithPassword(_named_user("inactive"), rstring("pw"), _group(make_group()), [])
    with pytest.raises(Glacier2.PermissionDeniedException):
        server.client().createSession("inactive", "pw")


def test_memberships_keep_one_group_besides_user(admin, make_user, make_group):
    user, group = make_user(), make_group()
    admin.addGroups(_user(user.id), [_group(group)])
    admin.addGroups(_user(user.id), [_group(group)])
    assert list(admin.getMemberOfGroupIds(_user(user.id))) == [user.group, 1, group]
    admin.removeGroups(_user(user.id), [_group(user.group)])
    assert admin.getDefaultGroup(user.id).id.val == group
    with pytest.raises(omero.ValidationException):
        admin.removeGroups(_user(user.id), [_group(group)])
    with pytest.raises(omero.ValidationException):
        admin.addGroups(_user(user.id), [])


def test_root_stays_administrator(admin):
    for group in (0, 1):
        with pytest.raises(omero.ValidationException):
            admin.removeGroups(_user(0), [_group(group)])
    with pytest.raises(omero.ApiUsageException):
        admin.setAdminPrivileges(_user(0), _privileges("Sudo"))


def test_default_group_moves_to_the_front(admin, login, make_user, make_group):
    one, two = make_group(), make_group()
    user = make_user(one, two)
    login(user).sf.getAdminService().setDefaultGroup(_user(user.id), _group(two))
    assert admin.getDefaultGroup(user.id).id.val == two
    assert login(user).sf.getAdminService().getEventContext().groupId == two
    with pytest.raises(omero.ApiUsageException):
        admin.setDefaultGroup(_user(user.id), _group(1))
    with pytest.raises(omero.ApiUsageException):
        admin.setDefaultGroup(_user(user.id), _group(0))


def test_group_owners_come_and_go(admin, login, make_user, make_group):
    group = make_group()
    user = make_user(group)
    admin.addGroupOwners(_group(group), [_user(user.id)])
    own = login(user).sf.getAdminService()
    assert list(own.getEventContext().leaderOfGroups) == [group]
    other = make_user()
    own.addGroups(_user(other.id), [_group(group)])
    assert group in admin.getMemberOfGroupIds(_user(other.id))
    admin.removeGroupOwners(_group(group), [_user(user.id)])
    assert list(own.getEventContext().leaderOfGroups) == []
    with pytest.raises(omero.SecurityViolation):
        own.removeGroups(_user(other.id), [_group(group)])


@pytest.mark.parametrize(
    "act",
    [
        lambda a, u, g: a.createGroup(_named_group("by nobody")),
        lambda a, u, g: a.createExperimenter(_named_user("by nobody"), _group(g), []),
        lambda a, u, g: a.updateGroup(_loaded_group(a, g)),
        lambda a, u, g: a.updateExperimenter(a.getExperimenter(0)),
        lambda a, u, g: a.addGroups(_user(u), [_group(0)]),
        lambda a, u, g: a.setGroupOwner(_group(g), _user(u)),
        lambda a, u, g: a.setAdminPrivileges(_user(0), _privileges("Sudo")),
        lambda a, u, g: a.changeUserPassword("root", rstring("mine now")),
        lambda a, u, g: a.deleteExperimenter(_user(1)),
        lambda a, u, g: a.setDefaultGroup(_user(0), _group(0)),
    ],
)
def test_ordinary_user_may_not_administrate(login, make_user, act):
    user = make_user()
    with pytest.raises(omero.SecurityViolation):
        act(login(user).sf.getAdminService(), user.id, user.group)


def _loaded_group(service, group_id: int):
    return service.getGroup(group_id)


def test_own_details_are_changed_by_their_owner(admin, login, make_user):
    user = make_user()
    own = login(user).sf.getAdminService()
    me = own.getExperimenter(user.id)
    me.firstName, me.email = rstring("Ada"), rstring("ada@example.org")
    own.updateSelf(me)
    found = admin.getExperimenter(user.id)
    assert (found.firstName.val, found.email.val, found.omeName.val) == ("Ada", "ada@example.org", user.name)


def test_administrator_renames_users_but_not_root(admin, make_user):
    user = make_user()
    found = admin.getExperimenter(user.id)
    found.omeName = rstring(f"renamed {user.name}")
    admin.updateExperimenter(found)
    assert admin.lookupExperimenter(f"renamed {user.name}").id.val == user.id
    root = admin.getExperimenter(0)
    root.omeName = rstring("boss")
    with pytest.raises(omero.ValidationException):
        admin.updateExperimenter(root)


def test_level_of_a_group_changes_with_an_event_log(server, admin, make_group):
    from sqlalchemy import select

    from omero_embedded.model.tables import table_of

    group = make_group("rw----")
    found = admin.getGroup(group)
    found.details.permissions = PermissionsI("rwra--")
    admin.updateGroup(found)
    assert str(admin.getGroup(group).details.permissions) == "rwra--"
    logs = table_of("EventLog")
    with server.server.database.read() as connection:
        actions = connection.scalars(
            select(logs.c.action).where(logs.c.entityid == group, logs.c.action.like("CHMOD%"))
        ).all()
    assert actions == ["CHMOD(rwra--)"]


def test_privileges_are_limited_and_never_exceed_the_granters(admin, login, make_user):
    light = make_user(admin=True)
    admin.setAdminPrivileges(_user(light.id), _privileges("ModifyUser", "ModifyGroupMembership"))
    service = login(light).sf.getAdminService()
    assert sorted(service.getEventContext().adminPrivileges) == ["ModifyGroupMembership", "ModifyUser"]
    assert [p.value.val for p in service.getCurrentAdminPrivileges()] == [
        "ModifyGroupMembership",
        "ModifyUser",
    ]
    other = make_user(admin=True)
    with pytest.raises(omero.SecurityViolation):
        service.setAdminPrivileges(_user(other.id), _privileges("Sudo"))
    with pytest.raises(omero.SecurityViolation):
        service.createRestrictedSystemUserWithPassword(
            _named_user("above"), _privileges("Chown"), rstring("pw")
        )
    with pytest.raises(omero.SecurityViolation):
        service.createGroup(_named_group("not allowed"))
    made = service.createRestrictedSystemUserWithPassword(
        _named_user("just as high"), _privileges("ModifyUser"), rstring("pw")
    )
    assert [p.value.val for p in service.getAdminPrivileges(_user(made))] == ["ModifyUser"]
    with pytest.raises(omero.ApiUsageException):
        admin.setAdminPrivileges(_user(other.id), _privileges("Nonsense"))
    everything = [one.id.val for one in admin.getAdminsWithPrivileges(_privileges("Sudo", "Chown"))]
    assert 0 in everything
    assert light.id not in everything


def test_password_is_changed_by_who_knows_the_old_one(server, login, make_user):
    user = make_user()
    own = login(user).sf.getAdminService()
    with pytest.raises(omero.SecurityViolation):
        own.changePasswordWithOldPassword(rstring("wrong"), rstring("new"))
    own.changePasswordWithOldPassword(rstring(user.password), rstring("new"))
    with pytest.raises(Glacier2.PermissionDeniedException):
        server.client().createSession(user.name, user.password)
    server.login(user.name, "new").closeSession()


def test_joined_session_must_show_the_password_first(server, login, make_user):
    user = make_user()
    session = server.server.sessions.get(login(user).getSessionId())
    session.password_verified = False
    client = server.client()
    client.joinSession(session.uuid)
    service = client.sf.getAdminService()
    with pytest.raises(omero.SecurityViolation):
        service.changePassword(rstring("new"))
    with pytest.raises(omero.SecurityViolation):
        client.sf.setSecurityPassword("wrong")
    client.sf.setSecurityPassword(user.password)
    service.changePassword(rstring("new"))
    server.login(user.name, "new").closeSession()
    client.closeSession()


@pytest.mark.parametrize("empty", ["", "  "])
def test_empty_password_is_refused(login, make_user, empty):
    with pytest.raises(omero.ApiUsageException):
        login(make_user()).sf.getAdminService().changePassword(rstring(empty))


def test_administrator_changes_passwords_of_others(server, admin, make_user):
    user = make_user()
    admin.changeUserPassword(user.name, rstring("set by root"))
    server.login(user.name, "set by root").closeSession()


def test_light_administrator_cannot_take_over_root(admin, login, make_user):
    light = make_user(admin=True)
    admin.setAdminPrivileges(_user(light.id), _privileges("ModifyUser"))
    with pytest.raises(omero.SecurityViolation):
        login(light).sf.getAdminService().changeUserPassword("root", rstring("mine"))


def test_photo_is_stored_once_and_replaced(server, login, make_user):
    client = login(make_user())
    service = client.sf.getAdminService()
    first = service.uploadMyUserPhoto("me.png", "image/png", b"one")
    assert service.uploadMyUserPhoto("me.jpg", "image/jpeg", b"second") == first
    (photo,) = service.getMyUserPhotos()
    assert (photo.id.val, photo.name.val, photo.size.val) == (first, "me.jpg", 6)
    assert photo.details.group.id.val == 1
    store = client.sf.createRawFileStore()
    store.setFileId(first)
    assert store.read(0, store.size()) == b"second"
    store.close()
    with pytest.raises(omero.ApiUsageException):
        service.uploadMyUserPhoto("me.png", "image/png", b"")


def test_unused_users_and_groups_can_be_deleted(admin, make_user, make_group):
    group = make_group()
    admin.deleteGroup(_group(group))
    with pytest.raises(omero.ApiUsageException):
        admin.getGroup(group)
    user = make_user()
    admin.deleteExperimenter(_user(user.id))
    with pytest.raises(omero.ApiUsageException):
        admin.getExperimenter(user.id)
    busy = make_user()
    with pytest.raises(omero.ValidationException):
        admin.deleteGroup(_group(busy.group))
    with pytest.raises(omero.ValidationException):
        admin.deleteExperimenter(_user(0))


def test_the_edit_right_is_told(admin, login, make_user):
    user = make_user()
    own = login(user).sf.getAdminService()
    assert admin.canUpdate(_group(user.group))
    assert not own.canUpdate(_user(0))
    with pytest.raises(omero.ApiUsageException):
        admin.canUpdate(_user(987654))


def test_nobody_is_in_ldap(admin):
    assert admin.lookupLdapAuthExperimenter(0) == ""
    assert admin.lookupLdapAuthExperimenters().val == []
