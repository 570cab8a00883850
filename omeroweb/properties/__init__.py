"""Every `omero.web.*` property as data, and how values are read.

Source: contract/config-cli-deploy.md, sections 1 to 5.
"""

from omeroweb.properties.deprecated import DEPRECATED, WITHOUT_EFFECT
from omeroweb.properties.pages import LOGIN, SERVERS, WEBCLIENT
from omeroweb.properties.process import DEVELOPMENT, INTERNAL, PROCESS, PUBLIC, SESSIONS
from omeroweb.properties.property import Property

# In lookup order.
PROPERTIES: tuple[Property, ...] = (
    *INTERNAL,
    *PROCESS,
    *SESSIONS,
    *PUBLIC,
    *SERVERS,
    *LOGIN,
    *WEBCLIENT,
    *DEVELOPMENT,
)

__all__ = ["DEPRECATED", "PROPERTIES", "WITHOUT_EFFECT", "Property"]
