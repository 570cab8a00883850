"""Client preferences that the OMERO server keeps, as nested dictionaries.

Source: contract/webclient.md, section 3.10.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

import omero
from django.conf import settings

logger = logging.getLogger(__name__)

PREFIX = "omero.client."


def parsed(text: str) -> Any:
    """A preference's value: a boolean, decoded JSON, or the text itself."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        return json.loads(text)
    except ValueError:
        return text


def nested(properties: Mapping[str, str]) -> dict[str, Any]:
    """`{"omero.client.a.b": "1"}` → `{"a": {"b": 1}}`. A value where a branch must be gives way to the branch."""
    tree: dict[str, Any] = {}
    for name, text in sorted(properties.items()):
        if not name.startswith(PREFIX):
            continue
        *branch, leaf = name.removeprefix(PREFIX).split(".")
        node = tree
        for part in branch:
            child = node.get(part)
            if not isinstance(child, dict):
                child = node[part] = {}
            node = child
        node[leaf] = parsed(text)
    return tree


def load(conn: Any) -> dict[str, Any]:
    """The preferences of the connection's server, overridden by the web configuration, plus `email`."""
    config = conn.getConfigService()
    properties = dict(config.getClientConfigDefaults())
    properties.update(config.getClientConfigValues())
    properties.update(
        {name: text for name, text in settings.CONFIGURED_VALUES.items() if name.startswith(PREFIX)}
    )
    tree = nested(properties)
    tree["email"] = _can_mail(conn)
    return tree


def _can_mail(conn: Any) -> bool:
    if not hasattr(conn, "getEmailSettings"):
        return False
    try:
        return bool(conn.getEmailSettings())
    except omero.ServerError as error:
        logger.info("The server does not tell whether it can send mail: %s", error.message)
        return False


def can_create(conn: Any) -> bool | None:
    """Whether the server takes new data: true read-write, false read-only, None mixed or unknown."""
    properties = conn.getConfigService().getConfigValues(r"^omero\.cluster\.read_only\.runtime\.")
    read_only = {text.lower() == "true" for text in properties.values()}
    if not read_only:
        return True
    if len(read_only) > 1:
        return None
    return not read_only.pop()
