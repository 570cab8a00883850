"""Elements and attributes of OME-XML documents, whatever their namespace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from xml.etree import ElementTree

from ..metadata import RGBA, Quantity
from ..units import quantity

Element = ElementTree.Element


def local(element: Element) -> str:
    """Name without namespace."""
    return element.tag.rpartition("}")[2]


def children(parent: Element | None, name: str) -> Iterator[Element]:
    """Direct children of that name."""
    if parent is not None:
        for element in parent:
            if local(element) == name:
                yield element


def first(parent: Element | None, name: str) -> Element | None:
    """First direct child of that name."""
    return next(children(parent, name), None)


def attribute(element: Element | None, name: str) -> str | None:
    """An attribute that is not empty."""
    value = None if element is None else element.get(name)
    return value or None


def number(element: Element | None, name: str) -> float | None:
    """A number; None when it is missing or none."""
    value = attribute(element, name)
    try:
        return None if value is None else float(value)
    except ValueError:
        return None


def whole(element: Element | None, name: str) -> int | None:
    """A whole number; None when it is missing or none."""
    value = number(element, name)
    return None if value is None or value != value // 1 else int(value)


def measured(element: Element | None, name: str, kind: str, default_unit: str) -> Quantity | None:
    """A quantity: the attribute and its unit."""
    if element is None:
        return None
    return quantity(kind, attribute(element, name), attribute(element, f"{name}Unit") or default_unit)


def positive(value: Quantity | None) -> Quantity | None:
    """The model takes no sizes and wavelengths that are not positive (contract/model.md, section 3.2)."""
    return value if value is not None and value[0] > 0 else None


def content(parent: Element | None, name: str) -> str | None:
    """Text of a child that is not empty."""
    element = first(parent, name)
    text = None if element is None else (element.text or "").strip()
    return text or None


def color(element: Element | None) -> RGBA | None:
    """A colour: RGBA in one signed 32-bit number."""
    value = whole(element, "Color")
    if value is None:
        return None
    value &= 0xFFFFFFFF
    return value >> 24, value >> 16 & 255, value >> 8 & 255, value & 255


def moment(text: str | None) -> int | None:
    """Milliseconds since 1970 of an xsd:dateTime; without zone it is taken as UTC."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        return None
    if found.tzinfo is None:
        found = found.replace(tzinfo=timezone.utc)
    return round(found.timestamp() * 1000)
