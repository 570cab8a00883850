"""Units in files, by symbol or name, as Slice enumerators (contract/model.md, section 3.2)."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

from .metadata import Quantity

_ALIASES = {
    "micron": "MICROMETER",
    "microns": "MICROMETER",
    "um": "MICROMETER",
    "\\u00b5m": "MICROMETER",
    "cm": "CENTIMETER",
    "inch": "INCH",
    "sec": "SECOND",
    "msec": "MILLISECOND",
    "usec": "MICROSECOND",
    "hour": "HOUR",
    "a.u.": None,
}


@cache
def _enumerators() -> dict[str, dict[str, str]]:
    """Enumerator by symbol and by lower-case name, for each class of quantities."""
    text = resources.files("omero_embedded.model").joinpath("enums.json").read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = {}
    for quantity, unit in json.loads(text)["units"].items():
        names = found[quantity] = {}
        for entry in unit["values"]:
            names.setdefault(entry["symbol"], entry["name"])
            names.setdefault(entry["name"].lower(), entry["name"])
    return found


def unit(kind: str, text: str) -> str | None:
    """Enumerator of a unit of `kind` (Length, Time, …) written as symbol or name; None when it is unknown."""
    names = _enumerators()[kind]
    # Greek mu and micro sign look alike, and files have both.
    text = text.strip().replace("\u03bc", "\u00b5")
    if text in names:
        return names[text]
    alias = _ALIASES.get(text.lower())
    return alias if alias is not None else names.get(text.lower())


def quantity(kind: str, number: str | float | None, text: str) -> Quantity | None:
    """A quantity from the texts of a file; None without a number or for an unknown unit."""
    if number is None:
        return None
    try:
        value = float(number)
    except ValueError:
        return None
    name = unit(kind, text)
    return None if name is None else (value, name)
