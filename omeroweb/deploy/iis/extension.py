"""What IIS loads: pywin32 calls `__ExtensionFactory__` of the module beside its loader `_omero_web.dll`.

Windows only: needs pywin32. `omero web iis` writes a small module that sets OMERODIR and imports this one.
"""

from __future__ import annotations

import os
from typing import Any

from omeroweb.deploy.iis.isapi_wsgi import Application, ControlBlock, Handler


def load() -> Application:
    """The site; its settings are read with the first request, so that what is wrong shows in the log."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "omeroweb.settings")
    from omeroweb.wsgi import application

    return application


def extension(prefix: str) -> Any:
    """The object that pywin32's loader wants."""
    from isapi.simple import SimpleExtension

    class OmeroWeb(SimpleExtension):
        def __init__(self) -> None:
            super().__init__()
            self._handler = Handler(load, prefix)

        def GetExtensionVersion(self, info: Any) -> None:
            info.ExtensionDesc = "ISAPI-WSGI OMERO.web"

        def HttpExtensionProc(self, block: ControlBlock) -> int:
            return self._handler(block)

    return OmeroWeb()
