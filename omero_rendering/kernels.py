"""Compiled loops of `fused`; importing this module compiles them (or loads what an earlier process compiled).

Needs numba, so that only `fused` imports it. Colours are packed as in `composite`: four bytes of a uint32.
Source: contract/rendering.md, section 7.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types

_BLOCK = 2048
"""Pixels whose colours are looked up before they are added: few enough for the innermost cache. Two short loops are
several times faster than one, since additions of bytes go dozens at a time when nothing is looked up between them."""

_TABLE = types.Array(types.uint32, 1, "C", readonly=True)
_SIGNATURES = [
    types.void(types.Array(types.uint32, 1, "C"), _TABLE, types.Array(samples, 1, "C", readonly=True))
    for samples in (types.uint8, types.uint16)
]


def _put(out: Any, table: Any, samples: Any) -> None:
    """The colours of one channel: (n,) uint32. samples index the table: uint8 256 entries, uint16 65536."""
    for i in range(out.size):
        out[i] = table[samples[i]]


def _add(out: Any, table: Any, samples: Any) -> None:
    """Add the colours of one channel to those in `out`, byte by byte, at most 255."""
    block = np.empty(_BLOCK, np.uint32)
    more, sums = block.view(np.uint8), out.view(np.uint8)
    for start in range(0, out.size, _BLOCK):
        count = min(_BLOCK, out.size - start)
        for i in range(count):
            block[i] = table[samples[start + i]]
        part = sums[4 * start : 4 * (start + count)]
        for i in range(4 * count):
            total = np.uint8(part[i] + more[i])
            part[i] = np.uint8(255) if total < more[i] else total


_compiled = njit(_SIGNATURES, nogil=True, cache=True)
put = _compiled(_put)
add = _compiled(_add)
