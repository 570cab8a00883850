"""Controllers that pages and add-on apps know by name."""
