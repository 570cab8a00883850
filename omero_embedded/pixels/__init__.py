"""Pixel data: where planes are kept and how they are read and written."""
