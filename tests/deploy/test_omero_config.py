"""`omero config` of omero-py with our properties. Source: contract/config-cli-deploy.md, section 6."""

from __future__ import annotations

import json

from .conftest import Installation


def test_append_to_an_unset_list_starts_from_the_default(installation: Installation) -> None:
    row = {"index": 0, "class": "whitenoise.middleware.WhiteNoiseMiddleware"}
    appended = installation.omero("config", "append", "--report", "omero.web.middleware", json.dumps(row))
    assert appended.returncode == 0, appended.stderr
    stored = json.loads(installation.omero("config", "get", "omero.web.middleware").stdout)
    assert stored[-1] == row
    assert stored[0] == {"index": 1, "class": "django.middleware.common.BrokenLinkEmailsMiddleware"}
    assert len(stored) == 7


def test_parse_lists_the_defaults_of_the_web_site(installation: Installation) -> None:
    lines = installation.omero("config", "parse").stdout.splitlines()
    assert "omero.web.application_server.port=4080" in lines
    assert "omero.web.wsgi_workers=5" in lines
