"""IRenderingSettings: settings of many images at once (contract/server.md, section 2.14)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import omero

from omero_rendering import RenderingError, RenderingSettings, copy_settings, reset_windows

from .. import errors
from ..display.buffers import initial_settings
from ..display.definitions import all_definitions, own_definition
from ..display.images import ImagePixels, load_pixels, pixels_of_images
from ..display.own_settings import store_own, usable_definition
from .base import Call, Service
from .container import entity_named
from .pyramid import readable_pixels

log = logging.getLogger(__name__)

_IMAGES_OF = {
    "Image": "select i.id from Image i where i.id in (:ids)",
    "Dataset": "select l.child.id from DatasetImageLink l where l.parent.id in (:ids)",
    "Project": """select l.child.id from DatasetImageLink l, ProjectDatasetLink p
        where p.child.id = l.parent.id and p.parent.id in (:ids)""",
    "Plate": "select s.image.id from WellSample s join s.well w where w.plate.id in (:ids)",
    "PlateAcquisition": "select s.image.id from WellSample s where s.plateAcquisition.id in (:ids)",
    "Screen": """select s.image.id from WellSample s join s.well w, ScreenPlateLink l
        where l.child.id = w.plate.id and l.parent.id in (:ids)""",
}

Make = Callable[[Call, ImagePixels], RenderingSettings]
"""New settings of an image."""


class RenderingSettingsService(Service):
    """Resets and copies the user's rendering settings."""

    def sanityCheckPixels(self, call: Call, pFrom: Any, pTo: Any) -> bool:
        """Settings of one Pixels object can be applied to the other."""
        source, target = (readable_pixels(call, _id(pixels)) for pixels in (pFrom, pTo))
        return _applicable(source, target)

    def getRenderingSettings(self, call: Call, pixelsId: int) -> Any:
        """The user's settings, else the owner's, else null."""
        definition = usable_definition(call, readable_pixels(call, pixelsId))
        return rendering_def(call, definition.id) if definition else None

    def resetDefaultsInImage(self, call: Call, imageId: int) -> None:
        """Reset the user's settings of an image. Raises what makes it impossible."""
        _store_for(call, _pixels_of(call, imageId), _defaults)

    def resetDefaultsForPixels(self, call: Call, pixelsId: int) -> None:
        """Reset the user's settings of a Pixels object. Raises what makes it impossible."""
        _store_for(call, readable_pixels(call, pixelsId), _defaults)

    def resetDefaultsInDataset(self, call: Call, datasetId: int) -> list[int]:
        """Reset the user's settings of a dataset's images; returns the image ids that were done."""
        return self.resetDefaultsInSet(call, "Dataset", [datasetId])

    def resetDefaultsInSet(self, call: Call, type: str, nodeIds: Sequence[int]) -> list[int]:
        """Reset the user's settings; returns the image ids that were done."""
        return _store_in_set(call, type, nodeIds, _defaults)

    def resetDefaultsByOwnerInSet(self, call: Call, type: str, nodeIds: Sequence[int]) -> list[int]:
        """Take over the settings of each image's owner; returns the image ids that were done."""
        return _store_in_set(call, type, nodeIds, _settings_of_owner)

    def resetMinMaxInSet(self, call: Call, type: str, nodeIds: Sequence[int]) -> list[int]:
        """Reset the windows of the user's settings only; returns the image ids that were done."""
        return _store_in_set(call, type, nodeIds, _with_full_windows)

    def setOriginalSettingsInImage(self, call: Call, imageId: int) -> None:
        """Initial settings without looking at pixels."""
        _store_for(call, _pixels_of(call, imageId), _original)

    def setOriginalSettingsForPixels(self, call: Call, pixelsId: int) -> None:
        """Initial settings without looking at pixels."""
        _store_for(call, readable_pixels(call, pixelsId), _original)

    def setOriginalSettingsInDataset(self, call: Call, datasetId: int) -> list[int]:
        """Initial settings without looking at pixels, for a dataset's images."""
        return self.setOriginalSettingsInSet(call, "Dataset", [datasetId])

    def setOriginalSettingsInSet(self, call: Call, type: str, nodeIds: Sequence[int]) -> list[int]:
        """Initial settings without looking at pixels; returns the image ids that were done."""
        return _store_in_set(call, type, nodeIds, _original)

    def applySettingsToSet(
        self, call: Call, _from: int, toType: str, nodeIds: Sequence[int]
    ) -> dict[bool, list[int]]:
        """Copy the user's settings of the source Pixels object (else anybody's) to images of the same kind."""
        source = readable_pixels(call, _from)
        settings = _source_settings(call, source)
        done: list[int] = []
        failed: list[int] = []
        for target in _targets(call, toType, nodeIds):
            applied = target.image_id == source.image_id or _apply(call, source, settings, target)
            (done if applied else failed).append(target.image_id)
        return {True: done, False: failed}

    def applySettingsToProject(self, call: Call, _from: int, to: int) -> dict[bool, list[int]]:
        """Copy settings to the images of a project."""
        return self.applySettingsToSet(call, _from, "Project", [to])

    def applySettingsToDataset(self, call: Call, _from: int, to: int) -> dict[bool, list[int]]:
        """Copy settings to the images of a dataset."""
        return self.applySettingsToSet(call, _from, "Dataset", [to])

    def applySettingsToImages(self, call: Call, _from: int, to: Sequence[int]) -> dict[bool, list[int]]:
        """Copy settings to images."""
        return self.applySettingsToSet(call, _from, "Image", to)

    def applySettingsToImage(self, call: Call, _from: int, to: int) -> bool:
        """Copy settings to one image; false when it is of another kind or may not be changed."""
        return to in self.applySettingsToSet(call, _from, "Image", [to])[True]

    def applySettingsToPixels(self, call: Call, _from: int, to: int) -> bool:
        """Copy settings to one Pixels object; false when it is of another kind or may not be changed."""
        source, target = readable_pixels(call, _from), readable_pixels(call, to)
        return source.id == target.id or _apply(call, source, _source_settings(call, source), target)


def rendering_def(call: Call, definition_id: int) -> Any:
    """The RenderingDef object with everything that clients read from it; null when it is not readable."""
    found = call.query(f"{RENDERING_DEF} where r.id = :id", id=definition_id)
    return found[0] if found else None


RENDERING_DEF = """select distinct r from RenderingDef r join fetch r.quantization join fetch r.model
    left outer join fetch r.waveRendering w left outer join fetch w.family
    left outer join fetch w.spatialDomainEnhancement
    left outer join fetch r.details.updateEvent left outer join fetch r.details.owner"""


def _id(pixels: Any) -> int:
    if pixels is None or pixels.id is None:
        raise errors.api_usage("Pixels with an id are needed")
    return int(pixels.id.val)


def _applicable(source: ImagePixels, target: ImagePixels) -> bool:
    return source.type_name == target.type_name and source.size_c == target.size_c


def _pixels_of(call: Call, image_id: int) -> ImagePixels:
    pixels_id = pixels_of_images(call.read, call.context, [image_id]).get(image_id)
    if pixels_id is None:
        raise errors.validation(f"Image:{image_id} does not exist, cannot be read or has no pixels")
    return readable_pixels(call, pixels_id)


def _targets(call: Call, type_name: str, ids: Sequence[int]) -> list[ImagePixels]:
    """Pixels of the images in containers, ordered by image."""
    entity = entity_named(type_name, (*_IMAGES_OF, "Pixels"))
    if not ids:
        return []
    if entity.name == "Pixels":
        pixels_ids = list(ids)
    else:
        image_ids = {row[0] for row in call.rows(_IMAGES_OF[entity.name], ids=list(ids))}
        pixels_ids = list(pixels_of_images(call.read, call.context, image_ids).values())
    found = load_pixels(call.read, call.context, pixels_ids)
    return sorted(found.values(), key=lambda image: image.image_id)


def _store_for(call: Call, image: ImagePixels, make: Make) -> int:
    return store_own(call, image, make(call, image))


def _store_in_set(call: Call, type_name: str, ids: Sequence[int], make: Make) -> list[int]:
    done = []
    for image in _targets(call, type_name, ids):
        try:
            _store_for(call, image, make)
        except (omero.ServerError, RenderingError, OSError) as error:
            log.info("settings of Image:%d left alone: %s", image.image_id, getattr(error, "message", error))
        else:
            done.append(image.image_id)
    return done


def _defaults(call: Call, image: ImagePixels) -> RenderingSettings:
    return initial_settings(call, image)


def _original(call: Call, image: ImagePixels) -> RenderingSettings:
    return initial_settings(call, image, measure=False)


def _with_full_windows(call: Call, image: ImagePixels) -> RenderingSettings:
    own = own_definition(call.read, call.context, image)
    return reset_windows(own.settings) if own else _original(call, image)


def _settings_of_owner(call: Call, image: ImagePixels) -> RenderingSettings:
    for definition in reversed(all_definitions(call.read, call.context, image)):
        if definition.owner_id == image.owner_id:
            return definition.settings
    raise errors.validation(f"the owner of Image:{image.image_id} has no settings of it")


def _source_settings(call: Call, source: ImagePixels) -> RenderingSettings:
    own = own_definition(call.read, call.context, source)
    definitions = [own] if own else all_definitions(call.read, call.context, source)
    if not definitions:
        raise errors.validation(f"there are no settings of Pixels:{source.id} that could be copied")
    return definitions[-1].settings


def _apply(call: Call, source: ImagePixels, settings: RenderingSettings, target: ImagePixels) -> bool:
    if not _applicable(source, target):
        return False
    try:
        own = own_definition(call.read, call.context, target)
        before = own.settings if own else _original(call, target)
        quantum = settings.quantum
        if quantum.end < quantum.start:
            quantum = replace(quantum, start=quantum.end, end=quantum.start)
        pasted = copy_settings(replace(settings, quantum=quantum), before, target.size_z, target.size_t)
        store_own(call, target, pasted)
    except (omero.ServerError, RenderingError) as error:
        log.info("settings of Image:%d left alone: %s", target.image_id, getattr(error, "message", error))
        return False
    return True
