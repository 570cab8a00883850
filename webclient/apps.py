import importlib

from django.apps import AppConfig


class WebclientConfig(AppConfig):
    name = "omeroweb.webclient"
    label = "webclient"

    def ready(self) -> None:
        """Put the web's gateway and wrappers in omero-py's place, before the first connection is made."""
        importlib.import_module("omeroweb.webclient.webclient_gateway")
