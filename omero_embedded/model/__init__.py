"""The OMERO model as data, and the tables and objects derived from it."""
