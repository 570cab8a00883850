"""Views of the webgateway, by subject. Plug-ins import them from here."""

from omeroweb.webgateway.views.index import index

__all__ = ["index"]
