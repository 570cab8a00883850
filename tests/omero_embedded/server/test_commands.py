"""Submitted commands: handles, callbacks, cancelling, DoAll (contract/server.md, section 2.22; check 4 of 5.4)."""

import threading
import time

import Ice
import omero
import omero.callbacks
import omero.cmd
import pytest
from omero.cmd import DoAll, HandlePrx, State, Timing, UpdateSessionTimeoutRequest
from omero.rtypes import rlong


class Recorder(omero.cmd.CmdCallback):
    """Keeps what the server tells."""

    def __init__(self):
        self.steps = []
        self.end = threading.Event()

    def step(self, complete, total, current=None):
        self.steps.append((complete, total))

    def finished(self, rsp, status, current=None):
        self.response, self.status = rsp, status
        self.end.set()


def _recorder(client, handle) -> Recorder:
    recorder = Recorder()
    identity = Ice.Identity(f"recorder-{id(recorder)}", client.getCategory())
    proxy = client.getAdapter().add(recorder, identity)
    handle.addCallback(omero.cmd.CmdCallbackPrx.uncheckedCast(proxy))
    return recorder


@pytest.mark.parametrize("secure", [True, False], ids=["tls", "tcp"])
def test_callbacks_tell_steps_and_end(login, secure):
    client = login(secure=secure)
    handle = client.sf.submit(Timing(40, 10))
    recorder = _recorder(client, handle)
    assert recorder.end.wait(10)
    assert isinstance(recorder.response, omero.cmd.OK)
    assert State.SUCCESS in recorder.status.flags
    assert 3 <= len(recorder.steps) <= 10
    handle.close()
    with pytest.raises(Ice.ObjectNotExistException):
        handle.getStatus()


def test_client_waits_with_its_own_callback(login):
    callback = login().submit(Timing(2, 10), loops=50, ms=100)
    assert isinstance(callback.getResponse(), omero.cmd.OK)
    callback.close(True)


def test_status_is_complete_before_and_after(login):
    handle = login().sf.submit(Timing(5, 60))
    running = handle.getStatus()
    assert handle.getResponse() is None
    assert (running.steps, running.stopTime, running.category) == (5, 0, "::omero::cmd::Timing")
    assert list(running.flags) == []
    _await(handle)
    done = handle.getStatus()
    assert done.currentStep == done.steps == 5
    assert done.stopTime >= done.startTime > 0
    assert len(done.stepStartTimes) >= 5
    assert isinstance(handle.getRequest(), Timing)


def _await(handle, seconds=10):
    deadline = time.monotonic() + seconds
    while handle.getResponse() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    return handle.getResponse()


def test_result_outlives_the_client_that_submitted(server, login):
    owner = login()
    other = server.client()
    other.joinSession(owner.getSessionId())
    other.sf.detachOnDestroy()
    handle = other.sf.submit(Timing(10, 30))
    _recorder(other, handle)
    text = str(handle)
    other.sf.ice_getConnection().close(True)
    found = HandlePrx.checkedCast(owner.ic.stringToProxy(text))
    assert isinstance(_await(found), omero.cmd.OK)


def test_cancelled_command_answers_with_both_flags(login):
    handle = login().sf.submit(Timing(1000, 20))
    assert handle.cancel()
    response = handle.getResponse()
    assert isinstance(response, omero.cmd.ERR)
    assert response.name == "cancel-called"
    assert {State.FAILURE, State.CANCELLED} <= set(handle.getStatus().flags)
    assert not handle.cancel()


def test_refused_request_names_category_and_reason(login):
    response = _await(login().sf.submit(Timing(-1, 5)))
    assert (response.category, response.name) == ("::omero::cmd::Timing", "bad-init")
    assert "steps" in response.parameters["message"]
    assert "stacktrace" in response.parameters


def test_unknown_request_gives_no_handle(login):
    assert login().sf.submit(None) is None
    assert login().sf.submit(omero.cmd.FindHandles()) is None


def test_do_all_answers_for_each_request(login):
    response = _await(login().sf.submit(DoAll([Timing(2, 1), Timing(1, 1)], [])))
    assert [type(one) for one in response.responses] == [omero.cmd.OK, omero.cmd.OK]
    assert [one.category for one in response.status] == ["::omero::cmd::Timing"] * 2


def test_do_all_fails_with_the_error_of_its_part(login):
    handle = login().sf.submit(DoAll([Timing(1, 1), Timing(-1, 1), Timing(1, 1)], []))
    response = _await(handle)
    assert (response.category, response.name) == ("::omero::cmd::Timing", "bad-init")
    assert handle.getStatus().parameters["subrequest"] == "1"
    response = _await(login().sf.submit(DoAll([omero.cmd.FindHandles()], [])))
    assert response.name == "bad-request"


def test_do_all_undoes_everything_when_a_part_fails(login):
    client = login()
    before = client.sf.getSessionService().getSession(client.getSessionId()).timeToIdle.val
    change = UpdateSessionTimeoutRequest(client.getSessionId(), None, rlong(before + 1))
    response = _await(client.sf.submit(DoAll([change, Timing(-1, 1)], [])))
    assert isinstance(response, omero.cmd.ERR)
    assert client.sf.getSessionService().getSession(client.getSessionId()).timeToIdle.val == before


def test_session_times_are_changed_within_the_limits(login, make_user):
    client = login(make_user())
    session = client.getSessionId()

    def ask(live, idle):
        return _await(client.sf.submit(UpdateSessionTimeoutRequest(session, live, idle)))

    assert isinstance(ask(None, rlong(700_000)), omero.cmd.OK)
    assert client.sf.getSessionService().getSession(session).timeToIdle.val == 700_000
    assert isinstance(ask(None, rlong(999_999_999)), omero.cmd.OK)
    assert client.sf.getSessionService().getSession(session).timeToIdle.val == 6_000_000
    assert ask(None, rlong(0)).name == "non-admin-disabling"
    assert ask(None, None).name == "no-update-performed"
    unknown = UpdateSessionTimeoutRequest("no such session", None, rlong(1))
    assert _await(client.sf.submit(unknown)).name == "no-session"


def test_current_sessions_hide_others_from_ordinary_users(login, make_user):
    user = make_user()
    mine, root = login(user), login()
    response = _await(mine.sf.submit(omero.cmd.CurrentSessionsRequest()))
    visible = [one.uuid.val for one in response.sessions if one is not None]
    assert mine.getSessionId() in visible
    assert root.getSessionId() not in visible
    assert len(response.sessions) == len(response.contexts) == len(response.data)
    everything = _await(root.sf.submit(omero.cmd.CurrentSessionsRequest()))
    assert {mine.getSessionId(), root.getSessionId()} <= {one.uuid.val for one in everything.sessions}


def test_handles_do_not_block_switching_the_group(login, make_group, make_user):
    from omero.model import ExperimenterGroupI

    one, two = make_group(), make_group()
    client = login(make_user(one, two))
    _await(client.sf.submit(Timing(1, 1)))
    client.sf.setSecurityContext(ExperimenterGroupI(two, False))
