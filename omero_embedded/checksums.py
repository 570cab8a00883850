"""Checksums of files by the names of the enumeration ChecksumAlgorithm (contract/model.md, section 9)."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

DEFAULT_ALGORITHM = "SHA1-160"
BLOCK = 1 << 20
"""Bytes read at once."""


class Checksum(Protocol):
    """A running checksum."""

    def update(self, block: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


class _Running:
    """A checksum that is a number, written with a fixed count of hexadecimal digits."""

    def __init__(self, start: int, advance: Callable[[bytes, int], int], digits: int) -> None:
        self._value = start
        self._advance = advance
        self._digits = digits

    def update(self, block: bytes, /) -> None:
        self._value = self._advance(block, self._value)

    def hexdigest(self) -> str:
        return f"{self._value:0{self._digits}x}"


_ALGORITHMS: dict[str, Callable[[], Checksum]] = {
    "SHA1-160": lambda: hashlib.sha1(usedforsecurity=False),
    "MD5-128": lambda: hashlib.md5(usedforsecurity=False),
    "CRC-32": lambda: _Running(0, zlib.crc32, 8),
    "Adler-32": lambda: _Running(1, zlib.adler32, 8),
    "File-Size-64": lambda: _Running(0, lambda block, size: size + len(block), 16),
}

ALGORITHMS = tuple(_ALGORITHMS)
"""Supported algorithms, in order of preference."""


def checksum(algorithm: str) -> Checksum:
    """A new running checksum. Raises ValueError naming an algorithm that is not supported."""
    if algorithm not in _ALGORITHMS:
        raise ValueError(
            f"checksum algorithm {algorithm!r} is not supported; use one of {', '.join(ALGORITHMS)}"
        )
    return _ALGORITHMS[algorithm]()


def file_checksum(path: Path, algorithm: str = DEFAULT_ALGORITHM) -> str:
    """Checksum of a file's content, hexadecimal."""
    running = checksum(algorithm)
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            running.update(block)
    return running.hexdigest()
