"""Browse, search, annotate and organise images."""
