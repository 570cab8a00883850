"""Saving, copying and resetting rendering settings. Source: contract/webgateway.md, section 12."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import omero
from omero.rtypes import unwrap

from omero_rendering import ChannelSettings, RenderingSettings
from omeroweb.errors import NotFound
from omeroweb.webgateway.queries import rendering_defs
from omeroweb.webgateway.queries.image_facts import ImageFacts, group_context

# Names of the objects whose images can be changed at once, as services know them.
SETS = {
    "image": "Image",
    "dataset": "Dataset",
    "project": "Project",
    "plate": "Plate",
    "screen": "Screen",
    "acquisition": "PlateAcquisition",
}

_RIGHTS = "select i from Image i join fetch i.details.owner where i.id = :id"
_PLATES = "select distinct pa.plate.id from PlateAcquisition pa where pa.id in (:ids) order by pa.plate.id"
_COMPATIBLE = """
    select distinct p from Pixels p
    join fetch p.image i
    join fetch p.pixelsType
    left outer join fetch p.channels c
    left outer join fetch c.logicalChannel lc
    where i.id in (
        select il.child.id from DatasetImageLink il
        where il.parent.id in (select pl.child.id from ProjectDatasetLink pl where pl.parent.id = :id)
    )
    order by i.id
"""


def may_annotate(conn: Any, image_id: int) -> bool | None:
    """Whether the user may annotate an image, hence save settings; None when there is no such image."""
    params = omero.sys.ParametersI().addId(image_id)
    image = conn.getQueryService().findByQuery(_RIGHTS, params, conn.SERVICE_OPTS)
    return None if image is None else bool(image.details.permissions.canAnnotate())


def save(conn: Any, facts: ImageFacts, wanted: RenderingSettings) -> None:
    """Store settings as the user's own. The server makes new ones when the present ones are somebody else's."""
    context = group_context(conn, facts.group_id)
    engine = conn.c.sf.createRenderingEngine(context)
    try:
        engine.lookupPixels(facts.pixels_id, context)
        if not engine.lookupRenderingDef(facts.pixels_id, context):
            engine.resetDefaultSettings(True, context)
            engine.lookupRenderingDef(facts.pixels_id, context)
        engine.load(context)
        families = {family.value.val: family for family in engine.getAvailableFamilies(context)}
        for index, channel in enumerate(wanted.channels):
            _set_channel(engine, index, channel, families, context)
        models = {model.value.val: model for model in engine.getAvailableModels(context)}
        engine.setModel(models[wanted.model.value], context)
        engine.setDefaultZ(wanted.default_z, context)
        engine.setDefaultT(wanted.default_t, context)
        engine.saveCurrentSettings(context)
    finally:
        engine.close(context)
        rendering_defs.forget(conn, facts)


def _set_channel(
    engine: Any, index: int, channel: ChannelSettings, families: dict[str, Any], context: Any
) -> None:
    engine.setActive(index, channel.active, context)
    engine.setChannelWindow(index, channel.window.start, channel.window.end, context)
    engine.setRGBA(index, *channel.color.rgba, context)
    engine.setChannelLookupTable(index, channel.lut or "", context)
    engine.setQuantizationMap(
        index, families[channel.family.value], channel.coefficient, channel.noise_reduction, context
    )
    inversion = omero.romio.ReverseIntensityMapContext()
    if channel.reverse:
        engine.addCodomainMapToChannel(inversion, index, context)
    else:
        engine.removeCodomainMapFromChannel(inversion, index, context)


def copy(conn: Any, source: ImageFacts, kind: str, ids: Sequence[int]) -> dict[bool, list[int]]:
    """Copy an image's settings to the images of a set. Returns the image ids done and failed, without the source.

    kind: a value of `SETS`; plate acquisitions stand for their plates.
    """
    context = group_context(conn, source.group_id)
    targets = list(ids)
    if kind == "PlateAcquisition":
        kind = "Plate"
        rows = conn.getQueryService().projection(
            _PLATES, omero.sys.ParametersI().addIds(targets), conn.SERVICE_OPTS
        )
        targets = [row[0].val for row in rows]
    service = conn.c.sf.getRenderingSettingsService(context)
    result = service.applySettingsToSet(source.pixels_id, kind, targets, context)
    done = [image_id for image_id in result.get(True, ()) if image_id != source.image_id]
    return {True: done, False: list(result.get(False, ()))}


def reset(conn: Any, kind: str, ids: Sequence[int], to_owners: bool) -> list[int]:
    """Reset the user's settings of a set to those of the import, or to each owner's. Returns what the server did.

    Raises NotFound when the user does not see the first object.
    """
    first = conn.getQueryService().find(kind, ids[0], conn.SERVICE_OPTS)
    if first is None:
        raise NotFound(f"{kind}:{ids[0]} not found")
    context = group_context(conn, first.details.group.id.val)
    service = conn.c.sf.getRenderingSettingsService(context)
    if to_owners:
        return list(service.resetDefaultsByOwnerInSet(kind, list(ids), context))
    return list(service.resetDefaultsInSet(kind, list(ids), context))


def compatible_images(conn: Any, image_id: int, project_id: int) -> list[int]:
    """Images of a project with the pixel type, channel count and channel names of one of them, which is left out."""
    params = omero.sys.ParametersI().addId(project_id)
    found = conn.getQueryService().findAllByQuery(_COMPATIBLE, params, conn.SERVICE_OPTS)
    kinds = {pixels.image.id.val: _kind(pixels) for pixels in found}
    wanted = kinds.pop(image_id, None)
    return [other for other, kind in kinds.items() if kind == wanted]


def _kind(pixels: Any) -> tuple[str, tuple[str, ...]]:
    labels = []
    for index, channel in enumerate(channel for channel in pixels.copyChannels() if channel is not None):
        logical = channel.logicalChannel
        name = None if logical is None else unwrap(logical.name)
        wave = None if logical is None or logical.emissionWave is None else logical.emissionWave.getValue()
        labels.append(str(name or wave or index))
    return pixels.pixelsType.value.val, tuple(sorted(labels))
