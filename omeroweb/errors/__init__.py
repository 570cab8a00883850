"""Errors that a browser may see: raised where they are known, turned into an answer by `errors.middleware`."""

from __future__ import annotations


class WebError(Exception):
    """Base of the typed errors. `message` is shown to the user; `status` is the HTTP status."""

    status = 500

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message


class BadRequest(WebError):
    """The caller's mistake. The message names the parameter."""

    status = 400


class Forbidden(WebError):
    """The user may not do this."""

    status = 403


class NotFound(WebError):
    """No such object, or none that the user may see."""

    status = 404


class ServerUnavailable(WebError):
    """The OMERO server does not answer."""

    status = 503

    def __init__(self, message: str = "Server is not responding, please contact administrator.") -> None:
        super().__init__(message)
