"""Import of image files: readers, pixel conversion in a process of its own, rows, and the original files."""
