"""The project itself as a Django app, so that `templates/` and `static/` are found after those of plug-ins."""

from django.apps import AppConfig

from omeroweb import RESOURCES


class OmeroWebConfig(AppConfig):
    """App whose folder is the one that holds `templates/` and `static/`.

    Both stand at the top of a checkout and inside the package of an installed wheel.
    """

    name = "omeroweb"
    path = str(RESOURCES)
