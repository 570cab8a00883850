"""Reading numbers from a request. Source: contract/webgateway.md, section 20."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from omeroweb.errors import BadRequest


def getIntOrDefault(request: HttpRequest, name: str, default: Any) -> int | None:
    """An integer of the query, else of the body, else `default`; None stays None. Raises ValueError for others."""
    value = request.GET.get(name, request.POST.get(name, default))
    return None if value is None else int(value)


def get_longs(request: HttpRequest, name: str) -> list[int]:
    """The integers of a repeated query parameter. Raises BadRequest naming it."""
    return [whole_number(name, text) for text in request.GET.getlist(name)]


def integer(request: HttpRequest, name: str, default: int | None = None) -> int | None:
    """An integer of the query. Raises BadRequest naming it."""
    text = request.GET.get(name)
    return default if text is None or text == "" else whole_number(name, text)


def integers_of_body(request: HttpRequest, name: str) -> list[int]:
    """The integers of a repeated body parameter. Raises BadRequest naming it."""
    return [whole_number(name, text) for text in request.POST.getlist(name)]


def whole_number(name: str, text: object) -> int:
    """A number that can be an id. Raises BadRequest naming the parameter."""
    try:
        number = int(str(text))
    except ValueError:
        raise BadRequest(f"{name} must be a whole number, not {text!r}") from None
    if abs(number) >= 2**63:
        raise BadRequest(f"{name} is too large: {text}")
    return number
