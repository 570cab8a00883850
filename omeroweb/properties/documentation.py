"""The list of properties for administrators, made from the table.

`python -m omeroweb.properties.documentation > docs/configuration.md`
"""

from __future__ import annotations

from omeroweb.properties import DEPRECATED, WITHOUT_EFFECT, Property
from omeroweb.properties.pages import LOGIN, SERVERS, WEBCLIENT
from omeroweb.properties.process import DEVELOPMENT, INTERNAL, PROCESS, PUBLIC, SESSIONS

_SECTIONS = (
    ("Process and deployment", PROCESS),
    ("Sessions, cookies, cross-site rules", SESSIONS),
    ("Public user and sharing", PUBLIC),
    ("Servers, apps, limits", SERVERS),
    ("Login page and start page", LOGIN),
    ("Webclient appearance", WEBCLIENT),
    ("Mail, versions, hosts", INTERNAL),
    ("Workers", DEVELOPMENT),
)

_HEAD = """# Configuration

Properties of OMERO.web. `omero config set NAME VALUE` sets one, `omero config set NAME` brings its default back,
`omero config append NAME JSON` adds to a list; a change needs `omero web restart`. Values are kept in
`$OMERODIR/etc/grid/config.xml`.

This page is made from the table in `omeroweb/properties`:
`python -m omeroweb.properties.documentation > docs/configuration.md`.
"""


def markdown() -> str:
    """The page."""
    parts = [_HEAD]
    for title, rows in _SECTIONS:
        parts.append(f"## {title}\n\n| property | default | meaning |\n|---|---|---|")
        parts += [_row(row) for row in sorted(rows, key=lambda row: row.name)]
        parts.append("")
    parts.append("## Older names\n\n| property | what happens |\n|---|---|")
    for row in DEPRECATED:
        parts.append(f"| `{row.name}` | still works: {row.description} |")
    for row in WITHOUT_EFFECT:
        parts.append(f"| `{row.name}` | no effect: {row.description} |")
    return "\n".join(parts) + "\n"


def _row(row: Property) -> str:
    default = "" if row.default in (None, "") else f"`{_cell(str(row.default))}`"
    return f"| `{row.name}` | {default} | {_cell(row.description)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    print(markdown(), end="")
