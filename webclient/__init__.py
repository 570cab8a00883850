"""The main application: browse, annotate and organise images. Imported as `omeroweb.webclient`."""
