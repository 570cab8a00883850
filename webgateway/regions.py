"""Tiles and regions of a request. Source: contract/webgateway.md, section 4.2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from omero_rendering import EmptyRegionError, Region, clip_region
from omeroweb.errors import BadRequest, NotFound
from omeroweb.webgateway.queries.image_facts import ImageFacts
from omeroweb.webgateway.queries.limits import Limits

_LARGEST_NUMBER = 2**31 - 1


@dataclass(frozen=True, slots=True)
class LevelRegion:
    """A rectangle inside one resolution level (0 = full size), in that level's pixels."""

    level: int
    region: Region


def parse(source: Mapping[str, str], facts: ImageFacts, limits: Limits) -> LevelRegion:
    """The rectangle that `tile` or `region` names, cut at the image's edges.

    Raises BadRequest with the contract's texts, NotFound for a rectangle outside the image.
    """
    tile, region = source.get("tile"), source.get("region")
    if tile:
        wanted = _tile(tile, facts, limits)
    elif region:
        wanted = _region(region)
    else:
        raise BadRequest("tile or region argument required")
    width, height = facts.levels[wanted.level]
    try:
        clipped = clip_region(wanted.region, width, height)
    except EmptyRegionError as error:
        raise NotFound(str(error)) from error
    if clipped.width * clipped.height > limits.plane_pixels:
        raise BadRequest(
            f"region is too large: {clipped.width} x {clipped.height} is more than {limits.plane_pixels} pixels"
        )
    return LevelRegion(wanted.level, clipped)


def _tile(text: str, facts: ImageFacts, limits: Limits) -> LevelRegion:
    try:
        numbers = [int(part) for part in text.split(",")]
        level, column, row = numbers[:3]
        if any(abs(number) > _LARGEST_NUMBER for number in numbers):
            raise ValueError
    except ValueError:
        raise BadRequest(f"malformed tile argument, tile={text}") from None
    last = len(facts.levels) - 1
    if level < 0:
        raise BadRequest(f"Invalid resolution level {level} < 0")
    if level > 0 and last == 0:
        raise BadRequest(f"Invalid resolution level {level}, non pyramid file")
    if level > last:
        raise BadRequest(f"Invalid resolution level,{' ' * 21}{level} > number of available levels {last} ")
    width, height = facts.tile_size
    if len(numbers) >= 5:
        width, height = (
            min(asked, limits.max_tile_length) if asked > 0 else usual
            for asked, usual in zip(numbers[3:5], facts.tile_size, strict=True)
        )
    return LevelRegion(level, Region(column * width, row * height, width, height))


def _region(text: str) -> LevelRegion:
    try:
        x, y, width, height = (int(part) for part in text.split(",")[:4])
        if any(abs(number) > _LARGEST_NUMBER for number in (x, y, width, height)):
            raise ValueError
    except ValueError:
        raise BadRequest(f"malformed region argument, region={text}") from None
    return LevelRegion(0, Region(x, y, width, height))
