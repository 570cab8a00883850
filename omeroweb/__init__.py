"""OMERO.web: browse, view and annotate the images of an OMERO server.

The apps `webclient`, `webadmin` and `webgateway` stand beside this folder in a checkout and inside it in an installed
wheel; either way they are imported as `omeroweb.webclient` and so on, the names that published plug-ins use.
`RESOURCES` is the folder that holds `templates/` and `static/`: the root of a checkout, else this package.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_BESIDE = _PACKAGE.parent

if (_PACKAGE / "webclient").is_dir():
    RESOURCES = _PACKAGE
else:
    RESOURCES = _BESIDE
    __path__.append(str(_BESIDE))
