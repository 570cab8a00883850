"""The fast path of compositing: all channels in one compiled pass, where numba is installed.

Nothing is compiled unless a program asks for it with `prepare`, and then in a thread of its own: until the kernels are
ready, `composite` goes its way through numpy, which gives the same bytes. Source: contract/rendering.md, section 7.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import threading
from collections.abc import Sequence
from types import ModuleType

import numpy as np

from omero_rendering.pixel_types import Array

logger = logging.getLogger(__name__)

_STRIP_PIXELS = 1 << 16
"""Pixels that go through all channels together: they stay in the processor's cache."""

_lock = threading.Lock()
_started: threading.Thread | None = None
_kernels: ModuleType | None = None


def prepare(*, wait: bool = False) -> bool:
    """Get the kernels ready in the background; only the first call does anything. True when they are ready.

    wait: return only when they are ready, or are known not to work here.
    """
    global _started
    if _kernels is not None:
        return True
    with _lock:
        if _started is None:
            # Not a daemon: a process must not end in the midst of the compiler.
            _started = threading.Thread(target=_load, name="rendering-kernels", daemon=False)
            _started.start()
    if wait:
        _started.join()
    return _kernels is not None


def ready() -> bool:
    """Whether `composite` works here now."""
    return _kernels is not None


def composite(out: Array, sources: Sequence[tuple[Array, Array]]) -> None:
    """Sum of packed colours of all channels, saturating byte by byte. Only when `ready`.

    out: (y, x) uint32, contiguous, not empty. sources: at least one (table, plane): packed colours of every sample,
    (256,) or (65536,) uint32; and (y, x) uint8 or uint16, any strides and byte order.
    """
    if _kernels is None:
        raise RuntimeError("The compiled kernels are not ready")
    height, width = out.shape
    rows = max(1, _STRIP_PIXELS // width)
    for top in range(0, height, rows):
        strip = out[top : top + rows].reshape(-1)
        combine = _kernels.put
        for table, plane in sources:
            combine(strip, table, _flat(plane[top : top + rows]))
            combine = _kernels.add


def look_up(table: Array, indices: Array) -> Array:
    """Like `table.take(indices)`: (n,) uint32, for uint8 indices into (256,) uint32. Only when `ready`."""
    if _kernels is None:
        raise RuntimeError("The compiled kernels are not ready")
    found = np.empty(indices.size, np.uint32)
    _kernels.put(found, table, _flat(indices))
    return found


def _flat(plane: Array) -> Array:
    """The same samples in one row that the kernels can read; a copy only if it must be."""
    flat: Array = np.require(plane, plane.dtype.newbyteorder("="), ["C", "A"]).reshape(-1)
    return flat


def _load() -> None:
    global _kernels
    if importlib.util.find_spec("numba") is None:
        return
    try:
        _kernels = importlib.import_module("omero_rendering.kernels")
    except Exception:
        # The accelerator is optional: a numba that does not suit this machine must not stop any picture.
        logger.warning("The compiled rendering kernels cannot be used; numpy renders", exc_info=True)
