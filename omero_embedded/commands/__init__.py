"""Commands that clients submit, by the Slice class of their request.

A command is a class derived from `Command` and registered with `@command(omero.cmd.Xxx)`; its module is named in
`MODULES`, one line each. Source: contract/server.md, sections 1.3, 2.22 and 2.23.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from ..services.base import Call

MODULES = (
    "basic",
    "binaries",
    "delete",
    "disk_usage",
    "duplicate",
    "give",
    "level",
    "mail",
    "move",
    "original_metadata",
    "relatives",
    "sessions",
    "skip_head",
)
"""Modules of this package that register commands."""


class Cancelled(Exception):
    """The command was asked to stop."""


class CommandError(Exception):
    """A command fails with a reason that its ERR response names.

    name: one of the contract's `ERR.name` values; parameters: further texts for the response; `graph` makes the
    response a GraphException, whose `message` the command line prints.
    """

    def __init__(
        self, name: str, message: str, parameters: dict[str, str] | None = None, *, graph: bool = False
    ) -> None:
        super().__init__(message)
        self.name = name
        self.message = message
        self.parameters = dict(parameters or {})
        self.graph = graph
        self.response: Any = None
        """A ready-made error response to answer with instead of one made from the name."""


class Progress:
    """How far a command is; `step` also stops a cancelled one."""

    def step(self, done: int, total: int) -> None:
        """`done` of `total` steps are complete. Raises Cancelled when the client has cancelled."""
        raise NotImplementedError


class Command:
    """One kind of request. The instance is shared by all calls and keeps no state."""

    all_groups = False
    """The request always runs in the context of all groups."""

    def writes(self, request: Any) -> bool:
        """The request changes the store and so runs in a write transaction."""
        return True

    def steps(self, request: Any) -> int:
        """Number of steps that the request announces."""
        return 1

    def run(self, call: Call, request: Any, progress: Progress) -> Any:
        """Do the work inside `call`'s transaction and return the response (a sub-class of omero.cmd.OK).

        Raises CommandError, any Ice exception, or Cancelled: then nothing is changed.
        """
        raise NotImplementedError


_COMMANDS: dict[str, Command] = {}
_REQUESTS: dict[str, Any] = {}
_T = TypeVar("_T", bound=type[Command])


def command(request_class: Any) -> Callable[[_T], _T]:
    """Register a command for a request class such as `omero.cmd.Delete2`."""

    def register(command_class: _T) -> _T:
        _COMMANDS[request_class.ice_staticId()] = command_class()
        _REQUESTS[request_class.ice_staticId()] = request_class
        return command_class

    return register


@cache
def _load() -> None:
    for module in MODULES:
        import_module(f"{__name__}.{module}")


def find(request: Any) -> Command | None:
    """The command that carries a request out; None for an unknown or null one."""
    _load()
    return None if request is None else _COMMANDS.get(request.ice_id())


def requests() -> list[Any]:
    """One empty request of each kind that can be submitted, by name."""
    _load()
    return [_REQUESTS[name]() for name in sorted(_REQUESTS)]
