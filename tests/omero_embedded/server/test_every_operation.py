"""Every operation of every service answers, be it with an error: none hangs (contract/server.md, check 3 of 5.4)."""

import keyword
import re
import sys
import time
from pathlib import Path

import Ice
import omero
import omero.api
import omero.cmd
import omero.grid
import pytest

STATELESS = [
    "IAdmin",
    "IConfig",
    "IContainer",
    "ILdap",
    "IMetadata",
    "IPixels",
    "IProjection",
    "IQuery",
    "IRenderingSettings",
    "IRepositoryInfo",
    "IRoi",
    "IScript",
    "ISession",
    "IShare",
    "ITimeline",
    "ITypes",
    "IUpdate",
]
STATEFUL = [
    "Exporter",
    "JobHandle",
    "RawFileStore",
    "RawPixelsStore",
    "RenderingEngine",
    "Search",
    "ThumbnailStore",
]
_OPERATION = re.compile(
    r"^    (\w+)\._op_(\w+) = IcePy\.Operation\('\w+', [^,]+, [^,]+, \w+, [^,]+, \(\), (.*)$", re.M
)
_PARAMETER = re.compile(r"\(\(\), ([\w.]+), (?:True|False), \d+\)")
_DUMMIES = {
    "string": "",
    "bool": False,
    "long": 1,
    "int": 1,
    "short": 1,
    "byte": 1,
    "double": 1.0,
    "float": 1.0,
}

PATIENCE = 15.0
"""Seconds that tell a hanging operation from one on a busy machine; the contract's second is for a quiet one."""


def _dummy(type_name: str):
    """A value that can be sent for a Slice type: zero, empty or null."""
    if type_name.startswith("IcePy._t_"):
        return _DUMMIES.get(type_name.removeprefix("IcePy._t_"))
    module, _, name = type_name.removeprefix("_M_").rpartition("._t_")
    found = getattr(sys.modules.get(module), name, None)
    enumerators = getattr(found, "_enumerators", None)
    return enumerators[min(enumerators)] if enumerators else None


def _tuple(text: str) -> str:
    """The tuple that `text` begins with."""
    depth = 0
    for position, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0:
            return text[: position + 1]
    raise ValueError(text)


def _operations(interface) -> list[tuple[str, list[str]]]:
    """(operation, types of its parameters) of a generated class and its bases, read from the generated modules."""
    found = {}
    names = {base.__name__ for base in interface.__mro__}
    proxy = getattr(sys.modules[interface.__module__], f"{interface.__name__}Prx")
    for path in Path(Ice.__file__).parent.glob("*_ice.py"):
        for owner, operation, rest in _OPERATION.findall(path.read_text(encoding="utf-8")):
            name = f"_{operation}" if keyword.iskeyword(operation) else operation
            if owner in names and hasattr(proxy, name):
                found[name] = _PARAMETER.findall(_tuple(rest))
    return sorted(found.items())


def _call_all(proxy, interface, skip=("close",)) -> dict[str, float]:
    """Seconds that each operation took. Fails on an answer that is neither a value nor an OMERO error."""
    seconds = {}
    for name, types in _operations(interface):
        if name in skip:
            continue
        begin = time.monotonic()
        try:
            getattr(proxy, name)(*(_dummy(one) for one in types))
        except omero.ServerError as error:
            assert error.message and error.serverExceptionClass and error.serverStackTrace is not None, name
            assert not isinstance(error, omero.InternalException), f"{name}: {error.message}"
        seconds[name] = time.monotonic() - begin
    return seconds


@pytest.mark.parametrize("name", STATELESS)
def test_stateless_service_answers_every_operation(login, make_user, name):
    factory = login(make_user(admin=True)).sf
    proxy = (
        getattr(factory, f"get{name[1:]}Service")()
        if name != "IRenderingSettings"
        else factory.getRenderingSettingsService()
    )
    interface = getattr(omero.api, name)
    seconds = _call_all(proxy, interface)
    assert len(seconds) == len([op for op, _ in _operations(interface) if op != "close"])
    assert max(seconds.values()) < PATIENCE, seconds


@pytest.mark.parametrize("name", STATEFUL)
def test_stateful_service_answers_every_operation(login, make_user, name):
    factory = login(make_user(admin=True)).sf
    creator = {"Search": "createSearchService"}.get(name, f"create{name}")
    proxy = getattr(factory, creator)()
    seconds = _call_all(proxy, getattr(omero.api, name))
    assert len(seconds) > 5
    assert max(seconds.values()) < PATIENCE, seconds
    proxy.close()


def test_shared_resources_answer_every_operation(login, make_user):
    seconds = _call_all(login(make_user(admin=True)).sf.sharedResources(), omero.grid.SharedResources)
    assert len(seconds) == 8
    assert max(seconds.values()) < PATIENCE, seconds


def test_factory_answers_every_operation(login, make_user):
    factory = login(make_user(admin=True)).sf
    seconds = _call_all(factory, omero.api.ServiceFactory, skip=("destroy", "getByName"))
    assert len(seconds) > 35
    assert max(seconds.values()) < PATIENCE, seconds


def test_handle_answers_every_operation(login, make_user):
    proxy = login(make_user(admin=True)).sf.submit(omero.cmd.Timing(1, 1))
    seconds = _call_all(proxy, omero.cmd.Handle, skip=("close", "addCallback", "removeCallback"))
    assert sorted(seconds) == ["cancel", "getRequest", "getResponse", "getStatus"]
    assert max(seconds.values()) < PATIENCE, seconds
