"""Every conformance case of contract/data/hql-cases.json, on both stores."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import omero
import omero.clients
import omero.rtypes
import pytest

from omero_embedded.database import Database
from omero_embedded.hql import Engine, find_unique
from omero_embedded.model.entities import MODEL
from omero_embedded.security.context import CallContext

from .conftest import DOCUMENT

CASES = {case["id"]: case for case in DOCUMENT["cases"]}


def given(value: Any) -> Any:
    """A parameter of a case as RType."""
    if value is None:
        return None
    ((kind, content),) = value.items()
    if kind == "robject":
        name, _, row_id = content.partition(":")
        return omero.rtypes.robject(getattr(omero.model, f"{name}I")(int(row_id), False))
    if kind in ("rlist", "rset", "rarray"):
        return getattr(omero.rtypes, kind)([given(item) for item in content])
    return getattr(omero.rtypes, kind)(content)


def shown(value: Any) -> Any:
    """An RType in the notation of the cases."""
    if value is None:
        return None
    kind = type(value).__name__.removesuffix("I").lower()
    if kind == "robject":
        return {"robject": f"{MODEL.of_object(value.val).name}:{value.val.id.val}"}
    if kind == "rmap":
        return {"rmap": {key: shown(value.val[key]) for key in sorted(value.val)}}
    if kind in ("rlist", "rset", "rarray"):
        return {kind: [shown(item) for item in value.val]}
    return {kind: value.val}


def label(obj: Any) -> str:
    return f"{MODEL.of_object(obj).name}:{obj.id.val}"


def same_reference(expected: str, obj: Any) -> None:
    name, _, row_id = expected[1:].partition(":")
    assert obj is not None, expected
    assert MODEL.of_object(obj).is_a(name), (expected, label(obj))
    assert obj.id.val == int(row_id)
    assert obj.isLoaded() == (expected[0] == "^"), expected


def same_object(expected: dict[str, Any], obj: Any, path: str = "") -> None:
    """Compare an object with its description: what is not named must not be loaded."""
    assert label(obj) == expected["@"], path
    assert obj.isLoaded(), path
    for prop in MODEL.of_object(obj).properties.values():
        where = f"{path}.{prop.name}"
        wanted = expected.get(prop.name)
        if prop.is_collection:
            loaded = getattr(obj, prop.loaded_field)
            assert loaded == (prop.name in expected), where
            members = getattr(obj, prop.field)
            if loaded:
                assert len(members) == len(wanted), where
                for described, member in zip(wanted, members, strict=True):
                    same_part(described, member, where)
        elif prop.is_to_one:
            same_part(wanted, getattr(obj, prop.field), where)
        elif prop.kind == "map":
            pairs = [[pair.name, pair.value] for pair in getattr(obj, prop.field)]
            assert pairs == (wanted or []), where
    for name, described in expected.get("details", {}).items():
        same_part(described, getattr(obj.details, f"_{name}"), f"{path}.details.{name}")


def same_part(expected: Any, obj: Any, where: str) -> None:
    if expected is None:
        assert obj is None or not obj.isLoaded(), where
    elif isinstance(expected, str):
        same_reference(expected, obj)
    else:
        same_object(expected, obj, where)


def approximately(rows: list[Any]) -> list[Any]:
    """Doubles rounded to 12 digits, since stores sum in different orders."""
    return [
        [
            {"rdouble": float(f"{cell['rdouble']:.12g}")} if cell and "rdouble" in cell else cell
            for cell in row
        ]
        for row in rows
    ]


@pytest.mark.parametrize("case_id", CASES)
def test_case(case_id: str, database: Database, context: Callable[..., CallContext]) -> None:
    case = CASES[case_id]
    engine = Engine(database)
    caller = context(case["context"]["user"], case["context"]["group"])
    params = {name: given(value) for name, value in (case.get("params") or {}).items()}
    chosen = case.get("filter") or {}
    page = (chosen.get("offset"), chosen.get("limit"))

    def run() -> Any:
        with database.read() as connection:
            if case["method"] == "projection":
                return engine.projection(connection, caller, case["hql"], params, *page)
            found = engine.find_all(connection, caller, case["hql"], params, *page)
            return find_unique(case["hql"], found) if case["method"] == "findByQuery" else found

    if "error" in case:
        with pytest.raises(getattr(omero, case["error"]["exception"].partition(".")[2])) as refused:
            run()
        assert refused.value.message.startswith(case["error"]["message_prefix"])
        return
    result = run()
    if case["method"] == "projection":
        rows = approximately([[shown(cell) for cell in row] for row in result])
        expected = approximately(json.loads(json.dumps(case["expect"], sort_keys=True)))
        if case["ordered"]:
            assert rows == expected
        else:
            assert sorted(map(json.dumps, rows)) == sorted(map(json.dumps, expected))
    elif case["method"] == "findByQuery":
        assert (result is None) == (case["expect_object"] is None)
        if result is not None:
            same_object(case["expect_object"], result)
    else:
        assert len(result) == len(case["expect_objects"])
        if not case["ordered"]:
            result = sorted(result, key=label)
        for described, obj in zip(case["expect_objects"], result, strict=True):
            same_object(described, obj)
