"""What services need of a pixel store; any store that offers these two protocols will do.

Sizes are in pixels, sections, channels and time points. Resolution levels count from 0 = full size, as
`getResolutionDescriptions` does; services turn the reversed numbers of `setResolutionLevel` around.
Source: contract/server.md, sections 2.15 and 2.16; contract/rendering.md, sections 1.2 and 5.2.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


class PixelBuffer(Protocol):
    """The planes of one Pixels object. Reading may be done by several threads at once."""

    @property
    def size_x(self) -> int: ...

    @property
    def size_y(self) -> int: ...

    @property
    def size_z(self) -> int: ...

    @property
    def size_c(self) -> int: ...

    @property
    def size_t(self) -> int: ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """Native numpy type of the samples; `bit` images hold uint8 0 and 1."""
        ...

    @property
    def level_sizes(self) -> tuple[tuple[int, int], ...]:
        """(width, height) of every resolution level, full size first; one entry without a pyramid."""
        ...

    @property
    def tile_size(self) -> tuple[int, int]:
        """(width, height) in which reading and asking for tiles is best."""
        ...

    def read_tile(self, level: int, z: int, c: int, t: int, x: int, y: int, width: int, height: int) -> Array:
        """Samples of a rectangle that lies inside the level: (height, width), native byte order.

        Raises ValueError naming the coordinate that is outside.
        """
        ...

    def read_plane(self, z: int, c: int, t: int, level: int = 0) -> Array:
        """A whole plane of a level: (y, x), native byte order."""
        ...

    def write_tile(self, z: int, c: int, t: int, x: int, y: int, samples: Array) -> None:
        """Store samples (height, width) at full size; coarser levels follow with `flush`."""
        ...

    def flush(self) -> None:
        """Bring coarser levels up to date with what was written, and make it durable."""
        ...

    def close(self) -> None:
        """Release files; the buffer cannot be used afterwards."""
        ...


class PixelStore(Protocol):
    """All pixel data of the server, by the id of the Pixels object; shared by all threads (`call.server.pixels`)."""

    def open(self, pixels_id: int, *, writable: bool = False) -> PixelBuffer:
        """The buffer of existing data. Raises FileNotFoundError when there are none."""
        ...

    def create(
        self,
        pixels_id: int,
        dtype: np.dtype[Any],
        size_x: int,
        size_y: int,
        size_z: int,
        size_c: int,
        size_t: int,
    ) -> PixelBuffer:
        """A writable buffer full of zeros. Raises FileExistsError when there are data already."""
        ...

    def size_on_disk(self, pixels_id: int) -> int:
        """Bytes that the data take; 0 when there are none."""
        ...

    def duplicate(self, pixels_id: int, copy_id: int) -> None:
        """Give the new pixels `copy_id` a copy of the data; nothing happens when there are none."""
        ...

    def delete(self, pixels_id: int) -> None:
        """Remove the data; nothing happens when there are none."""
        ...
