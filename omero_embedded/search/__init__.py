"""Full-text search: documents of objects, their index, and Lucene's query language (contract/server.md, section 2.18)."""
