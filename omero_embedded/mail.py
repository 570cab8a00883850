"""Sending mail through the configured SMTP server (keys `omero.mail.*`)."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterable, Mapping
from email.message import EmailMessage

from .settings import Settings

_ADDRESS = re.compile(r"^[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+$")
TIMEOUT = 20.0
"""Seconds that the mail server may take for one step."""


class MailFailed(Exception):
    """The mail could not be handed to the mail server; the text says why."""


def is_address(text: str | None) -> bool:
    """The text can be an e-mail address."""
    return bool(text) and _ADDRESS.match(text or "") is not None


def send(
    settings: Settings, recipients: Iterable[str], subject: str, body: str, *, html: bool = False
) -> Mapping[str, str]:
    """Send one mail to each recipient; returns the refused ones with the reason.

    Raises MailFailed when no mail server can be reached or it lets nobody in.
    """
    refused: dict[str, str] = {}
    try:
        with smtplib.SMTP(
            settings["omero.mail.host"], settings.integer("omero.mail.port"), timeout=TIMEOUT
        ) as server:
            if settings.flag("omero.mail.smtp.starttls.enable"):
                server.starttls(context=ssl.create_default_context())
            if settings.flag("omero.mail.smtp.auth"):
                server.login(settings["omero.mail.username"], settings.get("omero.mail.password", ""))
            for recipient in recipients:
                try:
                    server.send_message(_message(settings["omero.mail.from"], recipient, subject, body, html))
                except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, UnicodeEncodeError) as error:
                    refused[recipient] = str(error)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise MailFailed(str(error)) from error
    return refused


def _message(sender: str, recipient: str, subject: str, body: str, html: bool) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = sender, recipient
    message["Subject"] = " ".join(subject.split())
    message.set_content(body, subtype="html" if html else "plain")
    return message
