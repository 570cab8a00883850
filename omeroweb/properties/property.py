"""One row of the property table."""

from dataclasses import dataclass
from typing import Any

from omeroweb.properties.parsers import Parser


@dataclass(frozen=True, slots=True)
class Property:
    """A property of the server configuration and the Django setting that it becomes.

    default: the unparsed default, usually text; it goes through the parser like a configured value. `$OMERODIR` and
    `$HOST` in it stand for the base directory and the host of the OMERO server.
    """

    name: str
    setting: str
    parser: Parser
    default: Any
    description: str
