"""The one parser of rendering parameters; every rendering endpoint works from its result.

Source: contract/webgateway.md, section 3.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from omero_rendering import Color, Family, Model, Projection, RenderingError, Window, parse_color
from omeroweb.errors import BadRequest

logger = logging.getLogger(__name__)

MODELS = {"g": Model.GREYSCALE, "c": Model.RGB}
PROJECTIONS = {"intmax": Projection.MAX, "intmean": Projection.MEAN, "intsum": Projection.SUM}


@dataclass(frozen=True, slots=True)
class Curve:
    """A channel's quantisation family and coefficient."""

    family: Family
    coefficient: float


@dataclass(frozen=True, slots=True)
class ChannelEntry:
    """One entry of `c`. number: 1-based channel. None means: as it is.

    inverted and curve come from the element of `maps` at the same place.
    """

    number: int
    active: bool
    window: Window | None = None
    color: Color | None = None
    lut: str | None = None
    inverted: bool | None = None
    curve: Curve | None = None


@dataclass(frozen=True, slots=True)
class ZProjection:
    """Maximum, mean or sum over sections `start` to `end` (0-based, inclusive); None: the end of the stack."""

    algorithm: Projection
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class RenderingQuery:
    """Settings of one request, on top of the stored ones.

    channels: None when the request has no `c`; empty when all channels are off. quality: JPEG quality 0..1, None for
    the server's. default_z, default_t: 0-based planes to store, only read by `from_request(..., planes=True)`.
    """

    channels: tuple[ChannelEntry, ...] | None = None
    model: Model | None = None
    projection: ZProjection | None = None
    quality: float | None = None
    invert_axis: bool = False
    default_z: int | None = None
    default_t: int | None = None

    @classmethod
    def from_request(cls, request: HttpRequest, planes: bool = False) -> RenderingQuery:
        """The settings of a request: of its query, or of its body for a POST without `c` in the query."""
        return cls.parse(parameters(request), planes)

    @classmethod
    def parse(cls, source: Mapping[str, str], planes: bool = False) -> RenderingQuery:
        """Raises BadRequest naming the parameter when one is malformed beyond what the grammar forgives."""
        return cls(
            channels=_channels(source["c"], source.get("maps")) if "c" in source else None,
            model=MODELS.get(source.get("m", "")),
            projection=_projection(source.get("p", "")),
            quality=_quality(source.get("q")),
            invert_axis=source.get("ia") == "1",
            default_z=_plane(source, "z") if planes else None,
            default_t=_plane(source, "t") if planes else None,
        )

    @property
    def slots(self) -> dict[int, ChannelEntry]:
        """Channel number → the entry whose window, colour and inversion it takes.

        Values go by rank, not by number: the i-th entry's to the i-th smallest number in the list.
        """
        entries = self.channels or ()
        return dict(zip(sorted({entry.number for entry in entries}), entries, strict=False))

    @property
    def active_numbers(self) -> frozenset[int]:
        """1-based numbers of the channels that are switched on."""
        return frozenset(entry.number for entry in self.channels or () if entry.active)

    @property
    def curves(self) -> dict[int, Curve]:
        """Channel number → quantisation; these do go by number."""
        return {entry.number: entry.curve for entry in self.channels or () if entry.curve is not None}

    def describes(self, size_c: int) -> bool:
        """Whether nothing but curves and codomain of the stored settings can show in the picture."""
        if self.model is None or self.channels is None:
            return False
        slots = self.slots
        return all(
            number in slots and slots[number].window is not None and slots[number].color is not None
            for number in self.active_numbers
            if number <= size_c
        )


def parameters(request: HttpRequest) -> Mapping[str, str]:
    """Where a request keeps its rendering settings."""
    if "c" not in request.GET and request.method == "POST":
        return request.POST.dict()
    return request.GET.dict()


def require_settings(request: HttpRequest) -> None:
    """Refuse a request that does not spell its settings out. Raises BadRequest with the contract's texts (3.4)."""
    source = parameters(request)
    if "c" not in source:
        raise BadRequest("Rendering settings must specify channels as c")
    for entry in _channels(source["c"], None):
        if entry.window is None:
            raise BadRequest("Must specify window for each channel")
        if entry.color is None and entry.lut is None:
            raise BadRequest("Must specify color for each channel")
    if source.get("m") not in MODELS:
        raise BadRequest('Query parameter "m" must be present with value either "g" or "c"')
    if "maps" in source:
        try:
            maps = json.loads(source["maps"])
        except ValueError:
            raise BadRequest("Failed to parse maps JSON") from None
        if not isinstance(maps, (list, dict, str)) or len(maps) != len(source["c"].split(",")):
            raise BadRequest('Number of "maps" must match number of channels')


def _channels(text: str, maps: str | None) -> tuple[ChannelEntry, ...]:
    elements = _maps(maps)
    entries = []
    for index, part in enumerate(text.split(",")):
        parsed = _entry(part)
        if parsed is None:
            continue
        number, active, window, color, lut = parsed
        element = elements[index] if elements is not None and index < len(elements) else None
        entries.append(
            ChannelEntry(
                number,
                active,
                window,
                color,
                lut,
                None if element is None else _inverted(element),
                None if element is None else _curve(element),
            )
        )
    return tuple(entries)


def _entry(part: str) -> tuple[int, bool, Window | None, Color | None, str | None] | None:
    """One entry; None when its number is not one. Raises BadRequest for two colours before the bar."""
    head, _, tail = part.partition("|")
    head, *colors = head.split("$")
    if len(colors) > 1:
        raise BadRequest(f"c has an entry with more than one colour: {part!r}")
    try:
        number = int(head.strip())
    except ValueError:
        return None
    range_text, separator, color_text = tail.partition("$")
    if not separator:
        color_text = colors[0] if colors else ""
    lut = color_text if color_text.endswith(".lut") else None
    color = None if lut or not color_text else parse_color(color_text)
    active = not head.strip().startswith("-")
    return abs(number), active, _window(range_text), color, lut


def _window(text: str) -> Window | None:
    parts = text.split(":")
    if len(parts) != 2:
        return None
    try:
        return Window(float(parts[0]), float(parts[1]))
    except ValueError:
        return None


def _maps(text: str | None) -> list[Mapping[str, Any]] | None:
    """Elements of `maps`; None when it is absent or not a list of objects, which is forgiven."""
    if not text:
        return None
    try:
        elements = json.loads(text)
    except ValueError:
        logger.info("maps is not JSON")
        return None
    if not isinstance(elements, list) or not all(isinstance(element, dict) for element in elements):
        logger.info("maps is not a list of objects")
        return None
    return elements


def _inverted(element: Mapping[str, Any]) -> bool:
    """Whether the channel is to be inverted; an element that does not say means that it is not."""
    value = element.get("inverted", element.get("reverse"))
    enabled = value.get("enabled") if isinstance(value, dict) else None
    return enabled is True or enabled == "true"


def _curve(element: Mapping[str, Any]) -> Curve | None:
    value = element.get("quantization")
    if not isinstance(value, dict) or "family" not in value:
        return None
    try:
        family = Family.named(str(value["family"]))
        coefficient = float(value.get("coefficient", 1.0))
    except (RenderingError, TypeError, ValueError):
        logger.info("Unknown quantization: %r", value)
        return None
    if not 0 < coefficient < math.inf:
        logger.info("Unusable quantization coefficient: %r", coefficient)
        return None
    return Curve(family, coefficient)


def _projection(text: str) -> ZProjection | None:
    name, _, limits = text.partition("|")
    algorithm = PROJECTIONS.get(name)
    if algorithm is None:
        return None
    parts = limits.split(":")
    try:
        start, end = (int(part) for part in parts)
    except ValueError:
        return ZProjection(algorithm)
    if max(0, start) > end:
        raise BadRequest(f"p has a range whose start is behind its end: {text!r}")
    return ZProjection(algorithm, start, end)


def _quality(text: str | None) -> float | None:
    if text is None or text == "":
        return None
    try:
        quality = float(text)
    except ValueError:
        raise BadRequest(f"q must be a number from 0 to 1, not {text!r}") from None
    if not 0 <= quality <= 1:
        raise BadRequest(f"q must be a number from 0 to 1, not {text!r}")
    return quality


def _plane(source: Mapping[str, str], name: str) -> int | None:
    """0-based plane from a 1-based parameter."""
    text = source.get(name)
    if text is None or text == "":
        return None
    try:
        number = int(text)
    except ValueError:
        raise BadRequest(f"{name} must be a whole number from 1, not {text!r}") from None
    if number < 1:
        raise BadRequest(f"{name} must be a whole number from 1, not {text!r}")
    return number - 1
