"""Django settings of OMERO.web, made from the property table and the server's configuration file.

Source: contract/config-cli-deploy.md, sections 1 to 5; contract/plugins.md, sections 3.1 to 3.3.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import logging.config
import os
import sys
import tempfile
from types import ModuleType
from typing import Any

from omeroweb import logs
from omeroweb.properties import DEPRECATED, PROPERTIES, WITHOUT_EFFECT, reading
from omeroweb.properties.parsers import (  # noqa: F401 - plug-ins import them from here
    LeaveUnset,
    check_timezone,
    identity,
    leave_none_unset,
    leave_none_unset_int,
    parse_boolean,
    str_slash,
)
from omeroweb.version import omeroweb_version

logger = logging.getLogger(__name__)

OMERODIR = reading.omero_directory()
CONFIGURED_VALUES = reading.configured_values(OMERODIR)

CUSTOM_SETTINGS_MAPPINGS = reading.as_mapping(
    PROPERTIES, {"$OMERODIR": str(OMERODIR), "$HOST": reading.default_host(CONFIGURED_VALUES)}
)
DEPRECATED_SETTINGS_MAPPINGS = reading.as_mapping((*DEPRECATED, *WITHOUT_EFFECT), {})


def process_custom_settings(
    module: ModuleType, settings: str = "CUSTOM_SETTINGS_MAPPINGS", deprecated: str | None = None
) -> None:
    """Set the attributes of `module` that its mapping called `settings` describes. Called by plug-ins as well."""
    reading.process(
        module,
        getattr(module, settings, {}),
        CONFIGURED_VALUES,
        getattr(module, deprecated, {}) if deprecated else None,
    )


def report_settings(module: ModuleType) -> None:
    """Log the settings of `module` that came from a mapping, secrets masked."""
    reading.report(module)


_DEFINED: dict[str, Any] = vars(sys.modules[__name__])
reading.process(
    sys.modules[__name__], CUSTOM_SETTINGS_MAPPINGS, CONFIGURED_VALUES, reading.as_mapping(DEPRECATED, {})
)

# Logging starts first, so that whatever goes wrong further down is in the file.
LOG_DIRECTORY = OMERODIR / "var" / "log"
LOG_DIRECTORY.mkdir(parents=True, exist_ok=True)
LOGGING_CONFIG = None
LOGGING = logs.configuration(LOG_DIRECTORY, _DEFINED["DEBUG"])
logging.config.dictConfig(LOGGING)
if "OMERO_HOME" in os.environ:
    logger.warning("OMERO_HOME usage is ignored in OMERO.web")

MANAGERS = _DEFINED["ADMINS"]
if "SECRET_KEY" not in _DEFINED:
    SECRET_KEY = reading.secret_key(OMERODIR)
_DEFINED.setdefault("FORCE_SCRIPT_NAME", None)

ROOT_URLCONF = "omeroweb.urls"
WSGI_APPLICATION = "omeroweb.wsgi.application"

# A plug-in may stand inside the namespace of OMERO.web or beside it.
_PLUGINS: list[str] = []
for _name in _DEFINED["ADDITIONAL_APPS"]:
    _inside = f"omeroweb.{_name}"
    try:
        _found = importlib.util.find_spec(_inside) is not None
    except ModuleNotFoundError:
        _found = False
    _PLUGINS.append(_inside if _found else _name)
    try:
        _module = importlib.import_module(f"{_PLUGINS[-1]}.settings")
    except ImportError as _error:
        logger.debug("No settings from %s: %s", _PLUGINS[-1], _error)
    else:
        process_custom_settings(_module)
        report_settings(_module)


def _has_urls(app: str) -> bool:
    try:
        return importlib.util.find_spec(f"{app}.urls") is not None
    except ModuleNotFoundError:
        return False


BUILT_IN_APPS = [
    app
    for app in (
        "omeroweb.feedback",
        "omeroweb.webadmin",
        "omeroweb.webclient",
        "omeroweb.webgateway",
        "omeroweb.webredirect",
        "omeroweb.api",
    )
    if _has_urls(app)
]

# Plug-ins stand before the built-in apps: their templates and static files win.
INSTALLED_APPS = [
    "django.contrib.staticfiles",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.sites",
    *_PLUGINS,
    *BUILT_IN_APPS,
    "omeroweb.apps.OmeroWebConfig",
    "pipeline",
]

MIDDLEWARE = [
    *(row["class"] for row in _DEFINED["MIDDLEWARE_CLASSES_LIST"]),
    # Innermost, so that it sees the exceptions of views before any other middleware does.
    "omeroweb.errors.middleware.TypedErrors",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": list(_DEFINED["TEMPLATE_DIRS"]),
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["omeroweb.webgateway.templatetags.defaulttags"],
            "debug": _DEFINED["DEBUG"],
            "context_processors": [
                "django.contrib.auth.context_processors.auth",
                "django.template.context_processors.debug",
                "django.template.context_processors.i18n",
                "django.template.context_processors.media",
                "django.template.context_processors.static",
                "django.template.context_processors.request",
                "django.template.context_processors.tz",
                "django.contrib.messages.context_processors.messages",
                "omeroweb.custom_context_processor.url_suffix",
                "omeroweb.custom_context_processor.base_include_template",
            ],
        },
    },
]

STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "pipeline.finders.PipelineFinder",
]
PIPELINE: dict[str, Any] = {
    "CSS_COMPRESSOR": "pipeline.compressors.NoopCompressor",
    "JS_COMPRESSOR": "pipeline.compressors.NoopCompressor",
    "STYLESHEETS": {
        "webgateway_viewer": {"source_filenames": (), "output_filename": "omeroweb.viewer.min.css"}
    },
    "JAVASCRIPT": {
        "webgateway_viewer": {"source_filenames": (), "output_filename": "omeroweb.viewer.min.js"}
    },
}

if not _DEFINED["SECURE_PROXY_SSL_HEADER"]:
    SECURE_PROXY_SSL_HEADER = None
SESSION_COOKIE_HTTPONLY = True
# The messages live in the session store; there is no user database.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_FILE_PATH = FILE_UPLOAD_TEMP_DIR = tempfile.gettempdir()
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
CSRF_FAILURE_VIEW = "omeroweb.feedback.views.csrf_failure"
CORS_ALLOW_CREDENTIALS = True
CORS_REPLACE_HTTPS_REFERER = True
# Not sent by OMERO.web; a web server or middleware adds them where wanted (section 10.7).
SECURE_CONTENT_TYPE_NOSNIFF = False
SECURE_REFERRER_POLICY = None
SECURE_CROSS_ORIGIN_OPENER_POLICY = None

LANGUAGE_CODE = "en-gb"
USE_I18N = True
USE_TZ = True
SITE_ID = 1
FIRST_DAY_OF_WEEK = 0
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"

FEEDBACK_APP = 6
DEFAULT_IMG = "image128.png"
DEFAULT_USER = "personal32.png"
OMEROWEB_VERSION = omeroweb_version

for _name, _value in _DEFINED["DJANGO_ADDITIONAL_SETTINGS"]:
    _DEFINED[_name] = _value

report_settings(sys.modules[__name__])
