"""Names that published plug-ins import from here. Source: contract/plugins.md, sections 3.3 and 5.6."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from omeroweb.httprsp import is_ajax
from omeroweb.properties.parsers import (
    LeaveUnset,
    check_timezone,
    identity,
    leave_none_unset,
    leave_none_unset_int,
    parse_boolean,
    str_slash,
)

__all__ = [
    "LeaveUnset",
    "check_timezone",
    "identity",
    "is_ajax",
    "leave_none_unset",
    "leave_none_unset_int",
    "parse_boolean",
    "reverse_with_params",
    "str_slash",
]


def reverse_with_params(
    viewname: str | None = None, *, query_string: Mapping[str, Any] | str | None = None, **kwargs: Any
) -> str:
    """Path of a view with a query. query_string: names and values, or the encoded text."""
    path = reverse(viewname, **kwargs)
    if isinstance(query_string, Mapping):
        query_string = urlencode(query_string, doseq=True)
    return f"{path}?{query_string}" if query_string else path
