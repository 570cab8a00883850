"""SendEmailRequest and ResetPasswordRequest (contract/server.md, section 2.22)."""

from __future__ import annotations

import secrets
from typing import Any

import omero.cmd
from sqlalchemy import select

from ..accounts import load_account
from ..mail import MailFailed, is_address, send
from ..model.tables import table_of
from ..security.context import SYSTEM_GROUP, USER_GROUP
from ..services.administration.users import store_password
from ..services.base import Call
from . import Command, CommandError, Progress, command


@command(omero.cmd.SendEmailRequest)
class SendEmail(Command):
    """Mail to users, members of groups, everybody, and further addresses."""

    def writes(self, request: Any) -> bool:
        """Changes nothing."""
        return False

    def run(self, call: Call, request: Any, progress: Progress) -> Any:
        """Counts of recipients and successes; users without a usable address and refused addresses."""
        if not call.context.is_admin:
            raise CommandError("no-permissions", "only administrators may send mail to users")
        if not (request.body or "").strip():
            raise CommandError("no-body", "body: must not be empty")
        if not (request.subject or "").strip():
            raise CommandError("no-subject", "subject: must not be empty")
        if not call.server.settings.get("omero.mail.from"):
            raise CommandError("no-sender", "omero.mail.from: is not configured")
        users = _addresses(call, request)
        without = [user for user, address in users.items() if not is_address(address)]
        extra = [address.strip() for address in request.extra or () if address.strip()]
        invalid = [address for address in extra if not is_address(address)]
        valid = dict.fromkeys(
            address for address in [*users.values(), *extra] if address is not None and is_address(address)
        )
        if not valid and not without and not invalid:
            raise CommandError("no-body", "userIds, groupIds, everyone, extra: nobody is named")
        try:
            refused = send(call.server.settings, valid, request.subject, request.body, html=request.html)
        except MailFailed as error:
            raise CommandError("mail-send-failed", str(error)) from error
        return omero.cmd.SendEmailResponse(
            total=len(valid) + len(without) + len(invalid),
            success=len(valid) - len(refused),
            invalidusers=without,
            invalidemails=[*invalid, *refused],
        )


def _addresses(call: Call, request: Any) -> dict[int, str | None]:
    """Address of each user meant by a request; inactive users only when it says so."""
    users, maps = table_of("Experimenter"), table_of("GroupExperimenterMap")
    active = select(maps.c.child).where(maps.c.parent == USER_GROUP)
    query = select(users.c.id, users.c.email).order_by(users.c.id)
    if not request.inactive:
        query = query.where(users.c.id.in_(active))
    if not request.everyone:
        members = select(maps.c.child).where(maps.c.parent.in_(list(request.groupIds or ())))
        query = query.where(users.c.id.in_(list(request.userIds or ())) | users.c.id.in_(members))
    return {row.id: row.email for row in call.read.execute(query)}


@command(omero.cmd.ResetPasswordRequest)
class ResetPassword(Command):
    """A new random password by mail, for whoever knows the user's name and address."""

    def writes(self, request: Any) -> bool:
        """The password is stored in a transaction of its own, once the mail is out."""
        return False

    def run(self, call: Call, request: Any, progress: Progress) -> Any:
        """Works for guests. Raises CommandError with the contract's names."""
        users = table_of("Experimenter")
        row = call.read.execute(
            select(users.c.id, users.c.email, users.c.ldap).where(users.c.omename == request.omename)
        ).first()
        if row is None:
            raise CommandError("unknown-user", f"omename: there is no user {request.omename!r}")
        if not row.email:
            raise CommandError("unknown-email", "email: the user has none")
        if row.email.lower() != (request.email or "").strip().lower():
            raise CommandError("not-match", "email: it is not the user's")
        if row.ldap:
            raise CommandError("ldap-user", "the password is kept elsewhere")
        account = load_account(call.read, row.id)
        if account is None or SYSTEM_GROUP in account.member_of:
            raise CommandError("password-change-failed", "passwords of administrators are not reset")
        call.end_reading()
        password = secrets.token_urlsafe(12)
        text = (
            f"The password of {account.name} was reset. The new one is:\n\n{password}\n\nPlease change it.\n"
        )
        try:
            refused = send(call.server.settings, [row.email], "OMERO: your new password", text)
        except MailFailed as error:
            raise CommandError("mail-send-failed", str(error)) from error
        if refused:
            raise CommandError("mail-send-failed", refused[row.email])
        with call.write() as transaction:
            store_password(transaction, account.id, password)
        return omero.cmd.ResetPasswordResponse()
