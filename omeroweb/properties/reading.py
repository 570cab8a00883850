"""Values of the property file, and their way into a settings module.

Source: contract/config-cli-deploy.md, sections 1 and 5; contract/plugins.md, section 3.3.
"""

from __future__ import annotations

import logging
import os
import secrets
import string
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import portalocker
from omero.config import ConfigXml

from omeroweb.properties.parsers import LeaveUnset
from omeroweb.properties.property import Property

logger = logging.getLogger(__name__)

_LOCK_TRIES = 10
_SECRET_WORDS = ("API", "TOKEN", "KEY", "SECRET", "PASS", "SIGNATURE")
_MASK = "*" * 20

# A custom mapping is what plug-ins declare: {property: [SETTING, default, parser, description]}. A fifth element,
# "the default was used", is added once it has been processed.
CustomMapping = dict[str, list[Any]]


def omero_directory() -> Path:
    """The base directory. Raises RuntimeError when OMERODIR is unset or empty."""
    directory = os.environ.get("OMERODIR", "")
    if not directory:
        raise RuntimeError("ERROR: OMERODIR not set")
    return Path(directory)


def configured_values(directory: Path) -> dict[str, str]:
    """Properties of the active profile in `etc/grid/config.xml`; empty when there is no such file.

    Opened read-only, since `omero config` may be writing it just now.
    """
    path = directory / "etc" / "grid" / "config.xml"
    if not path.exists():
        return {}
    for remaining in reversed(range(_LOCK_TRIES)):
        try:
            config = ConfigXml(str(path), read_only=True)
        except portalocker.LockException:
            if not remaining:
                raise
            time.sleep(1)
            continue
        try:
            return dict(config.as_map())
        finally:
            config.close()
    raise AssertionError("unreachable")


def default_host(values: Mapping[str, str]) -> str:
    """Host of the OMERO server when `omero.web.server_list` is unset."""
    return values.get("omero.master.host") or values.get("Ice.Default.Host") or "localhost"


def as_mapping(properties: Iterable[Property], substitutions: Mapping[str, str]) -> CustomMapping:
    """The property table in the form that plug-ins use for theirs.

    substitutions: what `$NAME` in a default text stands for.
    """
    mapping: CustomMapping = {}
    for row in properties:
        default = row.default
        if isinstance(default, str):
            for name, text in substitutions.items():
                default = default.replace(name, text)
        mapping[row.name] = [row.setting, default, row.parser, row.description]
    return mapping


def process(
    module: ModuleType,
    mapping: CustomMapping,
    values: Mapping[str, str],
    deprecated: CustomMapping | None = None,
) -> None:
    """Set one attribute of `module` per row of `mapping`.

    Raises ValueError naming setting, property and value when a parser refuses the value.
    """
    for key, row in mapping.items():
        if len(row) > 4:
            continue
        setting, default, parser, description = row
        source, value, default_used = key, values.get(key), key not in values
        for old_key, old_row in (deprecated or {}).items():
            if old_row[0] != setting or old_key not in values:
                continue
            if default_used:
                logger.warning("Setting %s is deprecated, use %s", old_key, key)
                source, value, default_used = old_key, values[old_key], False
            else:
                logger.error("%s and its deprecated key %s are both set, using %s", key, old_key, key)
        if default_used:
            value = default
        try:
            setattr(module, setting, parser(value))
        except LeaveUnset:
            pass
        except ValueError as error:
            raise ValueError(f"Invalid {setting} ({source} = {value!r}). {error}. {description}") from error
        row.append(default_used)


def masked(name: str, value: Any) -> Any:
    """`value`, with everything whose name sounds like a secret replaced by asterisks, also inside dictionaries."""
    if any(word in name.upper() for word in _SECRET_WORDS):
        return _MASK
    if isinstance(value, Mapping):
        return {key: masked(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [masked("", inner) for inner in value]
    return value


def report(module: ModuleType, log: Callable[..., None] = logger.debug) -> None:
    """Log every processed value of a settings module. Modules without mappings are accepted."""
    for key, row in sorted(getattr(module, "CUSTOM_SETTINGS_MAPPINGS", {}).items()):
        setting = row[0]
        source = "default" if len(row) > 4 and row[4] else key
        log("%s = %r (source:%s)", setting, masked(setting, getattr(module, setting, None)), source)
    values = getattr(module, "CONFIGURED_VALUES", {})
    for key, row in sorted(getattr(module, "DEPRECATED_SETTINGS_MAPPINGS", {}).items()):
        if key in values:
            log("%s = %r (deprecated:%s, %s)", row[0], masked(row[0], values[key]), key, row[3])


def secret_key(directory: Path) -> str:
    """The signing key of this installation, made at the first start with mode 0600.

    Source: contract/config-cli-deploy.md, section 10.5.
    """
    path = directory / "var" / "django_secret_key"
    try:
        return path.read_text()
    except FileNotFoundError:
        pass
    except OSError as error:
        raise RuntimeError(f"Could not find secret key in {path}!") from error
    alphabet = string.ascii_letters + string.digits + string.punctuation
    key = "".join(secrets.choice(alphabet) for _ in range(50))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Linked into place, so that of several workers that start together all read the same key.
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(key)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        return path.read_text()
    except OSError as error:
        raise RuntimeError(
            f"Please create a {path} file with random characters to generate your secret key!"
        ) from error
