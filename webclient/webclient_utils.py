"""Formatting helpers that add-on apps import from here (contract/webclient.md, section 19)."""

from __future__ import annotations

import math
from datetime import datetime


def formatPercentFraction(value: float) -> float | int:
    """A fraction as percent: below 1 with one decimal, else a whole number, halves rounded up."""
    percent = value * 100
    if percent < 1:
        return math.floor(percent * 10 + 0.5) / 10
    return math.floor(percent + 0.5)


def getDateTime(timeString: str) -> datetime:
    """A time of the form `YYYY-MM-DD HH:MM:SS`. Raises ValueError for anything else."""
    return datetime.strptime(timeString, "%Y-%m-%d %H:%M:%S")
