"""OMERO.tables in the server's process: files, columns and conditions (contract/server.md, section 2.19)."""
