"""A stand-in of IIS: calls the extension as `httpext.h` says, with the control block that pywin32 would give it.

No Windows runs here; what the block does follows Microsoft's ISAPI extension reference: `AvailableData` is what came with
the first packets, `ReadClient` waits for more and gives nothing when the client is gone, `WriteClient` may take less
than it was given and fails once the client is gone, headers go out once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


class WindowsError87(Exception):
    """What pywin32 raises for a server variable that does not exist (ERROR_INVALID_INDEX)."""


@dataclass
class Block:
    """EXTENSION_CONTROL_BLOCK of one request. `leaves_after`: bytes of the answer that the client waits for."""

    Method: str = "GET"
    body: bytes = b""
    announced: int | None = None
    ahead: int = 49152
    packet: int = 8192
    takes: int = 1 << 30
    leaves_after: int | None = None
    variables: dict[str, str] = field(default_factory=dict)
    HttpStatusCode: int = 200
    LogData: str = ""
    status: str | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    written: bytearray = field(default_factory=bytearray)
    largest_write: int = 0

    def __post_init__(self) -> None:
        self.TotalBytes = len(self.body) if self.announced is None else self.announced
        self.AvailableData = self.body[: self.ahead]
        self.AvailableBytes = len(self.AvailableData)
        self._rest = memoryview(self.body)[self.ahead :]

    def GetServerVariable(self, name: str, default: Any = None) -> Any:
        if name in self.variables:
            return self.variables[name]
        if default is not None:
            return default
        raise WindowsError87(name)

    def ReadClient(self, size: int) -> bytes:
        size = min(size, self.packet)
        part, self._rest = bytes(self._rest[:size]), self._rest[size:]
        return part

    def WriteClient(self, data: bytes, reserved: int = 0) -> int:
        assert self.status is not None, "data before the headers"
        assert type(data) is bytes
        self.largest_write = max(self.largest_write, len(data))
        if self.IsSessionClosed():
            raise ConnectionResetError(10054, "An existing connection was forcibly closed by the remote host")
        part = data[: self.takes]
        self.written += part
        return len(part)

    def SendResponseHeaders(self, status: str, headers: str, keep: bool = False) -> None:
        assert self.status is None, "headers were sent twice"
        assert headers.endswith("\r\n\r\n") or headers == "\r\n"
        self.status = status
        self.headers = [
            (line.partition(": ")[0], line.partition(": ")[2]) for line in headers.split("\r\n") if line
        ]

    def IsSessionClosed(self) -> bool:
        return self.leaves_after is not None and len(self.written) >= self.leaves_after


def request(path: str, query: str = "", headers: dict[str, str] | None = None, **more: Any) -> Block:
    """A block as IIS makes it for an application at `/omero`."""
    raw = {"Host": "microscope.example.org", "User-Agent": "test", **(headers or {})}
    variables = {
        "ALL_RAW": "".join(f"{name}: {value}\r\n" for name, value in raw.items()),
        "PATH_INFO": path.encode("latin-1", "replace").decode("latin-1"),
        "UNICODE_PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "microscope.example.org",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.7",
        "HTTPS": "off",
        **more.pop("variables", {}),
    }
    return Block(variables=variables, **more)


def serve(handler: Callable[[Any], int], block: Block) -> int:
    """What `HttpExtensionProc` returns; an exception here would end IIS's process."""
    return handler(block)
