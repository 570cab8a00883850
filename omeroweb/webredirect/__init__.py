"""Short links to objects."""
