"""The OMERO servers that this site offers. Source: contract/config-cli-deploy.md, section 2.6."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Server:
    """One row of `omero.web.server_list`. Ids count from 1 in its order."""

    id: int
    host: str
    port: int
    alias: str | None

    @property
    def label(self) -> str:
        """Text for choices: name, or host when it has none, and port."""
        return f"{self.alias or self.host}:{self.port}"


@cache
def all_servers() -> tuple[Server, ...]:
    """The configured servers. The list does not change while the process runs."""
    return tuple(
        Server(number, row[0], int(row[1]), row[2] if len(row) > 2 else None)
        for number, row in enumerate(settings.SERVER_LIST, start=1)
    )


def find_server(key: object) -> Server | None:
    """The server with this id (number or digits) or alias."""
    text = str(key)
    for server in all_servers():
        if text == str(server.id):
            return server
    return next(
        (server for server in all_servers() if server.alias is not None and server.alias == text), None
    )


def only_server() -> Server | None:
    """The server of a site that has just one."""
    servers = all_servers()
    return servers[0] if len(servers) == 1 else None
