"""Errors of the rendering engine."""


class RenderingError(ValueError):
    """Settings or samples that cannot be rendered; the message names the parameter and its value."""


class EmptyRegionError(RenderingError):
    """A region of which nothing lies inside the plane."""
