"""The query language of IQuery: text → tokens → tree → one SQL statement → objects or rows (contract/hql.md)."""

from .engine import Engine, find_unique, unrestricted

__all__ = ["Engine", "find_unique", "unrestricted"]
