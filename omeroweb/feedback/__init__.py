"""Error pages and error reports."""
