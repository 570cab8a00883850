"""Filters that plug-ins load. Source: contract/plugins.md, section 6.4."""

from __future__ import annotations

import builtins
import datetime
import json
import random
from collections.abc import Iterable
from typing import Any

from django import template
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

_MICRO, _ANGSTROM = "\u00b5m", "\u212b"

# Up to which length in micrometres a unit is used, by what the length is multiplied, and the unit.
_LENGTHS = (
    (0.001, 10000, _ANGSTROM),
    (0.01, 1000, "nm"),
    (1000, 1, _MICRO),
    (100_000, 1 / 1000, "mm"),
    (1_000_000, 1 / 100_000, "cm"),
    (100_000_000, 1 / 1_000_000, "m"),
    (float("inf"), 1 / 1_000_000_000, "km"),
)


def _scale(length: float) -> tuple[float, str]:
    return next((factor, unit) for limit, factor, unit in _LENGTHS if length < limit)


@register.filter
def lengthformat(value: Any) -> Any:
    """A length in micrometres as the number that belongs to `lengthunit`; what is no number stays as it is."""
    try:
        length = float(value)
    except (TypeError, ValueError):
        return value
    return length * _scale(length)[0]


@register.filter
def lengthunit(value: Any) -> str:
    """The unit in which a length in micrometres reads best."""
    try:
        length = float(value)
    except (TypeError, ValueError):
        return _MICRO
    return _MICRO if length == 0 else _scale(length)[1]


@register.filter
def json_dumps(value: Any) -> SafeString:
    """JSON text, not escaped: for scripts, never for markup."""
    return mark_safe(json.dumps(value, cls=DjangoJSONEncoder))


@register.filter
def jsonify(value: Any) -> SafeString:
    """JSON text of a value or a list of values, safe inside a script element."""
    if not isinstance(value, (str, int, float, bool, dict, list, tuple)) and isinstance(value, Iterable):
        value = list(value)
    text = json.dumps(value, cls=DjangoJSONEncoder)
    return mark_safe(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


@register.filter
def hash(value: Any, key: Any) -> Any:
    """An entry of a dictionary; the key itself when there is none."""
    return value.get(key, key)


@register.filter
def random_if_none(value: Any) -> Any:
    """A random number instead of None."""
    return random.randint(10000, 100000) if value is None else value


@register.filter
def random_if_minus_one(value: Any) -> Any:
    """A random number instead of -1."""
    return random.randint(10000, 100000) if value == -1 else value


@register.filter
def ago(value: datetime.datetime) -> str:
    """How long ago a time was, in its two largest units."""
    seconds = int((datetime.datetime.now(value.tzinfo) - value).total_seconds())
    parts = []
    for name, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2]) or "less than a second"


@register.filter
def truncateafter(value: Any, length: Any) -> Any:
    """The first characters of a longer text, and an ellipsis."""
    text = str(value)
    return value if len(text) <= int(length) else text[: int(length)] + "..."


@register.filter
def truncatebefor(value: Any, length: Any) -> Any:
    """The last characters of a longer text, after an ellipsis."""
    text = str(value)
    return value if len(text) <= int(length) else "..." + text[-int(length) :]


@register.filter
def shortening(value: Any, length: Any) -> Any:
    """A longer text without its middle."""
    text, half = str(value), int(length) // 2
    return value if len(text) <= int(length) else f"{text[:half]}...{text[-half:]}"


@register.filter
def subtract(value: Any, other: Any) -> int:
    """The difference of two whole numbers."""
    return int(value) - int(other)


@register.filter
def get_range(value: Any) -> range:
    """The numbers from 0 up to, without, the value."""
    return range(int(value))


@register.filter
def timeformat(value: Any) -> str:
    """Seconds as text: milliseconds, seconds, minutes or hours, whatever reads best."""
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return f"{value} s"
    if seconds < 0.001:
        return f"{seconds * 1e6:.2f} \u00b5s"
    if seconds < 1:
        return f"{seconds * 1000:.2f} ms"
    if seconds < 60:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes}min {rest}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes}min {rest}s"


@register.filter
def zip(value: Iterable[Any], other: Iterable[Any]) -> list[tuple[Any, Any]]:
    """Pairs of the elements of two lists."""
    return list(builtins.zip(value, other, strict=False))
