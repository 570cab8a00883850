"""Scripts over Ice: listing, parameters, running, limits, uploads (contract/server.md, section 2.20)."""

import itertools
import os
import subprocess
import sys
import threading
import time

import Ice
import omero
import omero.grid
import omero.scripts
import pytest
from omero.model import ExperimenterGroupI, ExperimenterI, OriginalFileI
from omero.rtypes import rint, rlist, rlong, rstring, unwrap

PLAIN = """
import sys
import omero
import omero.scripts as scripts
from omero.rtypes import rlong, rstring, robject, wrap

client = scripts.client(
    "Greeting.py", "Says hello",
    scripts.String("Name", optional=False, description="whom", grouping="1"),
    scripts.Long("Times", default=2, min=1, max=5),
    scripts.String("Tone", default="friendly", values=["friendly", "stern"]),
    scripts.List("Ids").ofType(rlong(0)),
    scripts.String("Message").out(),
    version="1.2", authors=["Somebody"], institutions=["Somewhere"], contact="somebody@example.org",
)
inputs = client.getInputs(unwrap=True)
print("hello", inputs["Name"])
print("warning", file=sys.stderr)
context = client.getSession().getAdminService().getEventContext()
client.setOutput("Message", rstring("%s " % inputs["Name"] * inputs["Times"]))
client.setOutput("User", rlong(context.userId))
client.setOutput("Group", rlong(context.groupId))
client.setOutput("EventType", rstring(context.eventType))
client.setOutput("Tone", rstring(inputs["Tone"]))
client.closeSession()
"""
FAILING = """
import omero.scripts as scripts
client = scripts.client("Failing.py", "Fails")
raise SystemExit("this went wrong")
"""
SLEEPING = """
import time
import omero.scripts as scripts
client = scripts.client("Sleeping.py", "Sleeps")
print("sleeping", flush=True)
time.sleep(120)
"""
_numbers = itertools.count(1)


@pytest.fixture
def service(root):
    return root.sf.getScriptService()


@pytest.fixture
def official(service):
    """`official(text)`: id of a new official script."""
    made = []

    def make(text, name=None):
        made.append(service.uploadOfficialScript(name or f"/test/script_{next(_numbers)}.py", text))
        return made[-1]

    yield make
    for script in made:
        if service.getScriptText(script):
            service.deleteScript(script)


@pytest.fixture
def greeting(official):
    return official(PLAIN)


@pytest.fixture
def setting(server):
    """`setting(key, value)` until the end of the test."""
    values = server.server.settings._values
    before = dict(values)
    yield values.__setitem__
    values.update(before)


def finish(process, seconds=60):
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        code = process.poll()
        if code is not None:
            return code.val
        time.sleep(0.1)
    raise AssertionError("the script does not end")


def text_of(client, file, tmp_path):
    path = tmp_path / f"{file.id.val}.txt"
    client.download(OriginalFileI(file.id.val), str(path))
    return path.read_text()


def test_the_official_scripts_are_listed(service):
    paths = {file.path.val + file.name.val for file in service.getScripts()}
    assert {
        "/omero/export_scripts/Batch_Image_Export.py",
        "/omero/figure_scripts/Split_View_Figure.py",
        "/omero/util_scripts/Combine_Images.py",
    } <= paths
    assert not any(path.endswith((".lut", "__init__.py")) for path in paths)
    script = service.getScriptID("/omero/export_scripts/Batch_Image_Export.py")
    assert script > 0
    assert "scripts.client(" in service.getScriptText(script)
    assert service.getScriptID("/omero/absent.py") == -1


def test_parameters_of_an_official_script_are_told(login, make_user):
    service = login(make_user()).sf.getScriptService()
    params = service.getParams(service.getScriptID("/omero/export_scripts/Batch_Image_Export.py"))
    assert params.name == "Batch_Image_Export.py"
    assert {"Data_Type", "IDs", "Format"} <= set(params.inputs)
    assert "Image" in unwrap(params.inputs["Data_Type"].values)


def test_every_part_of_the_parameters_is_told(service, greeting):
    params = service.getParams(greeting)
    assert (params.name, params.description, params.version) == ("Greeting.py", "Says hello", "1.2")
    assert (params.authors, params.institutions, params.contact) == (
        ["Somebody"],
        ["Somewhere"],
        "somebody@example.org",
    )
    name, times, tone = (params.inputs[key] for key in ("Name", "Times", "Tone"))
    assert (name.optional, name.useDefault, name.grouping, name.description) == (False, False, "1", "whom")
    assert (times.useDefault, times.prototype.val, times.min.val, times.max.val) == (True, 2, 1, 5)
    assert unwrap(tone.values) == ["friendly", "stern"]
    assert set(params.outputs) == {"Message"}
    assert (params.stdoutFormat, params.stderrFormat) == ("text/plain", "text/plain")


def test_parameters_are_kept_until_the_text_changes(service, official):
    script = official(PLAIN)
    service.getParams(script)
    started = time.monotonic()
    service.getParams(script)
    assert time.monotonic() - started < 0.2
    service.editScript(OriginalFileI(script, False), PLAIN.replace("Says hello", "Says goodbye"))
    assert service.getParams(script).description == "Says goodbye"


def test_a_script_that_cannot_be_parsed_tells_what_it_wrote(service, official):
    with pytest.raises(omero.ValidationException) as caught:
        service.getParams(official("raise RuntimeError('no such thing')"))
    assert "no such thing" in caught.value.message


def test_a_script_without_end_is_given_up_when_it_is_parsed(service, official, setting):
    setting("omero.embedded.scripts.parse_timeout", "500")
    with pytest.raises(omero.ValidationException):
        service.getParams(official("import time; time.sleep(60)"))


def test_absent_scripts_are_told(service):
    assert service.getParams(2**40) is None
    assert not service.getScriptText(2**40)
    with pytest.raises(omero.ApiUsageException):
        service.runScript(2**40, {}, None)


def test_a_script_runs_as_the_user_to_its_results(login, make_user, greeting, tmp_path):
    user = make_user()
    client = login(user)
    process = client.sf.getScriptService().runScript(greeting, {"Name": rstring("World")}, None)
    assert str(process).startswith("ProcessCallback/")
    assert finish(process) == 0
    results = process.getResults(0)
    assert results["Message"].val == "World World "
    assert results["Tone"].val == "friendly"
    assert (results["User"].val, results["Group"].val) == (user.id, user.group)
    assert results["EventType"].val == "Processing"
    assert text_of(client, results["stdout"].val, tmp_path) == "hello World\n"
    assert text_of(client, results["stderr"].val, tmp_path).endswith("warning\n")
    job = process.getJob()
    assert job.status.value.val == "Finished"
    assert job.username.val == user.name
    assert job.finished.val >= job.started.val
    children = {link.child.id.val for link in job.copyOriginalFileLinks()}
    assert children == {greeting, results["stdout"].val.id.val, results["stderr"].val.id.val}
    process.close(False)
    with pytest.raises(Ice.ObjectNotExistException):
        process.poll()


def test_another_connection_of_the_session_polls(login, server, make_user, greeting):
    client = login(make_user())
    text = str(client.sf.getScriptService().runScript(greeting, {"Name": rstring("x")}, None))
    other = server.client()
    other.joinSession(client.getSessionId())
    other.sf.detachOnDestroy()
    process = omero.grid.ScriptProcessPrx.checkedCast(other.ic.stringToProxy(text))
    assert finish(process) == 0
    assert "Message" in process.getResults(1)
    other.closeSession()


def test_the_sub_session_is_closed_at_the_end(server, login, make_user, greeting):
    user = make_user()
    client = login(user)
    finish(client.sf.getScriptService().runScript(greeting, {"Name": rstring("x")}, None))
    live = [session for session in server.server.sessions.live() if session.owner_id == user.id]
    assert [session.event_type for session in live] == ["User"]


def test_callbacks_are_told(login, make_user, greeting):
    client = login(make_user())
    process = client.sf.getScriptService().runScript(greeting, {"Name": rstring("x")}, None)
    callback = omero.scripts.ProcessCallbackI(client, process, poll=False)
    assert callback.block(60_000) == "FINISHED"
    callback.close()


def test_a_failing_script_ends_with_its_code_and_error_output(login, make_user, official, tmp_path):
    client = login(make_user())
    process = client.sf.getScriptService().runScript(official(FAILING), {}, None)
    assert finish(process) == 1
    results = process.getResults(0)
    assert "this went wrong" in text_of(client, results["stderr"].val, tmp_path)
    assert "stdout" not in results
    assert process.getJob().status.value.val == "Error"


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        {"Name": rlong(1)},
        {"Name": rstring("x"), "Times": rlong(9)},
        {"Name": rstring("x"), "Times": rstring("many")},
        {"Name": rstring("x"), "Tone": rstring("loud")},
        {"Name": rstring("x"), "Ids": rlist([rstring("1")])},
        {"Name": None},
    ],
)
def test_inputs_that_do_not_fit_are_refused(service, greeting, inputs):
    with pytest.raises(omero.ValidationException):
        service.runScript(greeting, inputs, None)


@pytest.mark.parametrize("how", ["cancel", "kill", "shutdown", "close"])
def test_a_running_script_is_stopped(login, make_user, official, how):
    client = login(make_user())
    process = client.sf.getScriptService().runScript(official(SLEEPING), {}, None)
    job = process.getJob().id.val
    assert process.poll() is None
    with pytest.raises(omero.ApiUsageException):
        process.getResults(0)
    started = time.monotonic()
    if how == "close":
        process.close(False)
    else:
        assert getattr(process, how)() in (True, None)
        assert process.poll().val != 0
    assert time.monotonic() - started < 10
    found = client.sf.getQueryService().findByQuery(
        f"select j from Job j join fetch j.status where j.id = {job}", None
    )
    assert found.status.value.val == "Cancelled"


def test_cancel_is_not_held_up_by_wait(login, make_user, official):
    client = login(make_user())
    process = client.sf.getScriptService().runScript(official(SLEEPING), {}, None)
    codes = []
    waiting = threading.Thread(target=lambda: codes.append(process.wait()))
    waiting.start()
    time.sleep(0.2)
    assert process.cancel()
    waiting.join(10)
    assert codes == [process.poll().val]


def test_a_script_that_takes_too_long_is_stopped(login, make_user, official, setting):
    script = official(SLEEPING)
    client = login(make_user())
    client.sf.getScriptService().getParams(script)
    setting("omero.scripts.timeout", "2000")
    process = client.sf.getScriptService().runScript(script, {}, None)
    assert finish(process, 20) != 0
    job = process.getJob()
    assert job.status.value.val == "Error"
    assert "2 s" in job.message.val


def test_only_so_many_scripts_run_at_once(login, make_user, official, setting):
    script = official(SLEEPING)
    service = login(make_user()).sf.getScriptService()
    service.getParams(script)
    setting("omero.embedded.scripts.processes", "1")
    process = service.runScript(script, {}, None)
    with pytest.raises(omero.NoProcessorAvailable) as caught:
        service.runScript(script, {}, None)
    assert caught.value.message.startswith("No processor available")
    assert process.kill()
    again = service.runScript(script, {}, None)
    assert again.kill()


def test_the_environment_of_scripts_holds_no_secrets(login, make_user, official, monkeypatch):
    monkeypatch.setenv("ROOTPASS", "secret")
    script = official(
        "import os\nimport omero.scripts as scripts\nfrom omero.rtypes import rstring\n"
        "client = scripts.client('Env.py', '')\n"
        "client.setOutput('Names', rstring(' '.join(sorted(os.environ))))\n"
    )
    process = login(make_user()).sf.getScriptService().runScript(script, {}, None)
    assert finish(process) == 0
    names = process.getResults(0)["Names"].val.split()
    assert "ICE_CONFIG" in names
    assert "ROOTPASS" not in names


def test_nothing_is_left_of_a_finished_script(server, login, make_user, greeting):
    client = login(make_user())
    process = client.sf.getScriptService().runScript(greeting, {"Name": rstring("x")}, None)
    finish(process)
    assert not list((server.omero_dir / "embedded" / "processes").iterdir())


def test_official_scripts_are_uploaded_by_administrators_only(login, make_user, service, official):
    script = official(PLAIN, "/test/upload/Greeting.py")
    assert service.getScriptID("/test/upload/Greeting.py") == script
    with pytest.raises(omero.ApiUsageException, match="editScript"):
        service.uploadOfficialScript("/test/upload/Greeting.py", PLAIN)
    other = login(make_user()).sf.getScriptService()
    with pytest.raises(omero.SecurityViolation):
        other.uploadOfficialScript("/test/upload/Other.py", PLAIN)
    with pytest.raises(omero.SecurityViolation):
        other.editScript(OriginalFileI(script, False), PLAIN)
    with pytest.raises(omero.SecurityViolation):
        other.deleteScript(script)
    assert other.getScriptText(script) == PLAIN


@pytest.mark.parametrize("path", ["", "/", "../out.py", "/a/../../out.py", "/a/.hidden.py", "/a/notes.txt"])
def test_bad_paths_of_official_scripts_are_refused(service, path):
    with pytest.raises(omero.ApiUsageException):
        service.uploadOfficialScript(path, PLAIN)


def test_an_official_script_is_deleted_with_its_file(server, service):
    script = service.uploadOfficialScript("/test/gone/Greeting.py", PLAIN)
    path = server.omero_dir / "embedded" / "scripts" / "test" / "gone" / "Greeting.py"
    assert path.exists()
    service.deleteScript(script)
    assert not path.exists()
    assert service.getScriptID("/test/gone/Greeting.py") == -1
    with pytest.raises(omero.ApiUsageException):
        service.deleteScript(script)


def test_a_script_that_was_run_is_deleted_and_its_job_stays(login, make_user, service):
    script = service.uploadOfficialScript("/test/run/Greeting.py", PLAIN)
    client = login(make_user())
    process = client.sf.getScriptService().runScript(script, {"Name": rstring("x")}, None)
    finish(process)
    service.deleteScript(script)
    assert process.getJob().status.value.val == "Finished"


def test_scripts_of_users_do_not_run_unless_allowed(login, make_user):
    client = login(make_user())
    service = client.sf.getScriptService()
    script = service.uploadScript("/my/own/Greeting.py", PLAIN)
    assert service.getScriptText(script) == PLAIN
    assert not service.canRunScript(script)
    for ask in (lambda: service.getParams(script), lambda: service.runScript(script, {}, None)):
        with pytest.raises(omero.NoProcessorAvailable):
            ask()


def test_a_users_script_is_uploaded_run_edited_and_deleted(login, make_user, setting):
    setting("omero.embedded.scripts.of_users", "true")
    user = make_user()
    client = login(user)
    service = client.sf.getScriptService()
    script = service.uploadScript("/my/own/Greeting.py", PLAIN)
    file = client.sf.getQueryService().get("OriginalFile", script)
    assert (file.path.val, file.name.val, file.mimetype.val) == ("/my/own/", "Greeting.py", "text/x-python")
    assert file.size.val == len(PLAIN)
    for accepts in ([], [ExperimenterI(user.id, False)], [ExperimenterGroupI(user.group, False)]):
        assert script in [found.id.val for found in service.getUserScripts(accepts)]
    assert script not in [found.id.val for found in service.getScripts()]
    assert finish(service.runScript(script, {"Name": rstring("x")}, None)) == 0
    service.editScript(OriginalFileI(script, False), PLAIN.replace("Says hello", "changed"))
    assert service.getParams(script).description == "changed"
    service.deleteScript(script)
    assert client.sf.getQueryService().find("OriginalFile", script) is None


def test_a_users_script_that_cannot_be_parsed_is_not_kept(login, make_user, setting):
    setting("omero.embedded.scripts.of_users", "true")
    user = make_user()
    service = login(user).sf.getScriptService()
    with pytest.raises(omero.ValidationException):
        service.uploadScript("/my/own/broken.py", "this is no Python")
    assert service.getUserScripts([]) == []
    script = service.uploadScript("/my/own/fine.py", PLAIN)
    with pytest.raises(omero.ValidationException):
        service.editScript(OriginalFileI(script, False), "this is no Python")
    assert service.getScriptText(script) == PLAIN


def test_others_do_not_see_a_private_script(login, make_group, make_user):
    group = make_group("rw----")
    script = login(make_user(group)).sf.getScriptService().uploadScript("/own.py", PLAIN)
    other = login(make_user(group)).sf.getScriptService()
    assert not other.getScriptText(script)
    with pytest.raises(omero.ApiUsageException):
        other.deleteScript(script)


def test_validate_script_names_the_script_of_a_job(login, make_user, greeting):
    client = login(make_user())
    service = client.sf.getScriptService()
    process = service.runScript(greeting, {"Name": rstring("x")}, None)
    finish(process)
    assert service.validateScript(process.getJob(), []).id.val == greeting


def test_job_handles_tell_and_change_a_job(login, make_user, greeting):
    user = make_user()
    client = login(user)
    process = client.sf.getScriptService().runScript(greeting, {"Name": rstring("x")}, None)
    finish(process)
    job = process.getJob()
    handle = client.sf.createJobHandle()
    with pytest.raises(omero.ApiUsageException):
        handle.jobMessage()
    assert handle.attach(job.id.val).value.val == "Finished"
    assert handle.jobFinished().val == job.finished.val
    assert handle.setMessage("seen") == ""
    assert handle.jobMessage() == "seen"
    assert handle.setStatus("Error") == "Finished"
    assert handle.jobError()
    with pytest.raises(omero.ValidationException):
        handle.setStatus("Nonsense")
    handle.close()
    stranger = login(make_user()).sf.createJobHandle()
    with pytest.raises(omero.ApiUsageException):
        stranger.attach(job.id.val)


def test_results_are_waited_for_at_most_five_seconds(login, make_user, greeting):
    process = login(make_user()).sf.getScriptService().runScript(greeting, {"Name": rstring("x")}, None)
    with pytest.raises(omero.ApiUsageException):
        process.getResults(6)
    finish(process)


def test_processors_of_clients_are_not_used(login, make_user):
    shared = login(make_user()).sf.sharedResources()
    with pytest.raises(omero.NoProcessorAvailable):
        shared.acquireProcessor(omero.model.ScriptJobI(), 1)


def omero_command(tmp_path, *arguments):
    environment = {**os.environ, "OMERODIR": str(tmp_path), "OMERO_USERDIR": str(tmp_path)}
    # The console command refuses to run as root, as which tests may run.
    main = "import sys; sys.argv[0] = 'omero'; from omero.cli import argv; sys.exit(argv())"
    command = [sys.executable, "-c", main, *arguments]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_the_command_line_lists_tells_and_launches_scripts(server, make_user, greeting, tmp_path):
    user = make_user()
    omero_command(tmp_path, "login", f"{user.name}@127.0.0.1:{server.tls_port}", "-w", user.password)
    assert "/omero/export_scripts/Make_Movie.py" in omero_command(tmp_path, "script", "list")
    assert "Says hello" in omero_command(tmp_path, "script", "params", str(greeting))
    told = omero_command(tmp_path, "script", "launch", str(greeting), "Name=World", "Times=1")
    assert "Message=World" in told
    assert "hello World" in told


def test_a_gateway_runs_a_script(gateway, make_user, greeting):
    connection = gateway(make_user())
    process = connection.getScriptService().runScript(
        greeting, {"Name": rstring("x"), "Times": rlong(1)}, rint(5), connection.SERVICE_OPTS
    )
    assert finish(process) == 0
    assert process.getResults(0, connection.SERVICE_OPTS)["Message"].val == "x "
