"""Who may read, annotate, link, edit, delete, move and give away what (contract/server.md, section 3)."""
