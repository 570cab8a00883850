"""Application servers and web-server set-ups: what stands behind the `omero web` command."""
