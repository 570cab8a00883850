"""A WSGI server that is an ISAPI extension.

IIS calls `HttpExtensionProc` with an extension control block (ECB) per request; pywin32's `isapi` package hands it to
Python. This module needs the block only, so it runs wherever a block can be had; `omeroweb.deploy.iis.extension` is
what IIS loads. Source: contract/config-cli-deploy.md, section 9.2; Microsoft's ISAPI extension reference; PEP 3333.
"""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any, Protocol

logger = logging.getLogger(__name__)

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]

# HSE_STATUS_* of httpext.h
STATUS_SUCCESS = 1
STATUS_SUCCESS_KEEP_CONNECTION = 2
STATUS_ERROR = 4
# HSE_REQ_DONE_WITH_SESSION is sent by servers of threads only; this one ends with its return value.

BLOCK = 65536
# Variables that WSGI wants under the same name.
_SERVER_VARIABLES = (
    "REMOTE_ADDR",
    "REMOTE_HOST",
    "REMOTE_USER",
    "AUTH_TYPE",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PROTOCOL",
    "SERVER_SOFTWARE",
    "HTTPS",
)
_PAGE = b"<!DOCTYPE html><title>Internal Server Error</title><h1>Internal Server Error</h1>"


class ControlBlock(Protocol):
    """The part of pywin32's `EXTENSION_CONTROL_BLOCK` in use here."""

    Method: str
    TotalBytes: int
    AvailableBytes: int
    AvailableData: bytes
    HttpStatusCode: int
    LogData: str

    def GetServerVariable(self, name: str, default: Any = None) -> Any:
        """Value of a CGI variable. Raises an error of Windows when there is none and no default."""

    def ReadClient(self, size: int) -> bytes:
        """More of the request's body; empty when the client is gone."""

    def WriteClient(self, data: bytes, reserved: int = 0) -> int:
        """Send a part of the answer; the number of bytes that were taken."""

    def SendResponseHeaders(self, status: str, headers: str, keep: bool = False) -> None:
        """Send the status line and the headers."""

    def IsSessionClosed(self) -> bool: ...


class RequestBody(io.RawIOBase):
    """The body of a request: what IIS has read ahead, then what the client still sends."""

    def __init__(self, block: ControlBlock) -> None:
        super().__init__()
        self._block = block
        # IIS may have read more than the body when requests are pipelined.
        self._ahead = bytes(block.AvailableData or b"")[: min(block.AvailableBytes, block.TotalBytes)]
        self._left = block.TotalBytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Raises ConnectionError when the client is gone before the body is complete."""
        size = min(len(buffer), self._left)
        if size <= 0:
            return 0
        if self._ahead:
            part, self._ahead = self._ahead[:size], self._ahead[size:]
        else:
            part = self._block.ReadClient(min(size, BLOCK))
            if not part:
                raise ConnectionError(f"the client is gone with {self._left} bytes of the request to come")
        buffer[: len(part)] = part
        self._left -= len(part)
        return len(part)


def variable(block: ControlBlock, name: str) -> str:
    """A server variable, empty when unset. pywin32 gives text or, for `UNICODE_` names, decoded text."""
    value = block.GetServerVariable(name, "")
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    return str(value or "")


def wsgi_text(text: str) -> str:
    """Text as WSGI wants it: the UTF-8 bytes, each as one character."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def environment(block: ControlBlock, prefix: str) -> dict[str, Any]:
    """The WSGI environment of a request. `prefix`: the IIS application, such as `/omero`."""
    values: dict[str, Any] = {}
    for line in variable(block, "ALL_RAW").split("\n"):
        name, colon, value = line.partition(":")
        if not colon or "_" in name:
            # A header with an underscore could pass for another one.
            continue
        key = name.strip().upper().replace("-", "_")
        values[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value.strip()
    # IIS gives PATH_INFO with the name of the application in front, decoded.
    path = variable(block, "UNICODE_PATH_INFO") or variable(block, "PATH_INFO")
    if prefix and (path.lower() == prefix.lower() or path.lower().startswith(prefix.lower() + "/")):
        path = path[len(prefix) :]
    for name in _SERVER_VARIABLES:
        value = variable(block, name)
        if value:
            values[name] = value
    values.setdefault("SERVER_NAME", "localhost")
    values.setdefault("SERVER_PORT", "80")
    values.setdefault("SERVER_PROTOCOL", "HTTP/1.1")
    secure = values.get("HTTPS", "off").lower() in ("on", "1")
    return {
        **values,
        "REQUEST_METHOD": block.Method,
        "SCRIPT_NAME": prefix,
        "PATH_INFO": wsgi_text(path),
        "QUERY_STRING": variable(block, "QUERY_STRING"),
        "CONTENT_LENGTH": str(block.TotalBytes) if block.TotalBytes else values.get("CONTENT_LENGTH", ""),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https" if secure else "http",
        "wsgi.input": io.BufferedReader(RequestBody(block), BLOCK),
        "wsgi.errors": ErrorLog(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


class ErrorLog(io.TextIOBase):
    """What the application complains about goes into the log: IIS shows nobody its standard error."""

    def write(self, text: str) -> int:
        if text.strip():
            logger.error("%s", text.rstrip())
        return len(text)


class Answer:
    """The way back to IIS: headers with the first data, then the data."""

    def __init__(self, block: ControlBlock) -> None:
        self._block = block
        self._head: tuple[str, list[tuple[str, str]]] | None = None
        self.sent = False

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], None]:
        """`start_response` of WSGI."""
        if exc_info is not None:
            if self.sent:
                raise exc_info[1].with_traceback(exc_info[2])
        elif self._head is not None:
            raise RuntimeError("start_response was called twice")
        for name, value in headers:
            if "\r" in name + value or "\n" in name + value:
                raise ValueError(f"header {name!r} has a line break")
        self._head = (status, list(headers))
        return self.write

    def send_head(self) -> None:
        if self.sent:
            return
        if self._head is None:
            raise RuntimeError("the application has sent data before start_response")
        status, headers = self._head
        self.sent = True
        self._block.HttpStatusCode = int(status[:3])
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        self._block.SendResponseHeaders(status, lines + "\r\n", False)

    def write(self, data: bytes) -> None:
        """Send all of `data`, in parts that IIS takes. Raises ConnectionError when the client is gone."""
        self.send_head()
        view = memoryview(data)
        while view:
            if self._block.IsSessionClosed():
                raise ConnectionError("the client has closed the connection")
            taken = self._block.WriteClient(bytes(view[:BLOCK]))
            if not taken:
                raise ConnectionError("the client takes no more of the answer")
            view = view[taken:]


class Handler:
    """Serves one request at a time, under a lock, as IIS's own threads come in.

    `load` gives the application at the first request. Source: contract/config-cli-deploy.md, section 9.2.
    """

    def __init__(self, load: Callable[[], Application], prefix: str) -> None:
        self._load = load
        self._application: Application | None = None
        self._prefix = prefix.rstrip("/")
        self._lock = threading.Lock()

    def __call__(self, block: ControlBlock) -> int:
        """What `HttpExtensionProc` returns: HSE_STATUS_SUCCESS or HSE_STATUS_ERROR."""
        with self._lock:
            answer = Answer(block)
            try:
                self._serve(block, answer)
            except ConnectionError as error:
                logger.info("Request of %s given up: %s", variable(block, "REMOTE_ADDR"), error)
                return STATUS_ERROR
            except Exception:
                # Nothing may reach IIS, which would end its process.
                logger.exception("Request failed")
                return self._apologise(block, answer)
            return STATUS_SUCCESS

    def _serve(self, block: ControlBlock, answer: Answer) -> None:
        if self._application is None:
            self._application = self._load()
        result = self._application(environment(block, self._prefix), answer.start)
        try:
            for part in result:
                if part:
                    answer.write(part)
            answer.send_head()
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()

    @staticmethod
    def _apologise(block: ControlBlock, answer: Answer) -> int:
        if not answer.sent:
            apology = Answer(block)
            headers = [("Content-Type", "text/html"), ("Content-Length", str(len(_PAGE)))]
            apology.start("500 Internal Server Error", headers)
            try:
                apology.write(_PAGE)
            except OSError as error:
                logger.info("The error page was not sent: %s", error)
        return STATUS_ERROR
