"""Units of quantities: Slice enumerators and their symbols (contract/model.md, section 3.2)."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources


@cache
def _symbols() -> dict[tuple[str, str], str]:
    document = json.loads(resources.files(__package__).joinpath("enums.json").read_text(encoding="utf-8"))
    return {
        (name.removeprefix("Units"), unit["name"]): unit["symbol"]
        for name, units in document["units"].items()
        for unit in units["values"]
    }


def symbol(unit_type: str, enumerator: str) -> str:
    """Symbol of a unit, such as `µm` for ("Length", "MICROMETER"). Raises KeyError for an unknown one."""
    return _symbols()[unit_type, enumerator]


@cache
def _enumerators() -> dict[tuple[str, str], str]:
    return {(unit_type, shown): name for (unit_type, name), shown in _symbols().items()}


def enumerator(unit_type: str, shown: str) -> str:
    """Slice enumerator of a symbol. Raises KeyError for an unknown one."""
    return _enumerators()[unit_type, shown]
