"""IMetadata: annotations and acquisition data (contract/server.md, section 2.12)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from .. import errors
from ..model.entities import MODEL
from .base import Call, Service
from .container import entity_named
from .filters import LoadOptions

_ANNOTATION_PARTS = """left outer join fetch a.details.owner left outer join fetch a.details.creationEvent
    left outer join fetch a.file"""
_FILTER_PARTS = """left outer join fetch {0}.type left outer join fetch {0}.transmittanceRange"""


class MetadataService(Service):
    """Loads annotations of objects and the acquisition metadata of images."""

    def loadAnnotations(
        self,
        call: Call,
        rootType: str,
        rootIds: Sequence[int],
        annotationTypes: Sequence[str],
        annotatorIds: Sequence[int],
        options: Any,
    ) -> dict[int, list[Any]]:
        """Annotations of each of `rootIds`; no types or annotators means all of them."""
        entity = entity_named(rootType)
        prop = entity.properties.get("annotationLinks")
        if prop is None:
            raise errors.api_usage(f"rootType: {entity.name} cannot be annotated")
        found: dict[int, list[Any]] = {root: [] for root in rootIds}
        if not found:
            return found
        wanted = {entity_named(name).name for name in annotationTypes}
        conditions = ["l.parent.id in (:ids)"]
        values: dict[str, Any] = {"ids": list(found)}
        if annotatorIds:
            conditions.append("a.details.owner.id in (:annotators)")
            values["annotators"] = list(annotatorIds)
        text = f"""select l from {prop.element} l join fetch l.child a {_ANNOTATION_PARTS}
            where {" and ".join(conditions)} order by a.id"""
        for link in call.query(text, **values):
            annotation = link._child
            kind = MODEL.of_object(annotation)
            if not wanted or any(kind.is_a(name) for name in wanted):
                found[link._parent._id.val].append(annotation)
        _load_lists(call, [annotation for several in found.values() for annotation in several])
        return found

    def loadSpecifiedAnnotations(
        self, call: Call, annotationType: str, include: Sequence[str], exclude: Sequence[str], options: Any
    ) -> list[Any]:
        """Annotations of exactly one kind, chosen by namespace; files without an original file are left out."""
        entity = entity_named(annotationType, MODEL["Annotation"].concrete)
        conditions, values = LoadOptions.of(options).conditions("a")
        conditions.append(f"a.class = {entity.name}")
        if include:
            conditions.append("a.ns in (:include)")
            values["include"] = list(include)
        if exclude:
            conditions.append("(a.ns is null or a.ns not in (:exclude))")
            values["exclude"] = list(exclude)
        file = "join fetch a.file" if entity.name == "FileAnnotation" else ""
        text = f"""select a from {entity.name} a left outer join fetch a.details.owner
            left outer join fetch a.details.creationEvent {file} where {" and ".join(conditions)} order by a.id"""
        return call.query(text, **values)

    def loadChannelAcquisitionData(self, call: Call, ids: Sequence[int]) -> list[Any]:
        """Logical channels with settings, light sources, filters and light path."""
        if not ids:
            return []
        channels = call.query(
            """select c from LogicalChannel c
            left outer join fetch c.mode left outer join fetch c.illumination left outer join fetch c.contrastMethod
            left outer join fetch c.photometricInterpretation
            left outer join fetch c.detectorSettings ds left outer join fetch ds.binning
            left outer join fetch ds.detector detector left outer join fetch detector.type
            left outer join fetch c.lightSourceSettings ls left outer join fetch ls.microbeamManipulation
            left outer join fetch ls.lightSource
            left outer join fetch c.otf otf left outer join fetch otf.pixelsType
            left outer join fetch otf.objective objective left outer join fetch objective.immersion
            left outer join fetch objective.correction
            left outer join fetch otf.filterSet otfSet left outer join fetch otfSet.dichroic
            left outer join fetch c.filterSet left outer join fetch c.lightPath
            where c.id in (:ids) order by c.id""",
            ids=list(ids),
        )
        sources = _light_sources(
            call, [c._lightSourceSettings._lightSource for c in channels if c._lightSourceSettings]
        )
        sets = _filter_holders(call, "FilterSet", [c._filterSet for c in channels])
        paths = _filter_holders(call, "LightPath", [c._lightPath for c in channels])
        for channel in channels:
            settings = channel._lightSourceSettings
            if settings is not None and settings._lightSource is not None:
                settings._lightSource = sources[settings._lightSource._id.val]
            if channel._filterSet is not None:
                channel._filterSet = sets[channel._filterSet._id.val]
            if channel._lightPath is not None:
                channel._lightPath = paths[channel._lightPath._id.val]
        return channels

    def loadInstrument(self, call: Call, id: int) -> Any:
        """An instrument with all its parts; null when there is none."""
        found = call.query(
            """select i from Instrument i
            left outer join fetch i.microscope m left outer join fetch m.type
            left outer join fetch i.objective o left outer join fetch o.immersion left outer join fetch o.correction
            left outer join fetch i.detector d left outer join fetch d.type
            left outer join fetch i.filter f left outer join fetch f.type left outer join fetch f.transmittanceRange
            left outer join fetch i.filterSet s left outer join fetch s.dichroic
            left outer join fetch i.dichroic left outer join fetch i.otf left outer join fetch i.lightSource
            where i.id = :id""",
            id=id,
        )
        if not found:
            return None
        instrument = found[0]
        sources = _light_sources(call, instrument._lightSourceSeq)
        instrument._lightSourceSeq = [sources[source._id.val] for source in instrument._lightSourceSeq]
        return instrument

    def loadLogFiles(self, call: Call, rootType: str, ids: Sequence[int]) -> dict[int, list[Any]]:
        """Import logs of filesets, or of the filesets of images."""
        entity = entity_named(rootType, ("Fileset", "Image"))
        found: dict[int, list[Any]] = {root: [] for root in ids}
        if not found:
            return found
        filesets: dict[int, list[int]] = defaultdict(list)
        if entity.name == "Image":
            pairs = call.rows("select i.fileset.id, i.id from Image i where i.id in (:ids)", ids=list(found))
        else:
            pairs = [(root, root) for root in found]
        for fileset_id, root in pairs:
            filesets[fileset_id].append(root)
        links = call.query(
            """select l from FilesetJobLink l join fetch l.child j join fetch j.originalFileLinks fl
            join fetch fl.child f where l.parent.id in (:ids) and f.mimetype = 'application/omero-log-file'""",
            ids=list(filesets) or [-1],
        )
        for link in links:
            for file_link in link._child._originalFileLinksSeq:
                for root in filesets[link._parent._id.val]:
                    found[root].append(file_link._child)
        return found


def _load_lists(call: Call, annotations: Sequence[Any]) -> None:
    """Load the annotations that list annotations hold."""
    lists = {a._id.val: a for a in annotations if MODEL.of_object(a).name == "ListAnnotation"}
    if not lists:
        return
    text = """select a from ListAnnotation a left outer join fetch a.annotationLinks l left outer join fetch l.child
        where a.id in (:ids)"""
    for loaded in call.query(text, ids=list(lists)):
        known = lists[loaded._id.val]
        known._annotationLinksSeq = loaded._annotationLinksSeq
        known._annotationLinksLoaded = True


_SOURCE_PARTS = {
    "Laser": "left outer join fetch s.type left outer join fetch s.laserMedium left outer join fetch s.pulse "
    "left outer join fetch s.pump",
    "Arc": "left outer join fetch s.type",
    "Filament": "left outer join fetch s.type",
    "LightEmittingDiode": "",
    "GenericExcitationSource": "",
}


def _light_sources(call: Call, sources: Sequence[Any]) -> dict[int, Any]:
    """Light sources by id, each with the enumerations of its own class."""
    by_class: dict[str, list[int]] = defaultdict(list)
    for source in sources:
        if source is not None:
            by_class[MODEL.of_object(source).name].append(source._id.val)
    loaded: dict[int, Any] = {}
    for name, ids in by_class.items():
        text = f"select s from {name} s left outer join fetch s.instrument {_SOURCE_PARTS[name]} where s.id in (:ids)"
        loaded.update((source._id.val, source) for source in call.query(text, ids=ids))
    return loaded


def _filter_holders(call: Call, name: str, holders: Sequence[Any]) -> dict[int, Any]:
    """Filter sets or light paths by id, with dichroic and filters."""
    ids = [holder._id.val for holder in holders if holder is not None]
    if not ids:
        return {}
    joins = " ".join(
        f"left outer join fetch h.{side}FilterLink {side}Link left outer join fetch {side}Link.child {side} "
        + _FILTER_PARTS.format(side)
        for side in ("excitation", "emission")
    )
    text = f"select h from {name} h left outer join fetch h.dichroic {joins} where h.id in (:ids)"
    return {holder._id.val: holder for holder in call.query(text, ids=ids)}
