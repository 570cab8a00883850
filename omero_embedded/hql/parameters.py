"""Parameters of a query: which value goes where, in which type (contract/hql.md, section 3.9)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BigInteger, Boolean, Double, Text, bindparam, cast, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from .. import errors

LONG_LIST = 400
"""Lists longer than this travel as one JSON or array parameter instead of one parameter an element."""

SQL_TYPES: dict[str, TypeEngine[Any]] = {"int": BigInteger(), "long": BigInteger(), "timestamp": BigInteger(), "double": Double(), "string": Text(),
             "bool": Boolean()}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of a statement that takes a parameter: bound name, parameter, wanted kind, a list or one value."""

    bound: str
    name: str
    kind: str
    is_list: bool
    as_document: bool = False


def plain(value: Any) -> Any:
    """A parameter as plain Python value: RTypes unwrapped, objects as their ids, lists as lists."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple, set, frozenset, range)):
        return [plain(item) for item in value]
    if hasattr(value, "_val"):
        inner = value._val
        if isinstance(inner, (list, tuple, set)):
            return [plain(item) for item in inner]
        if hasattr(inner, "_id"):
            return plain(inner._id)
        return inner
    if hasattr(value, "_id"):
        return plain(value._id)
    if hasattr(value, "item"):
        return value.item()
    raise errors.api_usage(f"a parameter of type {type(value).__name__} cannot be used in a query")


@dataclass
class Binder:
    """Hands out bound parameters during compilation; `given` are the plain values of this call."""

    given: Mapping[str, Any]
    dialect: str
    slots: list[Slot] = field(default_factory=list)

    def value(self, name: str) -> Any:
        """The given value. Raises ApiUsageException when it is missing or null."""
        found = self.given.get(name)
        if found is None:
            raise errors.api_usage(f"Null parameters not allowed: {name}")
        return found

    def natural_kind(self, name: str) -> str:
        """Kind of a parameter whose place says nothing about it."""
        value = self.value(name)
        sample = (value[0] if value else 0) if isinstance(value, list) else value
        if isinstance(sample, bool):
            return "bool"
        if isinstance(sample, int):
            return "long"
        return "double" if isinstance(sample, float) else "string"

    def one(self, name: str, kind: str | None) -> Any:
        """A bound parameter for a single value."""
        wanted = fitting(kind or self.natural_kind(name), self.value(name))
        bound = f"p{len(self.slots)}"
        self.slots.append(Slot(bound, name, wanted, is_list=False))
        return bindparam(bound, type_=SQL_TYPES[wanted])

    def several(self, name: str, kind: str | None) -> Any:
        """What stands behind IN for a list."""
        value = self.value(name)
        wanted = fitting(kind or self.natural_kind(name), value)
        long = isinstance(value, list) and len(value) > LONG_LIST
        bound = f"p{len(self.slots)}"
        self.slots.append(Slot(bound, name, wanted, is_list=True, as_document=long))
        if not long:
            return bindparam(bound, type_=SQL_TYPES[wanted], expanding=True)
        return self._elements(bindparam(bound, type_=Text()), wanted)

    def constants(self, values: Sequence[Any], kind: str) -> Any:
        """What stands behind IN for a long list that the query itself spells out."""
        return self._elements(literal(json.dumps(values), Text()), kind)

    def _elements(self, document: Any, wanted: str) -> Any:
        """A subselect of the elements of a JSON array."""
        if self.dialect == "sqlite":
            each = func.json_each(document).table_valued("value")
            return select(each.c.value)
        element = func.jsonb_array_elements_text(cast(document, JSONB())).column_valued("element")
        return select(cast(element, SQL_TYPES[wanted]))


def signature(given: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What of the parameters a compiled statement depends on: which are lists, long ones, and their natural kinds."""
    return tuple(sorted((name, _shape(value)) for name, value in given.items() if value is not None))


def _shape(value: Any) -> str:
    fraction = " fraction" if _has_fraction(value) else ""
    if isinstance(value, list):
        sample = type(value[0]).__name__ if value else "none"
        return f"{'long' if len(value) > LONG_LIST else 'list'} {sample}{fraction}"
    return type(value).__name__ + fraction


def bind(slots: Sequence[Slot], given: Mapping[str, Any]) -> dict[str, Any]:
    """Values for the bound parameters of a statement, converted. Raises ApiUsageException for what does not fit."""
    bound: dict[str, Any] = {}
    for slot in slots:
        value = given[slot.name]
        if slot.is_list:
            several = [
                convert(slot.name, item, slot.kind)
                for item in (value if isinstance(value, list) else [value])
            ]
            bound[slot.bound] = json.dumps(several) if slot.as_document else several
            continue
        if isinstance(value, list):
            if len(value) != 1:
                raise errors.api_usage(f"parameter {slot.name}: a single value is expected, not a list")
            value = value[0]
        bound[slot.bound] = convert(slot.name, value, slot.kind)
    return bound


def _has_fraction(value: Any) -> bool:
    if isinstance(value, list):
        return any(_has_fraction(item) for item in value)
    return isinstance(value, float) and not value.is_integer()


def fitting(kind: str, value: Any) -> str:
    """The kind in which a value meets a column of `kind`: a fraction compares with whole numbers as a double."""
    return "double" if kind in ("int", "long", "timestamp") and _has_fraction(value) else kind


def convert(name: str, value: Any, kind: str) -> Any:
    """One value in the kind that its place wants."""
    try:
        if kind in ("int", "long", "timestamp"):
            number = (
                float(value) if isinstance(value, str) and not value.strip().lstrip("+-").isdigit() else value
            )
            if int(number) != number or not -(2**63) <= int(number) < 2**63:
                raise ValueError(number)
            return int(number)
        if kind == "double":
            return float(value)
        if kind == "bool":
            return _truth(value)
        return _text(value)
    except (TypeError, ValueError, OverflowError):
        raise errors.api_usage(f"parameter {name}: {value!r} is no {kind}") from None


def _truth(value: Any) -> bool:
    if isinstance(value, str):
        if value.lower() not in ("true", "false", "1", "0"):
            raise ValueError(value)
        return value.lower() in ("true", "1")
    return bool(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    text.encode()  # lone surrogates cannot be stored
    if "\0" in text:
        raise ValueError(text)
    return text
