"""What all graph requests have in common: contexts, dry runs, steps, targets and child options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..model.entities import MODEL, Entity
from . import Command, CommandError
from .closure import ChildOption, entity_name

STEPS = 5
"""Plan, check, delete, write, forget files."""


class GraphCommand(Command):
    """A request on objects and all that hangs on them; always runs in the context of all groups."""

    all_groups = True

    def writes(self, request: Any) -> bool:
        """A dry run changes nothing."""
        return not request.dryRun

    def steps(self, request: Any) -> int:
        """Always the same."""
        return STEPS


def child_options(request: Any) -> list[ChildOption]:
    """The child options of a request. Raises GraphFailure for a bad one."""
    return [ChildOption.of(option) for option in request.childOptions or () if option is not None]


def targets_of(request: Any, legal: Callable[[Entity], bool]) -> dict[str, list[int]]:
    """Target ids by simple class name. Raises GraphFailure for unknown classes, CommandError for illegal ones."""
    targets: dict[str, list[int]] = {}
    for name, ids in (request.targetObjects or {}).items():
        target = MODEL[entity_name(name)]
        if not legal(target):
            kind = request.ice_id().rpartition("::")[2]
            raise CommandError(
                "bad-target", f"{name} cannot be a target of {kind}", {"target": name}, graph=True
            )
        targets.setdefault(target.name, []).extend(ids)
    return targets
