"""contract/config-cli-deploy.md, sections 1, 2 and 5."""

from __future__ import annotations

import stat
import types
from pathlib import Path

import pytest
from omero.config import ConfigXml

from omeroweb.properties import DEPRECATED, PROPERTIES, reading
from omeroweb.properties.documentation import markdown
from omeroweb.properties.parsers import LeaveUnset, leave_none_unset, parse_boolean, str_slash


def processed(values: dict[str, str]) -> types.ModuleType:
    module = types.ModuleType("settings_of_a_test")
    mapping = reading.as_mapping(
        PROPERTIES, {"$OMERODIR": "/srv/omero", "$HOST": reading.default_host(values)}
    )
    reading.process(module, mapping, values, reading.as_mapping(DEPRECATED, {}))
    return module


def test_every_default_passes_its_parser() -> None:
    module = processed({})
    assert module.SERVER_LIST == [["localhost", 4064, "omero"]]
    assert module.STATIC_ROOT == "/srv/omero/var/static"
    assert module.SESSION_ENGINE == "django.contrib.sessions.backends.file"
    assert module.PAGE == 200


def test_names_and_settings_are_unique() -> None:
    assert len({row.name for row in PROPERTIES}) == len(PROPERTIES)
    assert len({row.setting for row in PROPERTIES}) == len(PROPERTIES)


@pytest.mark.parametrize(
    "setting",
    ["FORCE_SCRIPT_NAME", "PUBLIC_USER", "LOGIN_LOGO", "SECRET_KEY", "SESSION_COOKIE_NAME", "WSGI_ARGS"],
)
def test_text_without_a_value_leaves_the_setting_undefined(setting: str) -> None:
    assert not hasattr(processed({}), setting)


@pytest.mark.parametrize(
    ("text", "value"), [(" True ", True), ("1", True), ("T", True), ("yes", False), ("", False)]
)
def test_booleans_are_never_refused(text: str, value: bool) -> None:
    assert parse_boolean(text) is value


@pytest.mark.parametrize(("text", "value"), [("/static", "/static/"), ("/s/", "/s/"), ("", ""), (None, None)])
def test_slash_is_added_at_the_end(text: str | None, value: str | None) -> None:
    assert str_slash(text) == value


def test_unset_text_raises_leave_unset() -> None:
    with pytest.raises(LeaveUnset):
        leave_none_unset(None)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("omero.web.page_size", "many", "PAGE"),
        ("omero.web.apps", "[", "ADDITIONAL_APPS"),
        ("omero.web.application_server", "uwsgi", "Unknown server type: uwsgi"),
        ("omero.web.session_engine", "pickle", "Unknown session engine: pickle"),
        ("omero.web.time_zone", "Mars/Base", "Mars/Base"),
        ("omero.web.public.url_filter", "(", "unterminated subpattern"),
        ("omero.web.middleware", '[{"class": "a.B"}]', "'index'"),
        ("omero.web.django_additional_settings", '["K"]', r"Expected \[name, value\]"),
        ("omero.web.server_list", '[["localhost"]]', "host and port"),
    ],
)
def test_a_bad_value_is_refused_with_setting_property_and_reason(name: str, text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as raised:
        processed({name: text})
    assert name in str(raised.value)


def test_middleware_is_sorted_by_index() -> None:
    rows = '[{"index": 2, "class": "b"}, {"index": 0.5, "class": "a"}, {"index": 2, "class": "c"}]'
    assert [row["class"] for row in processed({"omero.web.middleware": rows}).MIDDLEWARE_CLASSES_LIST] == [
        "a",
        "b",
        "c",
    ]


def test_a_repeated_server_is_one_entry() -> None:
    servers = '[["a", 4064, "one"], ["a", 4064, "two"], ["b", 4064]]'
    assert processed({"omero.web.server_list": servers}).SERVER_LIST == [["a", 4064, "one"], ["b", 4064]]


def test_the_server_defaults_to_the_master_host() -> None:
    assert processed({"omero.master.host": "images.example.org"}).SERVER_LIST[0][0] == "images.example.org"


def test_a_deprecated_property_fills_the_current_one() -> None:
    assert processed({"omero.web.force_script_name": "/old"}).FORCE_SCRIPT_NAME == "/old"


def test_a_current_property_wins_over_the_deprecated_one() -> None:
    values = {"omero.web.force_script_name": "/old", "omero.web.prefix": "/new"}
    assert processed(values).FORCE_SCRIPT_NAME == "/new"


def test_the_mapping_of_a_plug_in_is_processed() -> None:
    module = types.ModuleType("settings_of_a_plug_in")
    mapping = {
        "omero.web.plugin.number": ["NUMBER", "3", int, "a number"],
        "omero.web.plugin.list": ["LIST", ["a"], None, "a list"],
        "omero.web.plugin.done": ["DONE", "1", int, "processed before", True],
    }
    mapping["omero.web.plugin.list"][2] = list
    reading.process(module, mapping, {"omero.web.plugin.number": "4"})
    assert module.NUMBER == 4
    assert module.LIST == ["a"]
    assert not hasattr(module, "DONE")
    assert mapping["omero.web.plugin.number"][4] is False
    assert mapping["omero.web.plugin.list"][4] is True


def test_a_missing_file_means_all_defaults(tmp_path: Path) -> None:
    assert reading.configured_values(tmp_path) == {}


def test_the_file_of_omero_config_is_read(tmp_path: Path) -> None:
    path = tmp_path / "etc" / "grid" / "config.xml"
    path.parent.mkdir(parents=True)
    config = ConfigXml(str(path))
    config["omero.web.prefix"] = "/omero"
    # The writer still holds the lock; the web site starts all the same.
    config.save()
    try:
        assert reading.configured_values(tmp_path)["omero.web.prefix"] == "/omero"
    finally:
        config.close()


def test_secrets_are_masked_at_any_depth() -> None:
    assert reading.masked("PUBLIC_PASSWORD", "x") == "*" * 20
    assert reading.masked("CACHES", {"default": {"PASSWORD": "x", "HOST": "h"}}) == {
        "default": {"PASSWORD": "*" * 20, "HOST": "h"}
    }


def test_the_secret_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    key = reading.secret_key(tmp_path)
    path = tmp_path / "var" / "django_secret_key"
    assert len(key) == 50
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert reading.secret_key(tmp_path) == key


def test_a_missing_base_directory_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMERODIR")
    with pytest.raises(RuntimeError, match="OMERODIR not set"):
        reading.omero_directory()


def test_the_documentation_is_that_of_the_table() -> None:
    page = Path(__file__).parents[2] / "docs" / "configuration.md"
    assert page.read_text(encoding="utf-8") == markdown(), (
        "make it anew: python -m omeroweb.properties.documentation > docs/configuration.md"
    )


def test_every_property_is_documented() -> None:
    page = markdown()
    assert all(f"| `{row.name}` |" in page for row in PROPERTIES)
