"""Tags that plug-ins load. Source: contract/plugins.md, section 6.4."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings

register = template.Library()


@register.simple_tag
def plural(quantity: int, singular: str, plural: str) -> str:
    """The word for one or for many."""
    return singular if quantity == 1 else plural


@register.simple_tag
def setting(name: str) -> Any:
    """A Django setting; dots lead into dictionaries and lists. Empty when there is none."""
    first, *path = name.split(".")
    value: Any = getattr(settings, first, "")
    for part in path:
        try:
            value = value[part] if isinstance(value, dict) else value[int(part)]
        except (KeyError, IndexError, TypeError, ValueError):
            return ""
    return value


@register.simple_tag
def content_identifier(first: Any, second: Any) -> Any:
    """The first of two names that is not empty."""
    return first or second
