"""Measurements of speed, each a program of its own that prints ratios; `python -m benchmarks` runs them all."""
