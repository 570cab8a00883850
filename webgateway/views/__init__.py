"""Views of the webgateway, by subject. Plug-ins import them from here."""

from omeroweb.webgateway.views.index import index

from omeroweb.login import LoginView
from omeroweb.user import UserProxy

__all__ = ["LoginView", "UserProxy", "index"]
