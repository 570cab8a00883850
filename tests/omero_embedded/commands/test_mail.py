"""Mail to users and reset passwords (contract/server.md, section 2.22), through a real SMTP conversation."""

import re
import socketserver
import threading
from email import message_from_string

import omero.cmd
import pytest
from omero.rtypes import rstring


class _Conversation(socketserver.StreamRequestHandler):
    """Enough of SMTP to take mail in; addresses that begin with `refused` are refused."""

    def handle(self):
        self._say("220 ready")
        while line := self.rfile.readline().decode().strip():
            verb = line[:4].upper()
            if verb == "RCPT" and "<refused" in line:
                self._say("550 nobody of that name")
            elif verb == "DATA":
                self._say("354 go on")
                lines = []
                while (text := self.rfile.readline().decode()) != ".\r\n":
                    lines.append(text)
                self.server.mails.append(message_from_string("".join(lines)))
                self._say("250 taken")
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 fine")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class _MailServer(socketserver.ThreadingTCPServer):
    """Keeps the mails it takes in."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.mails = []


@pytest.fixture
def mails(server, monkeypatch):
    """Mails that the server has sent."""
    with _MailServer() as mail_server:
        threading.Thread(target=mail_server.serve_forever, daemon=True).start()
        values = server.server.settings._values
        monkeypatch.setitem(values, "omero.mail.host", "127.0.0.1")
        monkeypatch.setitem(values, "omero.mail.port", str(mail_server.server_address[1]))
        monkeypatch.setitem(values, "omero.mail.from", "omero@example.org")
        yield mail_server.mails
        mail_server.shutdown()


@pytest.fixture
def with_address(root, make_user):
    """`with_address(address)`: a user with that e-mail address."""

    def make(address: str, **options):
        user = make_user(**options)
        service = root.sf.getAdminService()
        found = service.getExperimenter(user.id)
        found.email = rstring(address)
        service.updateExperimenter(found)
        return user

    return make


def _ask(client, request):
    callback = client.submit(request, loops=100, ms=50, failonerror=False)
    response = callback.getResponse()
    callback.close(True)
    return response


def test_mail_reaches_users_groups_and_further_addresses(mails, root, make_user, with_address):
    one, two, nobody = with_address("one@example.org"), with_address("two@example.org"), make_user()
    request = omero.cmd.SendEmailRequest(
        subject="News", body="Hello, µm", userIds=[one.id, nobody.id], groupIds=[two.group],
        extra=["three@example.org", "no address", "refused@example.org"],
    )  # fmt: skip
    response = _ask(root, request)
    assert isinstance(response, omero.cmd.SendEmailResponse), response
    assert (response.total, response.success) == (6, 3)
    assert list(response.invalidusers) == [nobody.id]
    assert sorted(response.invalidemails) == ["no address", "refused@example.org"]
    assert sorted(mail["To"] for mail in mails) == ["one@example.org", "three@example.org", "two@example.org"]
    assert mails[0]["Subject"] == "News"
    assert "µm" in mails[0].get_payload()


@pytest.mark.parametrize(
    "name, values",
    [
        ("no-body", {"body": " ", "subject": "s"}),
        ("no-subject", {"body": "b", "subject": ""}),
        ("no-body", {"body": "b", "subject": "s"}),
    ],
    ids=["no body", "no subject", "nobody named"],
)
def test_incomplete_mail_is_refused(mails, root, name, values):
    assert _ask(root, omero.cmd.SendEmailRequest(**values)).name == name
    assert mails == []


def test_mail_needs_a_sender(root):
    request = omero.cmd.SendEmailRequest(subject="s", body="b", userIds=[0])
    assert _ask(root, request).name == "no-sender"


def test_only_administrators_send_mail(mails, login, make_user):
    request = omero.cmd.SendEmailRequest(subject="s", body="b", everyone=True)
    assert _ask(login(make_user()), request).name == "no-permissions"


def test_reset_password_comes_by_mail(server, mails, login, with_address):
    user = with_address("forgetful@example.org")
    response = _ask(
        login("guest", "guest"), omero.cmd.ResetPasswordRequest(user.name, "Forgetful@example.org")
    )
    assert isinstance(response, omero.cmd.ResetPasswordResponse), response
    (mail,) = mails
    password = re.search(r"is:\s+(\S+)", mail.get_payload())[1]
    server.login(user.name, password).closeSession()


def test_unreachable_mail_server_changes_nothing(server, mails, login, with_address, monkeypatch):
    user = with_address("kept@example.org")
    monkeypatch.setitem(server.server.settings._values, "omero.mail.port", "1")
    response = _ask(login("guest", "guest"), omero.cmd.ResetPasswordRequest(user.name, "kept@example.org"))
    assert response.name == "mail-send-failed"
    server.login(user.name, user.password).closeSession()


def test_reasons_not_to_reset(mails, login, make_user, with_address):
    guest = login("guest", "guest")

    def reason(name, address):
        return _ask(guest, omero.cmd.ResetPasswordRequest(name, address)).name

    assert reason("nobody of that name", "x@example.org") == "unknown-user"
    assert reason(make_user().name, "x@example.org") == "unknown-email"
    user = with_address("right@example.org")
    assert reason(user.name, "wrong@example.org") == "not-match"
    admin = with_address("boss@example.org", admin=True)
    assert reason(admin.name, "boss@example.org") == "password-change-failed"
    assert mails == []
