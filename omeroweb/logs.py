"""Logging of OMERO.web: one rotating file for all workers, and mails to the administrators.

Source: contract/config-cli-deploy.md, section 10.2.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

ROTATE_BYTES = 500_000_000
ROTATED_FILES = 10
_PREFIX = "%(asctime)s %(levelname)5.5s [%(name)40.40s] (proc.%(process)5.5d) %(funcName)s():%(lineno)d "


def configuration(directory: Path, debug: bool) -> dict[str, Any]:
    """The LOGGING setting.

    directory: where `OMEROweb.log` is written. Problems with requests (`django.request`) are written twice, the second
    time as `HTTP <status> <request>`, so that one can search for them.
    """
    level = "DEBUG" if debug else "INFO"
    file: dict[str, Any] = {
        "level": level,
        "class": "concurrent_log_handler.ConcurrentRotatingFileHandler",
        "filename": str(directory / "OMEROweb.log"),
        "maxBytes": ROTATE_BYTES,
        "backupCount": ROTATED_FILES,
        "encoding": "utf-8",
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "require_debug_false": {"()": "django.utils.log.RequireDebugFalse"},
            "require_debug_true": {"()": "django.utils.log.RequireDebugTrue"},
        },
        "formatters": {
            "standard": {"format": _PREFIX + "%(message)s"},
            "full_request": {
                "format": _PREFIX + "HTTP %(status_code)s %(request)s",
                "defaults": {"status_code": "-", "request": "-"},
            },
        },
        "handlers": {
            "default": {**file, "formatter": "standard"},
            "request_handler": {**file, "formatter": "full_request"},
            "console": {
                "level": level,
                "class": "logging.StreamHandler",
                "filters": ["require_debug_true"],
                "formatter": "standard",
            },
            "mail_admins": {
                "level": "ERROR",
                "class": "django.utils.log.AdminEmailHandler",
                # Named here since the handler would ask Django's settings, which are only just being made.
                "reporter_class": "django.views.debug.ExceptionReporter",
                "filters": ["require_debug_false"],
            },
        },
        "loggers": {
            "django.request": {
                "handlers": ["default", "request_handler", "mail_admins"],
                "level": level,
                "propagate": False,
            },
            "django": {"handlers": ["console"], "level": level, "propagate": True},
            # These two report every template variable and every change of a watched file.
            "django.template": {"level": "INFO"},
            "django.utils.autoreload": {"level": "INFO"},
        },
        "root": {"handlers": ["default"], "level": level},
    }
