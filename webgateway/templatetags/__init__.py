"""Template libraries that plug-ins load."""
