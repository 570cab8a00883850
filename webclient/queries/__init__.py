"""What is asked of the server: HQL through projections, paged, never one query per row. No HTTP here."""
