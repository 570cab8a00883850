"""The objects that an annotation request names, loaded, with the group they are in.

Source: contract/webclient.md, sections 2.1, 8.2 and 8.7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from omeroweb.webclient.parameters import Selection
from omeroweb.webclient.wrappers import group_of

# Parameter → entity whose annotation links are used
ENTITIES = {
    "image": "Image",
    "dataset": "Dataset",
    "project": "Project",
    "screen": "Screen",
    "plate": "Plate",
    "acquisition": "PlateAcquisition",
    "well": "Well",
}


@dataclass(frozen=True, slots=True)
class Target:
    """One object to annotate."""

    kind: str
    wrapper: Any

    @property
    def entity(self) -> str:
        return ENTITIES[self.kind]

    @property
    def id(self) -> int:
        return int(self.wrapper.getId())

    @property
    def group_id(self) -> int:
        return group_of(self.wrapper)


def load_targets(conn: Any, selection: Selection) -> list[Target]:
    """The selected objects that exist and may be read, by type, in the order they were named."""
    targets = []
    for kind, entity in ENTITIES.items():
        ids = selection.ids.get(kind, ())
        if not ids:
            continue
        found = {wrapper.getId(): wrapper for wrapper in conn.getObjects(entity, list(ids))}
        targets += [Target(kind, found[object_id]) for object_id in ids if object_id in found]
    return targets


def enter_group(conn: Any, targets: list[Target]) -> None:
    """Query and save in the group of the first object; all are taken to be in one group."""
    if targets:
        conn.SERVICE_OPTS.setOmeroGroup(targets[0].group_id)


def ids_by_entity(targets: list[Target]) -> dict[str, list[int]]:
    grouped: dict[str, list[int]] = {}
    for target in targets:
        grouped.setdefault(target.entity, []).append(target.id)
    return grouped
