"""IContainer: hierarchies of projects, datasets, screens, plates and images (contract/server.md, section 2.12)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .. import errors
from ..model.entities import MODEL, Entity
from .base import Call, Service
from .filters import LoadOptions

_IMAGE_PARTS = """
    left outer join fetch {0}.details.creationEvent left outer join fetch {0}.details.updateEvent
    left outer join fetch {0}.pixels {0}Pixels left outer join fetch {0}Pixels.pixelsType
    left outer join fetch {0}.format"""
_HIERARCHIES = {
    "Project": (
        "left outer join fetch root.datasetLinks links left outer join fetch links.child child",
        "child",
    ),
    "Dataset": ("", "root"),
    "Screen": (
        """left outer join fetch root.plateLinks links left outer join fetch links.child plate
        left outer join fetch plate.details.creationEvent left outer join fetch plate.details.updateEvent
        left outer join fetch plate.plateAcquisitions""",
        None,
    ),
    "Plate": ("left outer join fetch root.plateAcquisitions", None),
}
_ORPHANS = {"Project": ("Dataset", "projectLinks"), "Screen": ("Plate", "screenLinks")}
_ACQUISITION = """
    left outer join fetch i.stageLabel left outer join fetch i.imagingEnvironment
    left outer join fetch i.objectiveSettings settings left outer join fetch settings.medium
    left outer join fetch settings.objective objective left outer join fetch objective.immersion
    left outer join fetch objective.correction"""


def entity_named(name: str, allowed: Iterable[str] | None = None) -> Entity:
    """The entity called `name`. Raises ApiUsageException for an unknown or not allowed one."""
    entity = MODEL.find(name)
    if entity is None or (allowed is not None and entity.name not in allowed):
        choice = "" if allowed is None else f"; expected one of {', '.join(sorted(allowed))}"
        raise errors.api_usage(f"{name!r} is not a valid type here{choice}")
    return entity


class ContainerService(Service):
    """Loads containers with their contents."""

    def getCollectionCount(
        self, call: Call, type: str, property: str, ids: Sequence[int], options: Any
    ) -> dict[int, int]:
        """Number of members of one collection, for each of `ids`. Raises SecurityViolation for unreadable ids."""
        entity = entity_named(type)
        name = property.removeprefix(f"{entity.name}_")
        prop = entity.properties.get(name)
        if prop is None or not prop.is_collection:
            raise errors.api_usage(f"{entity.name} has no collection {property!r}")
        if not ids:
            return {}
        counts = {
            row[0]: 0
            for row in call.rows(f"select x.id from {entity.name} x where x.id in (:ids)", ids=list(ids))
        }
        missing = sorted(set(ids) - set(counts))
        if missing:
            raise errors.security(f"Cannot read {entity.name}:{missing[0]}")
        counted = f"select x.id, count(m.id) from {entity.name} x join x.{name} m where x.id in (:ids) group by x.id"
        counts.update((row[0], row[1]) for row in call.rows(counted, ids=list(ids)))
        return counts

    def loadContainerHierarchy(
        self, call: Call, rootType: str, rootIds: Sequence[int], options: Any
    ) -> list[Any]:
        """Containers with what they hold; fetch depth as contract/server.md says."""
        entity = entity_named(rootType, _HIERARCHIES)
        chosen = LoadOptions.of(options)
        found = self._hierarchy(
            call, entity.name, chosen, "root.id in (:ids)", {"ids": list(rootIds)}, bool(rootIds)
        )
        if chosen.orphan and not rootIds and entity.name in _ORPHANS:
            child, parents = _ORPHANS[entity.name]
            found += self._hierarchy(call, child, chosen, f"root.{parents} is empty", {}, False)
        return found

    def _hierarchy(
        self, call: Call, name: str, chosen: LoadOptions, condition: str, values: dict[str, Any], by_ids: bool
    ) -> list[Any]:
        joins, holder = _HIERARCHIES[name]
        conditions: list[str] = []
        parameters: dict[str, Any] = {}
        if not by_ids:
            conditions, parameters = chosen.conditions("root")
            if not conditions:
                raise errors.api_usage("rootIds: ids, or an owner or group in the filter, must be given")
        if by_ids or "ids" not in values:
            conditions.append(condition)
            parameters |= values
        if chosen.leaves and holder is not None:
            joins += f""" left outer join fetch {holder}.imageLinks imageLinks
                left outer join fetch imageLinks.child image {_IMAGE_PARTS.format("image")}"""
        text = f"""select root from {name} root left outer join fetch root.details.creationEvent {joins}
            where {" and ".join(conditions)}"""
        roots = call.query(text, **parameters)
        _attach_counts(call, roots, ("annotationLinks",))
        if name == "Project":
            children = [
                link._child for root in roots for link in root._datasetLinksSeq if link._child is not None
            ]
            _attach_counts(call, children, ("annotationLinks", "imageLinks"))
        elif name == "Dataset":
            _attach_counts(call, roots, ("imageLinks",))
        return roots

    def getImages(self, call: Call, rootType: str, rootIds: Sequence[int], options: Any) -> list[Any]:
        """Images by id, or of datasets or projects, ordered by id; only containers are paged."""
        entity = entity_named(rootType, ("Image", "Dataset", "Project"))
        if not rootIds:
            raise errors.api_usage("rootIds: at least one id must be given")
        chosen = LoadOptions.of(options)
        condition = {
            "Image": "i.id in (:ids)",
            "Dataset": "exists (select l.id from DatasetImageLink l where l.child.id = i.id and l.parent.id in (:ids))",
            "Project": """exists (select l.id from DatasetImageLink l, ProjectDatasetLink p
                where l.child.id = i.id and p.child.id = l.parent.id and p.parent.id in (:ids))""",
        }[entity.name]
        conditions, values = chosen.conditions("i")
        values |= {"ids": list(rootIds)}
        text = f"""select i from Image i {_IMAGE_PARTS.format("i")} {_ACQUISITION if chosen.acquisition_data else ""}
            where {" and ".join([condition, *conditions])} order by i.id"""
        paged = entity.name != "Image"
        images = call.query(
            text, offset=chosen.offset if paged else None, limit=chosen.limit if paged else None, **values
        )
        _attach_counts(call, images, ("annotationLinks", "datasetLinks"))
        return images

    def getImagesBySplitFilesets(
        self, call: Call, included: Mapping[str, Sequence[int]], options: Any
    ) -> dict[int, dict[bool, list[int]]]:
        """Filesets that the given objects cover only in part: included ({True}) and missing ({False}) image ids."""
        filesets: set[int] = set()
        images: set[int] = set()
        for name, ids in included.items():
            entity = entity_named(name, _IMAGES_OF)
            if entity.name == "Fileset":
                filesets.update(ids)
            if ids:
                images.update(row[0] for row in call.rows(_IMAGES_OF[entity.name], ids=list(ids)))
        if not images:
            return {}
        touched = """select i.fileset.id, i.id from Image i where i.fileset.id in
            (select j.fileset.id from Image j where j.id in (:ids))"""
        split: dict[int, dict[bool, list[int]]] = defaultdict(lambda: {True: [], False: []})
        for fileset_id, image_id in sorted(call.rows(touched, ids=sorted(images))):
            if fileset_id not in filesets:
                split[fileset_id][image_id in images].append(image_id)
        return {fileset_id: parts for fileset_id, parts in split.items() if parts[False]}


_IMAGES_OF = {
    "Image": "select i.id from Image i where i.id in (:ids)",
    "Fileset": "select i.id from Image i where i.fileset.id in (:ids)",
    "Dataset": "select l.child.id from DatasetImageLink l where l.parent.id in (:ids)",
    "Folder": "select l.child.id from FolderImageLink l where l.parent.id in (:ids)",
    "Project": """select l.child.id from DatasetImageLink l, ProjectDatasetLink p
        where p.child.id = l.parent.id and p.parent.id in (:ids)""",
    "Well": "select s.image.id from WellSample s where s.well.id in (:ids)",
    "Plate": "select s.image.id from WellSample s join s.well w where w.plate.id in (:ids)",
    "Screen": """select s.image.id from WellSample s join s.well w, ScreenPlateLink l
        where l.child.id = w.plate.id and l.parent.id in (:ids)""",
}


def _attach_counts(call: Call, objects: Sequence[Any], collections: Sequence[str]) -> None:
    """Fill the count-per-owner maps of loaded objects of one class."""
    if not objects:
        return
    entity = MODEL.of_object(objects[0])
    by_id = {obj._id.val: obj for obj in objects}
    for name in collections:
        field = f"_{name}CountPerOwner"
        for obj in objects:
            setattr(obj, field, {})
        text = f"""select x.id, l.details.owner.id, count(l.id) from {entity.name} x join x.{name} l
            where x.id in (:ids) group by x.id, l.details.owner.id"""
        for object_id, owner_id, count in call.rows(text, ids=list(by_id)):
            getattr(by_id[object_id], field)[owner_id] = count
