"""Stored settings with those of a request on top. Source: contract/webgateway.md, section 3.2."""

from __future__ import annotations

from dataclasses import replace

from omero_rendering import ChannelSettings, RenderingSettings
from omeroweb.errors import BadRequest
from omeroweb.webgateway.rendering_query import ChannelEntry, Curve, RenderingQuery


def for_rendering(base: RenderingSettings, query: RenderingQuery) -> RenderingSettings:
    """The settings of a picture: channels that the request does not list are off, inactive ones stay as they are."""
    settings = base if query.model is None else replace(base, model=query.model)
    if query.channels is None:
        return settings
    active, slots, curves = query.active_numbers, query.slots, query.curves
    channels = []
    for number, channel in enumerate(base.channels, start=1):
        if number not in active:
            channels.append(replace(channel, active=False))
            continue
        channels.append(_changed(channel, slots[number], curves.get(number), active=True))
    return replace(settings, channels=tuple(channels))


def for_saving(base: RenderingSettings, query: RenderingQuery, size_z: int, size_t: int) -> RenderingSettings:
    """The settings to store: inactive channels keep what the request says of them, too.

    Raises BadRequest when the request does not list every channel, or a plane that the image does not have.
    """
    size_c = len(base.channels)
    numbers = [entry.number for entry in query.channels or ()]
    if numbers != list(range(1, size_c + 1)):
        raise BadRequest(f"c must list every channel from 1 to {size_c} in order")
    for name, value, size in (("z", query.default_z, size_z), ("t", query.default_t, size_t)):
        if value is not None and value >= size:
            raise BadRequest(f"{name} must lie in 1..{size}, not {value + 1}")
    active, curves = query.active_numbers, query.curves
    channels = [
        _changed(channel, entry, curves.get(entry.number), entry.number in active)
        for channel, entry in zip(base.channels, query.channels or (), strict=True)
    ]
    return replace(
        base,
        channels=tuple(channels),
        model=query.model or base.model,
        default_z=base.default_z if query.default_z is None else query.default_z,
        default_t=base.default_t if query.default_t is None else query.default_t,
    )


def _changed(
    channel: ChannelSettings, entry: ChannelEntry, curve: Curve | None, active: bool
) -> ChannelSettings:
    return replace(
        channel,
        active=active,
        window=entry.window or channel.window,
        color=entry.color or channel.color,
        lut=None if entry.color is not None else entry.lut or channel.lut,
        reverse=channel.reverse if entry.inverted is None else entry.inverted,
        family=channel.family if curve is None else curve.family,
        coefficient=channel.coefficient if curve is None else curve.coefficient,
    )
