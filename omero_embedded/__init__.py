"""The embedded OMERO server: one process that speaks OMERO's Ice protocol."""

import omero.all  # noqa: F401  the generated classes of omero.model, omero.api and omero.cmd exist only after this
