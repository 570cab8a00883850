"""How a command talks to the terminal: the part of the `omero` command line that the commands here use."""

from __future__ import annotations

from typing import NoReturn, Protocol


class Console(Protocol):
    """Progress goes out, trouble goes to err. `omero.cli.CLI` is one."""

    def out(self, text: str, newline: bool = True) -> None:
        """Print on standard output."""

    def err(self, text: str, newline: bool = True) -> None:
        """Print on standard error."""

    def die(self, rc: int, text: str, newline: bool = True) -> NoReturn:
        """Print on standard error and end the command; the shell sees `rc` modulo 256."""
