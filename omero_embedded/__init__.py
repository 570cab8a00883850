"""The embedded OMERO server: one process that speaks OMERO's Ice protocol."""
