"""Addresses of the site: plug-ins first, then the built-in apps.

Source: contract/plugins.md, section 3.1; contract/config-cli-deploy.md, section 4; contract/webclient.md, 1.8.
"""

from __future__ import annotations

import importlib
import importlib.util

from django.apps import AppConfig
from django.conf import settings
from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import URLPattern, URLResolver, include, path, re_path

from omeroweb import views

# Where the built-in apps are mounted, in order. `webadmin`, `url`, `feedback` and `api` join them when their views exist.
MOUNTS = {
    "omeroweb.webgateway": "webgateway/",
    "omeroweb.webadmin": "webadmin/",
    "omeroweb.webclient": "webclient/",
    "omeroweb.webredirect": "url/",
    "omeroweb.feedback": "feedback/",
    "omeroweb.api": "api/",
}

handler404 = "omeroweb.feedback.views.handler404"
handler500 = "omeroweb.feedback.views.handler500"


def plugin_patterns() -> list[URLPattern | URLResolver]:
    """Patterns of the additional apps, each below its label, one perhaps at the root as well.

    Raises ImportError when the URLs of an app exist but cannot be loaded; apps without URLs are fine.
    """
    patterns: list[URLPattern | URLResolver] = []
    for name in settings.INSTALLED_APPS:
        plain = name.removeprefix("omeroweb.")
        if plain not in settings.ADDITIONAL_APPS and name not in settings.ADDITIONAL_APPS:
            continue
        app = AppConfig.create(name)
        module = f"{app.name}.urls"
        if importlib.util.find_spec(module) is None:
            continue
        try:
            importlib.import_module(module)
        except ImportError:
            print(f"Failed to import {module}")
            raise
        patterns.append(re_path(rf"^{app.label}/", include(module)))
        if app.label == settings.OMEROWEB_ROOT_APPLICATION:
            root.append(re_path(r"^", include(module)))
    return patterns


root: list[URLPattern | URLResolver] = []

urlpatterns: list[URLPattern | URLResolver] = [
    *plugin_patterns(),
    path("favicon.ico", views.favicon, name="favicon"),
    *(
        path(prefix, include(f"{app}.urls"))
        for app, prefix in MOUNTS.items()
        if app in settings.BUILT_IN_APPS
    ),
    path("index/", views.custom_index, name="webindex_custom"),
    *(root or [path("", views.index, name="index")]),
    *staticfiles_urlpatterns(),
]
