"""Version of OMERO.web, for plug-ins and packaging. Source: contract/plugins.md, section 1.1.

`setup.py` reads this file without importing it, so it holds literal strings only.
"""

omeroweb_version = "5.33.2+embedded.1"
omeroweb_buildyear = "2026"
