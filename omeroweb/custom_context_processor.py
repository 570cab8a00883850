"""Context that every template of OMERO.web receives. Source: contract/config-cli-deploy.md, section 4."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from omeroweb.version import omeroweb_version


def url_suffix(request: HttpRequest) -> dict[str, str]:
    """Query that makes browsers fetch static files anew after an upgrade."""
    return {"url_suffix": f"?_{omeroweb_version}"}


def base_include_template(request: HttpRequest) -> dict[str, str | None]:
    """Template that administrators may have included at the end of every page."""
    return {"base_include_template": settings.BASE_INCLUDE_TEMPLATE}
