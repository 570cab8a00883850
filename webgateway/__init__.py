"""Image, tile, table and ROI endpoints."""
