"""The rendering engine: numpy arrays and plain dataclasses in, RGB arrays out."""
