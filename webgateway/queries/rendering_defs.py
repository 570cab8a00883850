"""Stored rendering settings of images. Source: contract/rendering.md, section 1.5; contract/webgateway.md, 3.5, 12."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import omero
from omero.rtypes import unwrap

from omero_rendering import (
    ChannelSettings,
    Color,
    Family,
    Model,
    Quantum,
    RenderingSettings,
    Window,
    default_settings,
)
from omeroweb.webgateway.queries.image_facts import ImageFacts, group_context
from omeroweb.webgateway.remembered import Remembered

_DEFINITIONS = """
    select r from RenderingDef r
    join fetch r.details.owner as owner
    join fetch r.details.updateEvent as event
    join fetch r.model
    join fetch r.quantization
    left outer join fetch r.waveRendering as w
    left outer join fetch w.family
    left outer join fetch w.spatialDomainEnhancement
    where r.pixels.id = :id
"""

# How long settings may be old where they hardly matter, because the request spells its own out.
_STALE_SECONDS = 30.0
_remembered = Remembered(_STALE_SECONDS)


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """Rendering settings as somebody saved them. definition_id: None when they were computed, not stored.

    model_name: the stored model, `rgb` or `greyscale`. raw: the model object, for those who need its details.
    """

    definition_id: int | None
    owner_id: int | None
    model_name: str
    settings: RenderingSettings


def effective(conn: Any, facts: ImageFacts, stale: bool = False) -> StoredSettings:
    """The settings that the user sees: own, else the owner's, else new ones, which the server saves if it may.

    stale: settings that are up to half a minute old will do.
    """
    key = (conn.server_id, conn._sessionUuid, facts.pixels_id, facts.version)
    if stale and (remembered := _remembered.get(key)) is not None:
        return remembered
    stored = _visible(conn, facts) or _created(conn, facts)
    _remembered.put(key, stored)
    return stored


def initial(facts: ImageFacts, read_plane: Any = None) -> RenderingSettings:
    """The settings of an image that nobody has changed, computed here and not saved."""
    return default_settings(facts.rendered, read_plane)


def forget(conn: Any, facts: ImageFacts) -> None:
    """Read the settings anew at the next request, since they were changed."""
    _remembered.drop((conn.server_id, conn._sessionUuid, facts.pixels_id, facts.version))


def all_definitions(conn: Any, pixels_id: int) -> list[Any]:
    """Everybody's settings of an image, as model objects, by id."""
    params = omero.sys.ParametersI().addId(pixels_id)
    found = conn.getQueryService().findAllByQuery(_DEFINITIONS + " order by r.id", params, conn.SERVICE_OPTS)
    return list({definition.id.val: definition for definition in found}.values())


def _visible(conn: Any, facts: ImageFacts) -> StoredSettings | None:
    user_id = conn.getUserId()
    params = omero.sys.ParametersI().addId(facts.pixels_id)
    params.addIds([user_id, facts.owner_id])
    found = conn.getQueryService().findAllByQuery(
        _DEFINITIONS + " and owner.id in (:ids) order by event.id desc, r.id desc", params, conn.SERVICE_OPTS
    )
    own = [definition for definition in found if definition.details.owner.id.val == user_id]
    definition = next(iter(own or found), None)
    return None if definition is None else unmarshal(definition, facts)


def _created(conn: Any, facts: ImageFacts) -> StoredSettings:
    """New settings. The server leaves those out that the user may not save."""
    context = group_context(conn, facts.group_id)
    conn.c.sf.getRenderingSettingsService(context).resetDefaultsInSet("Pixels", [facts.pixels_id], context)
    stored = _visible(conn, facts)
    if stored is not None:
        return stored
    settings = initial(facts)
    return StoredSettings(None, None, settings.model.value, settings)


def unmarshal(definition: Any, facts: ImageFacts) -> StoredSettings:
    """Settings from a `RenderingDef` that was loaded with its channels. Channels it lacks are switched off."""
    bindings = [binding for binding in definition.copyWaveRendering() if binding is not None]
    fallback = initial(facts).channels
    channels = []
    for index, channel in enumerate(facts.channels):
        if index >= len(bindings):
            channels.append(fallback[index])
            continue
        channels.append(_channel(bindings[index], channel.statistics))
    model_name = definition.model.value.val
    quantum = definition.quantization
    return StoredSettings(
        definition.id.val,
        definition.details.owner.id.val,
        model_name,
        RenderingSettings(
            pixel_type=facts.pixel_type,
            channels=tuple(channels),
            model=Model.named(model_name),
            quantum=Quantum(quantum.cdStart.val, quantum.cdEnd.val, quantum.bitResolution.val),
            default_z=min(definition.defaultZ.val, facts.size_z - 1),
            default_t=min(definition.defaultT.val, facts.size_t - 1),
        ),
    )


def _channel(binding: Any, statistics: Window | None) -> ChannelSettings:
    return ChannelSettings(
        window=Window(binding.inputStart.val, binding.inputEnd.val),
        color=Color(*(getattr(binding, name).val & 255 for name in ("red", "green", "blue", "alpha"))),
        active=binding.active.val,
        family=Family.named(binding.family.value.val),
        coefficient=binding.coefficient.val,
        noise_reduction=bool(unwrap(binding.noiseReduction)),
        reverse=is_reversed(binding),
        lut=unwrap(binding.lookupTable) or None,
        statistics=statistics,
    )


def is_reversed(binding: Any) -> bool:
    """Whether a channel binding inverts its intensities."""
    return any(
        isinstance(context, omero.model.ReverseIntensityContext)
        for context in binding.copySpatialDomainEnhancement()
    )
