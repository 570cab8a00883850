"""Reading of what browsers send: every view parses its input here or in a form.

Bad input raises `InvalidParameter`, which carries the parameter's name and answers 400.
Source: contract/webclient.md, section 2.1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import omero.sys
from django.conf import settings
from django.http import HttpRequest, QueryDict

from omeroweb.errors import BadRequest

TRUE_WORDS = frozenset(("true", "yes", "y", "t", "1", "on"))
LARGEST_ID = 2**63 - 1
ALL_GROUPS = -1
EVERYBODY = -1

# Kinds of objects that can be annotated and acted on, in the order in which they are looked at.
OBJECT_TYPES = ("image", "dataset", "project", "screen", "plate", "acquisition", "well", "share")


class InvalidParameter(BadRequest, ValueError):
    """A parameter that cannot be used. `name` is the parameter, the message says what was expected."""

    def __init__(self, name: str, reason: str = "invalid value") -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name


def parse_int(name: str, text: Any) -> int:
    """A decimal integer that fits a server id (64 bits)."""
    try:
        value = int(text)
    except (TypeError, ValueError):
        raise InvalidParameter(name, "not an integer") from None
    if abs(value) > LARGEST_ID:
        raise InvalidParameter(name, "number too large")
    return value


def get_long_or_default(request: HttpRequest, name: str, default: int | None) -> int | None:
    """Integer of the query string; the default when the parameter is missing or `None`."""
    text = request.GET.get(name)
    return default if text is None else parse_int(name, text)


def get_int(request: HttpRequest, name: str, default: int) -> int:
    """Integer of the query string, never None."""
    text = request.GET.get(name)
    return default if text is None else parse_int(name, text)


def get_bool_or_default(request: HttpRequest, name: str, default: bool) -> bool:
    """Boolean of the query string: `true yes y t 1 on` in any case are true, other words false."""
    return to_bool(request.GET.get(name, default))


def to_bool(value: str | bool | None) -> bool:
    if isinstance(value, bool):
        return value
    return value is not None and value.strip().lower() in TRUE_WORDS


def get_list(request: HttpRequest, name: str) -> list[str]:
    """Values of a repeated parameter, from the query string, or from the body when that has none."""
    return request.GET.getlist(name) or request.POST.getlist(name)


def get_ids(source: QueryDict, name: str) -> list[int]:
    """Ids of a repeated parameter; empty values are ignored."""
    return [parse_int(name, text) for text in source.getlist(name) if text]


def get_comma_ids(source: QueryDict, name: str) -> list[int]:
    """Ids of a parameter that may be repeated, comma-separated, or both."""
    parts = (part.strip() for text in source.getlist(name) for part in text.split(","))
    return [parse_int(name, part) for part in parts if part]


def json_body(request: HttpRequest, name: str = "body") -> Any:
    """The request's JSON body."""
    try:
        return json.loads(request.body)
    except ValueError:
        raise InvalidParameter(name, "not JSON") from None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list. `number` is 1-based; 0 or less means the whole list. `first` overrides it: a 0-based row."""

    number: int = 1
    limit: int = field(default_factory=lambda: int(settings.PAGE))
    first: int | None = None

    @classmethod
    def from_request(cls, request: HttpRequest, limit: int | None = None) -> Page:
        number = get_int(request, "page", 1)
        size = get_int(request, "limit", int(settings.PAGE) if limit is None else limit)
        if size < 1:
            raise InvalidParameter("limit", "must be at least 1")
        if number > 0 and number * size > 2**31 - 1:
            raise InvalidParameter("page", "beyond the longest list")
        return cls(number, size)

    @classmethod
    def of(cls, number: int | None, limit: int | None = None) -> Page:
        """A page as plug-ins name one: no number, no paging."""
        return cls(number or 0, int(settings.PAGE) if limit is None else int(limit))

    @classmethod
    def at(cls, offset: int, limit: int) -> Page:
        """A page given by its first row instead of by its number."""
        return cls(1, limit, offset)

    @property
    def whole(self) -> bool:
        return self.number <= 0

    @property
    def offset(self) -> int:
        if self.first is not None:
            return self.first
        return 0 if self.whole else (self.number - 1) * self.limit

    def parameters(self) -> omero.sys.ParametersI:
        """Fresh query parameters that carry the paging."""
        params = omero.sys.ParametersI()
        if not self.whole:
            params.page(self.offset, self.limit)
        return params


@dataclass(frozen=True, slots=True)
class ContainerQuery:
    """What a tree listing asks for: `parent_id` None is no parent given, `owner_id` -1 everybody's objects."""

    parent_id: int | None
    owner_id: int
    group_id: int
    page: Page

    @classmethod
    def from_request(cls, request: HttpRequest, owner_name: str = "experimenter_id") -> ContainerQuery:
        return cls(
            parent_id=get_long_or_default(request, "id", None),
            owner_id=get_int(request, owner_name, EVERYBODY),
            group_id=get_int(request, "group", ALL_GROUPS),
            page=Page.from_request(request),
        )


@dataclass(frozen=True, slots=True)
class ImageQuery:
    """What a listing of images asks for, and which extra facts each image shall carry."""

    dataset_id: int | None
    orphaned: bool
    owner_id: int
    group_id: int
    page: Page
    load_pixels: bool
    load_date: bool
    load_thumb_version: bool

    @classmethod
    def from_request(cls, request: HttpRequest) -> ImageQuery:
        return cls(
            dataset_id=get_long_or_default(request, "id", None),
            orphaned=get_bool_or_default(request, "orphaned", False),
            owner_id=get_int(request, "experimenter_id", EVERYBODY),
            group_id=get_int(request, "group", ALL_GROUPS),
            page=Page.from_request(request),
            load_pixels=get_bool_or_default(request, "sizeXYZ", False),
            load_date=get_bool_or_default(request, "date", False),
            load_thumb_version=get_bool_or_default(request, "thumbVersion", False),
        )


@dataclass(frozen=True, slots=True)
class Selection:
    """Objects named by the repeatable parameters `image dataset project screen plate acquisition well share`."""

    ids: dict[str, tuple[int, ...]]

    @classmethod
    def from_request(cls, request: HttpRequest, types: Iterable[str] = OBJECT_TYPES) -> Selection:
        """Only the query string is looked at if it is not empty, otherwise the body."""
        source = request.GET if request.GET else request.POST
        return cls({name: tuple(dict.fromkeys(get_ids(source, name))) for name in types})

    def __bool__(self) -> bool:
        return any(self.ids.values())

    def items(self) -> list[tuple[str, int]]:
        """All (type, id) pairs, grouped by type."""
        return [(name, object_id) for name, ids in self.ids.items() for object_id in ids]

    def first(self) -> tuple[str, int] | None:
        return next(iter(self.items()), None)


OBJECT_REFERENCE = re.compile(r"^(?P<type>[a-z]+)-(?P<id>\d+)$")


def parse_references(name: str, text: str) -> list[tuple[str, int]]:
    """`dataset-1|dataset-2` as (type, id) pairs."""
    pairs = []
    for part in filter(None, text.split("|")):
        match = OBJECT_REFERENCE.match(part)
        if match is None:
            raise InvalidParameter(name, "expected type-id elements joined by |")
        pairs.append((match["type"], parse_int(name, match["id"])))
    return pairs
