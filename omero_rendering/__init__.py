"""The rendering engine: raw planes of a microscopy image in, a picture out.

Plain frozen dataclasses and numpy arrays; no Django, no Ice, no files. The behaviour is that of
contract/rendering.md, sample by sample.

The usual way, for a web request or a rendering service::

    type_ = pixel_type("uint16", significant_bits=12)
    settings = RenderingSettings(
        pixel_type=type_,
        model=Model.RGB,
        channels=(
            ChannelSettings(Window(90, 4000), Color(255, 0, 0), statistics=Window(88, 4095)),
            ChannelSettings(Window(10, 900), lut="cool.lut", active=False),
        ),
    )
    planes = {c: read_plane(c) for c in settings.rendered_channels}   # {channel: (y, x) of the type's dtype}
    rgb = render(planes, settings, luts)                              # (y, x, 3) uint8
    jpeg = encode_jpeg(rgb, quality=0.85)

Every array of `planes` has the same shape; either byte order and any strides will do. `luts` maps base names to
`LookupTable` (see `parse_lut`). When no channel is active there is no plane, so `shape=(height, width)` must be given.
Where speed counts, `render_rgbx` gives (y, x, 4) uint8 without the copy to three bytes, and `encode_jpeg` takes it.

What there is:

- `pixel_types`: `pixel_type(name, significant_bits)`, `decode`, `encode_big_endian`
- `settings`: `Window`, `Color`, `Quantum`, `Family`, `Model`, `ChannelSettings`, `RenderingSettings`
- `defaults`: `default_settings`, `reset_windows`, `copy_settings`: initial settings, resets, paste
- `colors`: `parse_color` (`F00`, `ff0000`, `ff000080`), `fallback_color`
- `luts`: `LookupTable`, `parse_lut`, `lut_previews`
- `quantization`, `codomain`: raw sample to display level, in the rare case that this is wanted alone
- `composite`: `render`, `render_rgbx`, `render_packed_int`
- `fused`: `fused.prepare()` makes these two to three times faster from then on, where numba is installed
- `geometry`: `Region`, `clip_region`, `parse_tile`, `slice_plane`, `subsample`, `default_tile_size`, `is_big`
- `projection`: `project(sections, algorithm, ...)`
- `thumbnails`: `stored_size`, `rendered_size`, `thumbnail_level`, `scale_picture`
- `histograms`: `histogram(plane, bins, statistics)`
- `line_plots`, `split_view`: scaled intensity profiles; the canvas of the split-channel view
- `encoding`: `encode_jpeg`, `encode_png`, `quantization_tables`

Errors are `RenderingError` (a ValueError) with the parameter's name in the message; `EmptyRegionError` is the case
of a region outside the plane, which web clients see as 404.
"""

from omero_rendering import fused
from omero_rendering.colors import ChannelOptics, default_colors, fallback_color, parse_color
from omero_rendering.composite import render, render_packed_int, render_rgbx
from omero_rendering.defaults import ChannelFacts, ImageFacts, copy_settings, default_settings, reset_windows
from omero_rendering.encoding import DEFAULT_QUALITY, encode_jpeg, encode_png, quantization_tables
from omero_rendering.errors import EmptyRegionError, RenderingError
from omero_rendering.geometry import (
    Region,
    Tile,
    clip_region,
    default_tile_size,
    is_big,
    parse_tile,
    slice_plane,
    subsample,
)
from omero_rendering.histograms import Histogram, histogram
from omero_rendering.line_plots import scale_profile
from omero_rendering.luts import LookupTable, lut_previews, parse_lut
from omero_rendering.pixel_types import (
    PIXEL_TYPE_NAMES,
    PixelType,
    decode,
    encode_big_endian,
    pixel_type,
    pixel_type_of,
)
from omero_rendering.projection import Projected, Projection, project, projected_sections
from omero_rendering.quantization import quantize
from omero_rendering.settings import (
    WHITE,
    ChannelSettings,
    Color,
    Family,
    Model,
    Quantum,
    RenderingSettings,
    Window,
)
from omero_rendering.split_view import SplitLayout, label_size, split_layout
from omero_rendering.thumbnails import rendered_size, scale_picture, stored_size, thumbnail_level

__all__ = [
    "DEFAULT_QUALITY",
    "PIXEL_TYPE_NAMES",
    "WHITE",
    "ChannelFacts",
    "ChannelOptics",
    "ChannelSettings",
    "Color",
    "EmptyRegionError",
    "Family",
    "Histogram",
    "ImageFacts",
    "LookupTable",
    "Model",
    "PixelType",
    "Projected",
    "Projection",
    "Quantum",
    "Region",
    "RenderingError",
    "RenderingSettings",
    "SplitLayout",
    "Tile",
    "Window",
    "clip_region",
    "copy_settings",
    "decode",
    "default_colors",
    "default_settings",
    "default_tile_size",
    "encode_big_endian",
    "encode_jpeg",
    "encode_png",
    "fallback_color",
    "fused",
    "histogram",
    "is_big",
    "label_size",
    "lut_previews",
    "parse_color",
    "parse_lut",
    "parse_tile",
    "pixel_type",
    "pixel_type_of",
    "project",
    "projected_sections",
    "quantization_tables",
    "quantize",
    "render",
    "render_packed_int",
    "render_rgbx",
    "rendered_size",
    "reset_windows",
    "scale_picture",
    "scale_profile",
    "slice_plane",
    "split_layout",
    "stored_size",
    "subsample",
    "thumbnail_level",
]
