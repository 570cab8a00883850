"""`omero.sys.Parameters` as plain values, for the services that load whole graphs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


def _plain(value: Any) -> Any:
    return None if value is None else value.val


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """Filter and options of one call; times are milliseconds since 1970 UTC."""

    owner_id: int | None = None
    group_id: int | None = None
    offset: int | None = None
    limit: int | None = None
    start: int | None = None
    end: int | None = None
    leaves: bool = False
    orphan: bool = False
    acquisition_data: bool = False

    @classmethod
    def of(cls, parameters: Any) -> LoadOptions:
        """Read a Parameters object; null parts count as not given."""
        chosen = None if parameters is None else parameters.theFilter
        options = None if parameters is None else parameters.theOptions
        values: dict[str, Any] = {}
        if chosen is not None:
            values = {
                "owner_id": _plain(chosen.ownerId),
                "group_id": _plain(chosen.groupId),
                "offset": _plain(chosen.offset),
                "limit": _plain(chosen.limit),
                "start": _plain(chosen.startTime),
                "end": _plain(chosen.endTime),
            }
        if options is not None:
            values |= {
                "leaves": bool(_plain(options.leaves)),
                "orphan": bool(_plain(options.orphan)),
                "acquisition_data": bool(_plain(options.acquisitionData)),
            }
        return cls(**values)

    def conditions(self, alias: str) -> tuple[list[str], dict[str, Any]]:
        """HQL conditions on owner and group of `alias`, and their parameters."""
        texts, values = [], {}
        if self.owner_id is not None and self.owner_id >= 0:
            texts.append(f"{alias}.details.owner.id = :ownerId")
            values["ownerId"] = self.owner_id
        if self.group_id is not None and self.group_id >= 0:
            texts.append(f"{alias}.details.group.id = :groupId")
            values["groupId"] = self.group_id
        return texts, values
