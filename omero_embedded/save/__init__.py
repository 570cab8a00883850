"""Saving graphs of Ice objects: what IUpdate does (contract/server.md, sections 2.11 and 3.6)."""

from .saver import Saver

__all__ = ["Saver"]
