"""What hangs on what: the rules of graph operations as tables.

A referrer is written `Class.property`. Three questions are answered, for every reference of the model:
what goes with the object referred to (`PARTS`), what is considered when the referrer goes (`CONSIDERED`), and who keeps a
considered object alive (`keepers`). Everything else follows from nullability: a nullable reference to something deleted
is set to null, a required one forbids the deletion. Source: contract/server.md, section 2.23.
"""

from __future__ import annotations

from functools import cache

from ..model.entities import MODEL, Property
from ..references import Referrer, referrers

PARTS = frozenset(
    {
        "Pixels.image", "Channel.pixels", "PlaneInfo.pixels", "RenderingDef.pixels", "Thumbnail.pixels", "Roi.image",
        "ChannelBinding.renderingDef", "ProjectionDef.renderingDef", "CodomainMapContext.channelBinding", "Shape.roi",
        "Well.plate", "PlateAcquisition.plate", "WellSample.well", "WellSample.plateAcquisition", "Reagent.screen",
        "Folder.parentFolder", "FilesetEntry.fileset", "Image.fileset", "FileAnnotation.file",
        "Detector.instrument", "Dichroic.instrument", "Filter.instrument", "FilterSet.instrument",
        "LightSource.instrument", "Objective.instrument", "OTF.instrument", "MicrobeamManipulation.experiment",
    }
)  # fmt: skip
"""Referrers that are deleted, moved or given with the object they refer to; links go with either end as well."""

CONSIDERED = frozenset(
    {
        "WellSample.image", "FileAnnotation.file", "Image.fileset", "Image.imagingEnvironment", "Image.objectiveSettings",
        "Image.instrument", "Image.stageLabel", "Image.experiment", "Channel.statsInfo", "Channel.logicalChannel",
        "LogicalChannel.detectorSettings", "LogicalChannel.lightSourceSettings", "LogicalChannel.lightPath",
        "LightSettings.microbeamManipulation", "RenderingDef.quantization", "Shape.transform", "Instrument.microscope",
        "Filter.transmittanceRange", "FilesetEntry.originalFile", "FilesetJobLink.child", "JobOriginalFileLink.child",
        "PixelsOriginalFileMap.parent", "Roi.source",
    }
)  # fmt: skip
"""References whose target is considered when the referrer goes: it follows once nobody else keeps it."""

CONTAINMENT = {
    "ProjectDatasetLink": "Project",
    "DatasetImageLink": "Dataset",
    "ScreenPlateLink": "Screen",
    "FolderImageLink": "Folder",
    "FolderRoiLink": "Folder",
}
"""Links whose child is considered when the parent goes (not when only the link goes), with the class of the parent."""

_KEEPING_PARTS = frozenset({"FileAnnotation.file", "Image.fileset", "PixelsOriginalFileMap.parent"})
"""Referrers that keep their target alive although they go with it."""

REGARDLESS = frozenset(
    {
        "Pixels", "Channel", "PlaneInfo", "RenderingDef", "ChannelBinding", "ProjectionDef", "QuantumDef", "Thumbnail",
        *MODEL["CodomainMapContext"].concrete,
        "CommentAnnotation", "BooleanAnnotation", "DoubleAnnotation", "LongAnnotation", "TermAnnotation",
        "TimestampAnnotation",
    }
)  # fmt: skip
"""Classes that are deleted along whoever owns them; links are too."""

SAME_OWNER = frozenset({"TagAnnotation", "FileAnnotation"})
"""Annotations that follow only an object of their own owner."""

FOLLOWING_NAMESPACES = frozenset(
    {"openmicroscopy.org/omero/import/companionFile", "openmicroscopy.org/omero/measurement"}
)
"""Annotations that always follow their object, whatever the child options say."""

INSEPARABLE = frozenset(
    {
        "Image.stageLabel",
        "Image.experiment",
        "Image.instrument",
        "Channel.statsInfo",
        "Channel.logicalChannel",
    }
)
"""References that forbid a move when their target stays."""

_NOT_DELETABLE = frozenset({"Pixels", "FilesetEntry", "PlaneInfo", "Experimenter", "ExperimenterGroup", "Session", "Share",
                            "ShareMember", "Node", "Event", "EventLog", "DBPatch", "Link"})  # fmt: skip

DELETE_TARGETS = frozenset(
    entity.name for entity in MODEL.values() if not entity.is_enum and entity.name not in _NOT_DELETABLE
)
"""Classes that Delete2 takes as targets."""


def _key(declared_by: str, name: str) -> str:
    return f"{declared_by}.{name}"


def is_part(referrer: Referrer) -> bool:
    """The referrer goes with what it refers to."""
    if MODEL[referrer.prop.declared_by].is_link:
        return True
    return _key(referrer.prop.declared_by, referrer.prop.name) in PARTS


@cache
def parts(root: str) -> tuple[Referrer, ...]:
    """Referrers that go with objects of `root`."""
    return tuple(referrer for referrer in referrers(root) if is_part(referrer))


@cache
def keepers(root: str) -> tuple[Referrer, ...]:
    """Referrers that keep a considered object of `root` alive."""
    return tuple(referrer for referrer in referrers(root) if _keeps(referrer))


def _keeps(referrer: Referrer) -> bool:
    prop = referrer.prop
    if _key(prop.declared_by, prop.name) in _KEEPING_PARTS:
        return True
    if MODEL[prop.declared_by].is_link:
        return prop.name == "child"
    return not is_part(referrer)


@cache
def others(root: str) -> tuple[Referrer, ...]:
    """Referrers that neither go with objects of `root` nor may dangle: cleared when nullable, else in the way."""
    return tuple(referrer for referrer in referrers(root) if not is_part(referrer))


@cache
def considered(root: str) -> tuple[Property, ...]:
    """References of the classes of `root` whose targets are considered when an object of `root` goes."""
    return tuple(
        prop
        for entity in MODEL.hierarchy(root)
        for prop in entity.own_properties
        if prop.is_to_one and _key(prop.declared_by, prop.name) in CONSIDERED
    )


@cache
def contents(root: str) -> tuple[str, ...]:
    """Link classes whose children are considered when an object of `root` goes: contents and annotations."""
    links = [link for link, parent in CONTAINMENT.items() if MODEL[parent].root == root]
    annotation_links = [
        entity.name
        for entity in MODEL.values()
        if entity.is_annotation_link and MODEL[str(entity.properties["parent"].target)].root == root
    ]
    return (*links, *annotation_links)


def is_inseparable(prop: Property) -> bool:
    """The object may not move without what this reference names."""
    return _key(prop.declared_by, prop.name) in INSEPARABLE


@cache
def references(root: str) -> tuple[Referrer, ...]:
    """References of the classes of `root` to owned objects, link ends left out."""
    return tuple(
        Referrer(root, prop)
        for entity in MODEL.hierarchy(root)
        if not entity.is_link
        for prop in entity.own_properties
        if prop.is_to_one and MODEL[str(prop.target)].is_owned
    )
